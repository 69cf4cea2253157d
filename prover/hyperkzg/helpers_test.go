package hyperkzg

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/hyperkzg"
)

// srs is a reference string whose trapdoor the tests know.
type srs struct {
	tau    fr.Element
	powers []bn254.G1Affine
	g2     [2]bn254.G2Affine // [1]_2, [τ]_2
}

func newSRS(n int) *srs {
	s := &srs{tau: fr.NewElement(0x7a5)}
	s.tau.Exp(s.tau, big.NewInt(1<<20+7))
	scalars := make([]fr.Element, n)
	scalars[0].SetOne()
	for i := 1; i < n; i++ {
		scalars[i].Mul(&scalars[i-1], &s.tau)
	}
	_, _, g1, g2 := bn254.Generators()
	s.powers = bn254.BatchScalarMultiplicationG1(&g1, scalars)
	s.g2[0] = g2
	s.g2[1].ScalarMultiplication(&g2, s.tau.BigInt(new(big.Int)))
	return s
}

var testSRS = sync.OnceValue(func() *srs { return newSRS(1 << 12) })

func (s *srs) commit(t testing.TB, v []fr.Element) (p bn254.G1Affine) {
	_, err := p.MultiExp(s.powers[:len(v)], v, ecc.MultiExpConfig{})
	require.NoError(t, err)
	return p
}

// verify is what a caller does with the verifier's answer.
func (s *srs) verify(commitment bn254.G1Affine, point []fr.Element, y fr.Element, p *hyperkzg.Proof, t hyperkzg.Transcript) error {
	left, right, err := hyperkzg.Verify(commitment, point, y, p, t)
	if err != nil {
		return err
	}
	right.Neg(&right)
	ok, err := bn254.PairingCheck([]bn254.G1Affine{left, right}, s.g2[:])
	if err != nil {
		return err
	}
	if !ok {
		return hyperkzg.ErrRejected
	}
	return nil
}

// transcript hashes all that it absorbs. A frozen challenge is one that prior messages do not change.
type transcript struct {
	state  [32]byte
	frozen string
	events []string
}

func newTranscript(seed string) *transcript { return &transcript{state: sha256.Sum256([]byte(seed))} }

func frozen(label string) *transcript { return &transcript{frozen: label} }

func (t *transcript) absorb(label string, n int, data []byte) {
	b := append(t.state[:], byte(len(label)))
	b = append(b, label...)
	b = binary.BigEndian.AppendUint64(b, uint64(n))
	t.state = sha256.Sum256(append(b, data...))
	t.events = append(t.events, label)
}

func (t *transcript) Scalars(label string, x ...fr.Element) {
	var data []byte
	for i := range x {
		b := x[i].Bytes()
		data = append(data, b[:]...)
	}
	t.absorb(label, len(x), data)
}

func (t *transcript) Points(label string, p ...bn254.G1Affine) {
	var data []byte
	for i := range p {
		b := p[i].RawBytes()
		data = append(data, b[:]...)
	}
	t.absorb(label, len(p), data)
}

func (t *transcript) Challenge(label string) (x fr.Element) {
	t.absorb(label, 0, nil)
	seed := t.state
	if label == t.frozen {
		seed = sha256.Sum256([]byte(label))
	}
	high := sha256.Sum256(append([]byte{1}, seed[:]...))
	x.SetBytes(append(high[:], seed[:]...))
	return x
}

// peek returns what the challenge would be if it were drawn now.
func (t *transcript) peek(label string) fr.Element {
	now := *t
	now.events = nil
	return now.Challenge(label)
}

// fixed returns r as challenge whatever was absorbed.
type fixed struct {
	*transcript
	r fr.Element
}

func (f fixed) Challenge(string) fr.Element { return f.r }

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 22)) }

func randomScalar(r *rand.Rand) (x fr.Element) {
	var b [48]byte
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	x.SetBytes(b[:])
	return x
}

func randomScalars(r *rand.Rand, n int) []fr.Element {
	v := make([]fr.Element, n)
	for i := range v {
		v[i] = randomScalar(r)
	}
	return v
}

// extension evaluates the multilinear extension by its definition.
func extension(v, point []fr.Element) (sum fr.Element) {
	for j := range v {
		term := v[j]
		for k := range point {
			factor := point[k]
			if j>>(len(point)-1-k)&1 == 0 {
				one := fr.One()
				factor.Sub(&one, &factor)
			}
			term.Mul(&term, &factor)
		}
		sum.Add(&sum, &term)
	}
	return sum
}

// evaluateNaively is p(x) with one multiplication after the other.
func evaluateNaively(p []fr.Element, x fr.Element) (y fr.Element) {
	for i := len(p) - 1; i >= 0; i-- {
		y.Mul(&y, &x).Add(&y, &p[i])
	}
	return y
}

// claim is a true claim and a proof of it.
type claim struct {
	v, point   []fr.Element
	commitment bn254.G1Affine
	y          fr.Element
	proof      *hyperkzg.Proof
}

func prove(t testing.TB, v, point []fr.Element, seed string) *claim {
	s := testSRS()
	c := &claim{v: v, point: point, commitment: s.commit(t, v)}
	var err error
	c.y, c.proof, err = Open(context.Background(), s.powers, c.commitment, v, point, newTranscript(seed))
	require.NoError(t, err)
	return c
}

func randomClaim(t testing.TB, c int, seed string) *claim {
	r := seeded(uint64(c))
	return prove(t, randomScalars(r, 1<<c), randomScalars(r, c), seed)
}

func (c *claim) verify(seed string) error {
	return testSRS().verify(c.commitment, c.point, c.y, c.proof, newTranscript(seed))
}
