package prover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math"
	"math/big"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/prover/internal/raw"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/verifier"
)

// copied returns a copy of a proving key, changed.
func copied(pk *g16.ProvingKey, change func(pk *g16.ProvingKey)) *g16.ProvingKey {
	evil := *pk
	for _, v := range []*[]bn254.G1Affine{&evil.G1.A, &evil.G1.B, &evil.G1.Z, &evil.G1.K} {
		*v = slices.Clone(*v)
	}
	evil.CommitmentKeys = slices.Clone(pk.CommitmentKeys)
	for i, key := range pk.CommitmentKeys {
		evil.CommitmentKeys[i] = pedersen.ProvingKey{Basis: slices.Clone(key.Basis), BasisExpSigma: slices.Clone(key.BasisExpSigma)}
	}
	change(&evil)
	return &evil
}

// tamper makes the same change in the file of a proving key: each point that differs is
// replaced wherever it, or its negative, stands.
func tamper(t *testing.T, path string, head []byte, pk *g16.ProvingKey, change func(pk *g16.ProvingKey)) {
	t.Helper()
	evil := copied(pk, change)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	body := bytes.Clone(good[len(head) : len(good)-sha256.Size])
	one := func(p, q *bn254.G1Affine) {
		if *p != *q {
			replaced := replacePoint(body, *p, *q)
			var np, nq bn254.G1Affine
			replaced = replacePoint(body, *np.Neg(p), *nq.Neg(q)) || replaced
			require.True(t, replaced, "the point is in the file")
		}
	}
	one(&pk.G1.Alpha, &evil.G1.Alpha)
	one(&pk.G1.Beta, &evil.G1.Beta)
	one(&pk.G1.Delta, &evil.G1.Delta)
	for i := range pk.CommitmentKeys {
		for j := range pk.CommitmentKeys[i].Basis {
			one(&pk.CommitmentKeys[i].Basis[j], &evil.CommitmentKeys[i].Basis[j])
			one(&pk.CommitmentKeys[i].BasisExpSigma[j], &evil.CommitmentKeys[i].BasisExpSigma[j])
		}
	}
	if pk.G2.Delta != evil.G2.Delta {
		require.True(t, replacePoint(body, pk.G2.Delta, evil.G2.Delta))
	}
	require.NoError(t, writeSummed(path, 0o600, head, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	}))
}

// rawPoint is a point as a key's file has it.
func rawPoint[P raw.Point](p P) []byte {
	var b bytes.Buffer
	raw.WritePoints(&raw.Writer{W: &b}, []P{p})
	return b.Bytes()
}

// replacePoint replaces a point, and reports whether it was there.
func replacePoint[P raw.Point](body []byte, old, by P) bool {
	a, b := rawPoint(old), rawPoint(by)
	there := bytes.Contains(body, a)
	copy(body, bytes.ReplaceAll(body, a, b))
	return there
}

// tamperings are changes that need no trapdoor: without the checks, proofs under some of them
// verify and show the input or the weights, under others they depend on the witness.
func tamperings(k *Keys) map[string]func(pk *g16.ProvingKey) {
	var inf bn254.G1Affine
	_, _, gen, _ := bn254.Generators()
	keys := k.free.GnarkKey().CommitmentKeys
	last := len(keys) - 1
	mask := len(keys[last].Basis) - 1
	out := map[string]func(pk *g16.ProvingKey){
		"delta, beta and B infinity": func(pk *g16.ProvingKey) {
			pk.G1.Delta, pk.G1.Beta = inf, inf
			clear(pk.G1.B) // in gnark's encoding
		},
		"delta infinity in G1":     func(pk *g16.ProvingKey) { pk.G1.Delta = inf },
		"delta infinity in G2":     func(pk *g16.ProvingKey) { pk.G2.Delta = bn254.G2Affine{} },
		"delta another in G1":      func(pk *g16.ProvingKey) { pk.G1.Delta = gen },
		"delta another in G2":      func(pk *g16.ProvingKey) { pk.G2.Delta = pk.G2.Beta },
		"delta another in both":    func(pk *g16.ProvingKey) { pk.G1.Delta, pk.G2.Delta = pk.G1.Beta, pk.G2.Beta },
		"beta another in G1":       func(pk *g16.ProvingKey) { pk.G1.Beta = pk.G1.Delta },
		"alpha another":            func(pk *g16.ProvingKey) { pk.G1.Alpha = gen },
		"mask infinity":            func(pk *g16.ProvingKey) { pk.CommitmentKeys[last].Basis[mask] = inf },
		"mask infinity, to sigma":  func(pk *g16.ProvingKey) { pk.CommitmentKeys[last].BasisExpSigma[mask] = inf },
		"a base another":           func(pk *g16.ProvingKey) { pk.CommitmentKeys[last].Basis[0] = gen },
		"a base another, to sigma": func(pk *g16.ProvingKey) { pk.CommitmentKeys[last].BasisExpSigma[0] = gen },
		"mask infinity in both": func(pk *g16.ProvingKey) {
			pk.CommitmentKeys[last].Basis[mask], pk.CommitmentKeys[last].BasisExpSigma[mask] = inf, inf
		},
	}
	if k.compiled.Plan.Committed() {
		blinding := len(keys[0].Basis) - 2
		out["blinding infinity"] = func(pk *g16.ProvingKey) {
			pk.CommitmentKeys[0].Basis[blinding], pk.CommitmentKeys[0].BasisExpSigma[blinding] = inf, inf
		}
	}
	return out
}

