package groth16

import (
	"bytes"
	"context"
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/stretchr/testify/require"
)

// cloneKey copies a proving key so that points can be changed.
func cloneKey(pk *g16.ProvingKey) *g16.ProvingKey {
	c := *pk
	for _, v := range []*[]bn254.G1Affine{&c.G1.A, &c.G1.B, &c.G1.Z, &c.G1.K} {
		*v = slices.Clone(*v)
	}
	c.G2.B = slices.Clone(c.G2.B)
	c.CommitmentKeys = slices.Clone(c.CommitmentKeys)
	for i, k := range c.CommitmentKeys {
		c.CommitmentKeys[i] = pedersen.ProvingKey{Basis: slices.Clone(k.Basis), BasisExpSigma: slices.Clone(k.BasisExpSigma)}
	}
	return &c
}

// offG1 is of order 2 on another curve y² = x³ + b'.
func offG1() (p bn254.G1Affine) { p.X.SetUint64(5); return p }

func offG2() (p bn254.G2Affine) { p.X.SetOne(); p.Y.SetOne(); return p }

// outsideG2 is on the twist but in no subgroup of known order, and of the order 10069,
// which divides the twist's cofactor.
func outsideG2(t *testing.T) (any, small bn254.G2Affine) {
	t.Helper()
	var u bn254.E2
	u.A0.SetUint64(3)
	any = bn254.MapToCurve2(&u)
	require.True(t, any.IsOnCurve())
	require.False(t, any.IsInSubGroup())
	// The twist has r·(2p-r) points.
	n := new(big.Int).Lsh(fp.Modulus(), 1)
	n.Sub(n, fr.Modulus())
	n, rest := n.DivMod(n, big.NewInt(10069), new(big.Int))
	require.Zero(t, rest.Sign())
	n.Mul(n, fr.Modulus())
	small = multiply(any, n)
	require.False(t, small.IsInfinity())
	left := multiply(small, big.NewInt(10069))
	require.True(t, left.IsInfinity())
	return any, small
}

// multiply knows nothing of subgroups, as ScalarMultiplication does.
func multiply(p bn254.G2Affine, n *big.Int) bn254.G2Affine {
	var acc bn254.G2Jac
	for i := n.BitLen() - 1; i >= 0; i-- {
		acc.DoubleAssign()
		if n.Bit(i) == 1 {
			acc.AddMixed(&p)
		}
	}
	var out bn254.G2Affine
	return *out.FromJacobian(&acc)
}

// Keys that hide nothing are refused, each for one point.
func TestHidingKeys(t *testing.T) {
	c, _ := packedCase(t, 12, 3, 0)
	pk, _ := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	anywhere, small := outsideG2(t)
	var inf bn254.G1Affine
	changes := map[string]func(k *g16.ProvingKey){
		"delta 1 infinity":       func(k *g16.ProvingKey) { k.G1.Delta = inf },
		"delta 1 off the curve":  func(k *g16.ProvingKey) { k.G1.Delta = offG1() },
		"delta 2 infinity":       func(k *g16.ProvingKey) { k.G2.Delta = bn254.G2Affine{} },
		"delta 2 off the curve":  func(k *g16.ProvingKey) { k.G2.Delta = offG2() },
		"delta 2 no subgroup":    func(k *g16.ProvingKey) { k.G2.Delta = anywhere },
		"delta 2 of small order": func(k *g16.ProvingKey) { k.G2.Delta = small },
		"both deltas infinity":   func(k *g16.ProvingKey) { k.G1.Delta, k.G2.Delta = inf, bn254.G2Affine{} },
		"delta, beta and B": func(k *g16.ProvingKey) {
			k.G1.Delta, k.G1.Beta = inf, inf
			clear(k.G1.B)
		},
		"alpha off the curve":  func(k *g16.ProvingKey) { k.G1.Alpha = offG1() },
		"beta 1 off the curve": func(k *g16.ProvingKey) { k.G1.Beta = offG1() },
		"beta 2 off the curve": func(k *g16.ProvingKey) { k.G2.Beta = offG2() },
		"A off the curve":      func(k *g16.ProvingKey) { k.G1.A[3] = offG1() },
		"B off the curve":      func(k *g16.ProvingKey) { k.G1.B[3] = offG1() },
		"B 2 off the curve":    func(k *g16.ProvingKey) { k.G2.B[0] = offG2() },
		"K off the curve":      func(k *g16.ProvingKey) { k.G1.K[len(k.G1.K)-1] = offG1() },
		"Z off the curve":      func(k *g16.ProvingKey) { k.G1.Z[1] = offG1() },
	}
	for i, wire := range p.Masks() {
		at := slices.Index(p.Committed(i), wire)
		name := string(rune('0' + i))
		changes["mask infinity "+name] = func(k *g16.ProvingKey) { k.CommitmentKeys[i].Basis[at] = inf }
		changes["mask infinity in both bases "+name] = func(k *g16.ProvingKey) {
			k.CommitmentKeys[i].Basis[at], k.CommitmentKeys[i].BasisExpSigma[at] = inf, inf
		}
		changes["mask off the curve "+name] = func(k *g16.ProvingKey) { k.CommitmentKeys[i].Basis[at] = offG1() }
		changes["basis off the curve "+name] = func(k *g16.ProvingKey) { k.CommitmentKeys[i].Basis[0] = offG1() }
		changes["basis to the sigma off the curve "+name] = func(k *g16.ProvingKey) { k.CommitmentKeys[i].BasisExpSigma[0] = offG1() }
	}
	for name, change := range changes {
		k := cloneKey(pk)
		change(k)
		_, err := New(c.r1cs, k)
		require.ErrorIs(t, err, ErrCircuit, name)
	}
	blinding := p.Committed(0)[0]
	require.NoError(t, p.CheckHides(0, blinding))
	require.ErrorIs(t, p.CheckHides(1, blinding), ErrCircuit, "a wire of the other commitment")
	require.ErrorIs(t, p.CheckHides(2, blinding), ErrCircuit)
	require.ErrorIs(t, p.CheckHides(-1, blinding), ErrCircuit)
	*p.commitment[0].onlyBase(blinding) = inf
	require.ErrorIs(t, p.CheckHides(0, blinding), ErrCircuit)
}

