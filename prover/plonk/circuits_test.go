package plonk

import (
	"bytes"
	"context"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/test/unsafekzg"
	"github.com/stretchr/testify/require"
)

// randomCircuit is a random program over its inputs: sums, products, constants and, if
// Commit is set, a commitment to some of its values whose challenge it uses.
type randomCircuit struct {
	Public []frontend.Variable `gnark:",public"`
	Secret []frontend.Variable

	seed   uint64
	steps  int
	commit bool
}

func newRandomCircuit(seed uint64, public, secret, steps int, commit bool) *randomCircuit {
	return &randomCircuit{make([]frontend.Variable, public), make([]frontend.Variable, secret), seed, steps, commit}
}

func (c *randomCircuit) Define(api frontend.API) error {
	r := rand.New(rand.NewPCG(c.seed, 1))
	wires := append(append([]frontend.Variable{}, c.Public...), c.Secret...)
	pick := func() frontend.Variable { return wires[r.IntN(len(wires))] }
	if c.commit {
		z, err := api.(frontend.Committer).Commit(wires[:1+r.IntN(len(wires))]...)
		if err != nil {
			return err
		}
		wires = append(wires, api.Mul(z, z))
	}
	for range c.steps {
		switch r.IntN(4) {
		case 0:
			wires = append(wires, api.Add(api.Mul(pick(), r.IntN(50)-25), pick(), r.IntN(3)))
		case 1:
			wires = append(wires, api.Mul(pick(), pick()))
		case 2:
			wires = append(wires, api.Sub(pick(), pick()))
		default:
			x, y := pick(), pick()
			api.AssertIsEqual(api.Mul(api.Add(x, y), api.Add(x, y)), api.Add(api.Mul(x, x), api.Mul(y, y), api.Mul(2, x, y)))
		}
	}
	if len(c.Public) > 0 { // a statement that can be false
		api.AssertIsEqual(c.Public[0], api.Add(c.Secret[0], 7))
	} else {
		api.AssertIsEqual(c.Secret[0], 7)
	}
	return nil
}

// inputs are values that satisfy the circuit.
func (c *randomCircuit) inputs() (public, secret fr.Vector) {
	r := rand.New(rand.NewPCG(c.seed, 2))
	public, secret = make(fr.Vector, len(c.Public)), make(fr.Vector, len(c.Secret))
	for _, v := range []fr.Vector{public, secret} {
		for i := range v {
			if v[i].SetInt64(r.Int64N(1000) - 500); r.IntN(2) == 0 {
				v[i].MustSetRandom()
			}
		}
	}
	seven := fr.NewElement(7)
	if len(public) > 0 {
		public[0].Add(&secret[0], &seven)
	} else {
		secret[0] = seven
	}
	return public, secret
}

// shapes are circuits of all kinds, from the smallest domain on.
func shapes() map[string]*randomCircuit {
	return map[string]*randomCircuit{
		"two rows":            newRandomCircuit(1, 1, 1, 0, false),
		"four rows":           newRandomCircuit(2, 2, 1, 1, false),
		"no public":           newRandomCircuit(3, 0, 2, 20, false),
		"eight rows":          newRandomCircuit(4, 2, 2, 3, false),
		"committed, few":      newRandomCircuit(5, 1, 2, 1, true),
		"committed":           newRandomCircuit(6, 5, 7, 60, true),
		"committed, secret":   newRandomCircuit(7, 0, 9, 100, true),
		"uncommitted":         newRandomCircuit(8, 3, 30, 300, false),
		"a thousand":          newRandomCircuit(9, 20, 20, 1000, true),
		"several parts, vast": newRandomCircuit(10, 700, 40, 4000, true),
	}
}

// model is a circuit with keys of gnark's, for a known τ.
type model struct {
	spr                 *cs.SparseR1CS
	pk                  *gplonk.ProvingKey
	canonical, lagrange kzg.SRS
	public, secret      fr.Vector
}

func newModel(t testing.TB, c *randomCircuit) *model {
	compiled, err := frontend.Compile(ecc.BN254.ScalarField(), scs.NewBuilder, c)
	require.NoError(t, err)
	srs, lagrange, err := unsafekzg.NewSRS(compiled, unsafekzg.WithToxicValue(big.NewInt(987654321)))
	require.NoError(t, err)
	m := &model{spr: compiled.(*cs.SparseR1CS), canonical: *srs.(*kzg.SRS), lagrange: *lagrange.(*kzg.SRS)}
	m.pk, _, err = gplonk.Setup(m.spr, m.canonical, m.lagrange)
	require.NoError(t, err)
	m.public, m.secret = c.inputs()
	return m
}

func (m *model) prover(t testing.TB) *Prover {
	p, err := New(context.Background(), m.spr, nil, m.pk, nil)
	require.NoError(t, err)
	return p
}

func encoded(t testing.TB, p *gplonk.Proof) []byte {
	var b bytes.Buffer
	_, err := p.WriteTo(&b)
	require.NoError(t, err)
	return b.Bytes()
}