// Tampered proving keys are refused wherever keys come from or go to.
func TestTamperedKeys(t *testing.T) {
	for _, cfg := range []circuits.Config{{Input: circuits.Private}, {Weights: circuits.Baked, Input: circuits.Private}} {
		k := setup(t, smallProgram(t, 1, cfg))
		for name, change := range tamperings(k) {
			dir := saved(t, k)
			tamper(t, filepath.Join(dir, ProvingKeyFile), k.provingHead(), k.free.GnarkKey(), change)
			_, err := Load(dir, k.compiled)
			require.ErrorIs(t, err, ErrKeys, "load: %s", name)

			_, err = imported(t, k, func(pk, _ *bytes.Buffer) {
				honest := new(g16.ProvingKey)
				_, err := honest.ReadFrom(pk)
				require.NoError(t, err)
				pk.Reset()
				_, err = copied(honest, change).WriteRawTo(pk)
				require.NoError(t, err)
			})
			require.ErrorIs(t, err, ErrKeys, "import: %s", name)
		}
	}
}

// No keys, and so no commitment and no proof, are made of points that hide nothing.
func TestTamperedInMemory(t *testing.T) {
	k := setup(t, smallProgram(t, 1, circuits.Config{Input: circuits.Private}))
	refused := 0
	for name, change := range tamperings(k) {
		evil := &Keys{compiled: k.compiled, VerifyingKey: &verifier.VerifyingKey{Card: card(k.compiled)}}
		pk, vk, err := groth16.Setup(context.Background(), k.compiled.System.(*cs.R1CS), nil)
		require.NoError(t, err)
		if err = evil.setGroth16(copied(pk, change), vk); err == nil {
			_, err = evil.finish()
		}
		if strings.Contains(name, "another") || name == "mask infinity, to sigma" {
			continue // consistent or not, it hides
		}
		refused++
		require.ErrorIs(t, err, ErrKeys, name)
	}
	require.Equal(t, 6, refused)
}

// A bound key's file is read like any other.
func TestTamperedBoundKey(t *testing.T) {
	ctx := context.Background()
	k := setup(t, smallProgram(t, 1, circuits.Config{Input: circuits.Private}))
	bound, err := k.Bind(ctx)
	require.NoError(t, err)
	dir := saved(t, k)
	require.NoError(t, bound.SaveBound(dir))
	path := filepath.Join(dir, BoundKeyFile)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	rewrite := func(change func(body []byte)) error {
		body := bytes.Clone(good[len(k.boundHead()) : len(good)-sha256.Size])
		change(body)
		require.NoError(t, writeSummed(path, 0o600, k.boundHead(), func(w io.Writer) error {
			_, err := w.Write(body)
			return err
		}))
		_, err := LoadBound(dir, k.compiled)
		return err
	}
	require.NoError(t, rewrite(func([]byte) {}))
	pk := k.free.GnarkKey()
	delta := rawPoint(pk.G1.Delta)
	zero := make([]byte, len(delta))
	require.Equal(t, 3, bytes.Count(good, delta), "in the queries of A, B and K")
	for n := range 3 {
		require.ErrorIs(t, rewrite(func(body []byte) {
			at := 0
			for range n + 1 {
				at += bytes.Index(body[at:], delta) + 1
			}
			copy(body[at-1:], zero)
		}), ErrKeys, "delta %d infinity", n)
	}
	_, _, gen, _ := bn254.Generators()
	require.ErrorIs(t, rewrite(func(body []byte) { replacePoint(body, pk.G1.Delta, gen) }), ErrKeys, "another delta")
	require.ErrorIs(t, rewrite(func(body []byte) { replacePoint(body, pk.G1.Beta, gen) }), ErrKeys, "another beta")
	require.ErrorIs(t, rewrite(func(body []byte) { replacePoint(body, pk.G2.Delta, bn254.G2Affine{}) }), ErrKeys, "delta 2 infinity")
	require.ErrorIs(t, rewrite(func(body []byte) { // the same number, not reduced
		at, carry := bytes.Index(body, delta), uint64(0)
		for i := range fp.Limbs {
			w := binary.LittleEndian.Uint64(body[at+8*i:])
			var sum uint64
			sum, carry = bits.Add64(w, modulusWord(i), carry)
			binary.LittleEndian.PutUint64(body[at+8*i:], sum)
		}
	}), ErrKeys, "a coordinate that is not reduced")
}