// boundCase binds the wires and the first mask.
func boundCase(t *testing.T, c testCase, pk *g16.ProvingKey, wires []int) (p, bound *Prover, all []int, values []fr.Element) {
	t.Helper()
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	for _, w := range wires {
		values = append(values, c.secret[w-p.nbPublic])
	}
	all, values = append(slices.Clone(wires), p.Masks()[0]), append(values, fr.NewElement(3))
	bound, err = p.Bind(context.Background(), all, values)
	require.NoError(t, err)
	return p, bound, all, values
}

// Bound keys are read from files of their own, with bases grouped.
func TestHidingBoundKeys(t *testing.T) {
	c, wires := packedCase(t, 12, 3, 0)
	pk, _ := setupFor(t, c)
	p, good, wires, values := boundCase(t, c, pk, wires)
	reread := func(change func(b *Prover)) error {
		// A deep copy, by way of the file.
		var file bytes.Buffer
		require.NoError(t, good.WriteKey(&file))
		b, err := ReadKey(&file, c.r1cs, wires, values)
		require.NoError(t, err)
		require.Nil(t, b.GnarkKey())
		change(b)
		file.Reset()
		require.NoError(t, b.WriteKey(&file))
		_, err = ReadKey(&file, c.r1cs, wires, values)
		return err
	}
	require.NoError(t, reread(func(*Prover) {}))
	anywhere, small := outsideG2(t)
	mask := p.Masks()[1]
	maskBase := func(b *Prover) *bn254.G1Affine { return b.commitment[1].onlyBase(mask) }
	for name, change := range map[string]func(b *Prover){
		"A's delta infinity":         func(b *Prover) { *b.a.last() = bn254.G1Affine{} },
		"B's delta infinity":         func(b *Prover) { *b.b1.last() = bn254.G1Affine{} },
		"K's delta infinity":         func(b *Prover) { *b.k.last() = bn254.G1Affine{} },
		"B 2's delta infinity":       func(b *Prover) { *b.b2.last() = bn254.G2Affine{} },
		"B 2's delta anywhere":       func(b *Prover) { *b.b2.last() = anywhere },
		"B 2's delta small":          func(b *Prover) { *b.b2.last() = small },
		"A without delta":            func(b *Prover) { b.a.bases = b.a.bases[:len(b.a.bases)-1] },
		"B 2 without delta":          func(b *Prover) { b.b2.bases = b.b2.bases[:len(b.b2.bases)-1] },
		"another base behind it":     func(b *Prover) { b.a.bases = append(b.a.bases, bn254.G1Affine{}) },
		"A's sum off the curve":      func(b *Prover) { b.a.fixed = offG1() },
		"B's sum off the curve":      func(b *Prover) { b.b2.fixed = offG2() },
		"A off the curve":            func(b *Prover) { b.a.bases[0] = offG1() },
		"Z off the curve":            func(b *Prover) { b.z[0] = offG1() },
		"alpha off the curve":        func(b *Prover) { b.alpha = offG1() },
		"beta 1 off the curve":       func(b *Prover) { b.beta = offG1() },
		"beta off the curve":         func(b *Prover) { b.beta2 = offG2() },
		"mask infinity":              func(b *Prover) { *maskBase(b) = bn254.G1Affine{} },
		"mask off the curve":         func(b *Prover) { *maskBase(b) = offG1() },
		"knowledge off the curve":    func(b *Prover) { b.knowledge[1].bases[0] = offG1() },
		"a wire that does not exist": func(b *Prover) { b.k.wires[0] = uint32(2 * b.wires) },
		"the last wire there is":     func(b *Prover) { b.k.wires[0] = 1<<32 - 1 },
		"mask in no group": func(b *Prover) {
			q := b.commitment[1]
			for i, w := range q.wires {
				if int(w>>1) == mask {
					q.wires[i] = q.wires[(i+1)%len(q.wires)]
				}
			}
		},
		"mask cancels": func(b *Prover) { // a group more, of the negative base
			q := b.commitment[1]
			base := *maskBase(b)
			base.Neg(&base)
			q.bases = append(q.bases, base)
			q.wires = append(q.wires, uint32(2*mask))
			q.start = append(q.start, uint32(len(q.wires)))
		},
		"mask in the other commitment": func(b *Prover) {
			q := b.commitment[0]
			q.bases = append(q.bases, pk.G1.Delta)
			q.wires = append(q.wires, uint32(2*mask))
			q.start = append(q.start, uint32(len(q.wires)))
		},
	} {
		require.ErrorIs(t, reread(change), ErrCircuit, name)
	}
}