// modulusWord is a word of the field's modulus.
func modulusWord(i int) uint64 {
	return new(big.Int).Rsh(fp.Modulus(), uint(64*i)).Uint64() // Uint64 takes the low word
}

// The reference string in a PLONK proving key is the verifying key's, in both forms.
func TestTamperedPlonkKey(t *testing.T) {
	k := plonkKeys()
	for name, change := range map[string]func(pk *gplonk.ProvingKey){
		"powers that blind": func(pk *gplonk.ProvingKey) {
			n := int(pk.Vk.Size)
			pk.Kzg.G1[n], pk.Kzg.G1[n+1] = pk.Kzg.G1[0], pk.Kzg.G1[1]
		},
		"a Lagrange point": func(pk *gplonk.ProvingKey) { pk.KzgLagrange.G1[5] = pk.KzgLagrange.G1[6] },
		"infinity":         func(pk *gplonk.ProvingKey) { pk.KzgLagrange.G1[5] = bn254.G1Affine{} },
		"off the curve":    func(pk *gplonk.ProvingKey) { pk.Kzg.G1[9].X.SetUint64(5) },
	} {
		evil, pk := *k, *k.plonk.Key()
		pk.Kzg.G1, pk.KzgLagrange.G1 = slices.Clone(pk.Kzg.G1), slices.Clone(pk.KzgLagrange.G1)
		var err error
		spr := k.compiled.System.(*cs.SparseR1CS)
		evil.plonk, err = plonk.New(context.Background(), spr, k.compiled.Plan.WeightRows(spr), &pk, support(k.VerifyingKey.Plonk))
		require.NoError(t, err)
		change(evil.plonk.Key())
		dir := filepath.Join(t.TempDir(), "keys")
		require.NoError(t, evil.Save(dir))
		_, err = Load(dir, k.compiled)
		require.ErrorIs(t, err, ErrKeys, name)
	}
}

// A PLONK key for another circuit whose card says that it is the program's does not load.
func TestPlonkKeyOfAnotherCircuit(t *testing.T) {
	k := plonkKeys()
	evil := smallProgram(t, 1, circuits.Config{System: circuits.Plonk})
	evil.Nodes[2].Op = &circuits.Function{Name: "Sigmoid", OutExp: 3, Out: iv(0, 63)}
	evil.Outputs[0].Exp = 3
	require.NoError(t, evil.Infer())
	e := setup(t, evil)
	e.VerifyingKey.Card, e.compiled = card(k.compiled), k.compiled
	_, err := Load(saved(t, e), k.compiled)
	require.ErrorIs(t, err, ErrKeys)
	require.ErrorContains(t, err, "another circuit")
}

// A few hundred bytes in the place of a key do not ask for gigabytes.
func TestHostileLengths(t *testing.T) {
	k := setup(t, smallProgram(t, 1, circuits.Config{}))
	pk, vk, err := groth16.Setup(context.Background(), k.compiled.System.(*cs.R1CS), nil)
	require.NoError(t, err)
	var a, b bytes.Buffer
	_, err = pk.WriteRawTo(&a)
	require.NoError(t, err)
	_, err = vk.WriteRawTo(&b)
	require.NoError(t, err)
	dir := saved(t, k)
	honest := allocated(func() { _, err = Load(dir, k.compiled) })
	require.NoError(t, err)
	for at, size := range lengthsIn(t, pk, a.Len()) {
		for _, value := range []uint64{1 << 30, 1<<32 - 1, 1<<40 - 1} {
			if size == 4 && value > 1<<32-1 {
				continue
			}
			evil := bytes.Clone(a.Bytes())
			if size == 8 {
				binary.BigEndian.PutUint64(evil[at:], value)
			} else {
				binary.BigEndian.PutUint32(evil[at:], uint32(value))
			}
			got := allocated(func() { _, err = Import(k.compiled, bytes.NewReader(evil), bytes.NewReader(b.Bytes())) })
			require.ErrorIs(t, err, ErrKeys)
			require.Less(t, got, honest+16<<20, "length at %d", at)
		}
	}
	path := filepath.Join(dir, ProvingKeyFile)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	body := good[len(k.provingHead()) : len(good)-sha256.Size]
	for _, at := range keyLengths(body, 3+2*len(pk.CommitmentKeys)) {
		for _, value := range []uint64{1 << 30, 1<<32 - 1, 1<<40 - 1, 1 << 63, math.MaxUint64} {
			evil := bytes.Clone(body)
			binary.LittleEndian.PutUint64(evil[at:], value)
			require.NoError(t, writeSummed(path, 0o600, k.provingHead(), func(w io.Writer) error {
				_, err := w.Write(evil[:min(len(evil), at+400)])
				return err
			}))
			got := allocated(func() { _, err = Load(dir, k.compiled) })
			require.ErrorIs(t, err, ErrKeys)
			require.Less(t, got, honest+16<<20, "length at %d", at)
		}
	}
	at := 3*64 + 3*128
	for _, at := range []int{at, at + 4 + 64*len(vk.G1.K), b.Len() - 4 - 256*len(vk.CommitmentKeys)} { // K, wires, commitments
		evil := bytes.Clone(b.Bytes())
		binary.BigEndian.PutUint32(evil[at:], 1<<31)
		got := allocated(func() { _, err = Import(k.compiled, bytes.NewReader(a.Bytes()), bytes.NewReader(evil)) })
		require.ErrorIs(t, err, ErrKeys)
		require.Less(t, got, honest+16<<20, "verifying key's length at %d", at)
	}
}

// keyLengths returns where lengths stand in the body of a proving key's file with so many
// queries in G1; the last query is in G2.
func keyLengths(body []byte, queries int) (lengths []int) {
	number := func(at int) int { return int(binary.LittleEndian.Uint64(body[at:])) }
	lengths = []int{0, 8, 16}
	n := 1
	for n < number(0) {
		n *= 2
	}
	at := 24 + 64*(n-1) + 2*64 + 128
	for i := range queries + 1 {
		lengths = append(lengths, at, at+8, at+16)
		size := 64
		if i == queries {
			size = 128
		}
		at += 24 + size*(number(at)+1) + 4*(number(at+8)+number(at+16))
	}
	return lengths
}

// lengthsIn returns where lengths stand in a raw proving key, and how many bytes they have.
func lengthsIn(t *testing.T, pk *g16.ProvingKey, size int) (lengths map[int]int) {
	t.Helper()
	n := int(pk.Domain.Cardinality)
	g1 := func(v []bn254.G1Affine) int { return 4 + 64*len(v) }
	lengths = map[int]int{0: 8}
	at := 8 + 5*32 + 1 + 3*64
	for _, v := range [][]bn254.G1Affine{pk.G1.A, pk.G1.B, pk.G1.Z, pk.G1.K} {
		lengths[at] = 4
		at += g1(v)
	}
	require.Len(t, pk.G1.Z, n-1)
	at += 2 * 128
	lengths[at] = 4 // B in G2
	at += 4 + 128*len(pk.G2.B)
	lengths[at] = 8 // wires
	at += 3*8 + 2*len(pk.InfinityA)
	lengths[at] = 4 // commitments
	at += 4
	for _, c := range pk.CommitmentKeys {
		for _, v := range [][]bn254.G1Affine{c.Basis, c.BasisExpSigma} {
			lengths[at] = 4
			at += g1(v)
		}
	}
	require.Equal(t, at, size)
	return lengths
}
