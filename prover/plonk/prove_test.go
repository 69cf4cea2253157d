package plonk

import (
	"bytes"
	"context"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/stretchr/testify/require"
)

// gnark's verifier accepts our proofs under its keys, for circuits of all kinds, and refuses
// them for another statement.
func TestGnarkAccepts(t *testing.T) {
	for name, c := range shapes() {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c)
			p := m.prover(t)
			for range 2 { // the second with columns at hand
				proof, err := p.Prove(context.Background(), m.public, m.secret, nil)
				require.NoError(t, err)
				require.NoError(t, gplonk.Verify(proof, m.pk.Vk, m.public))
				if len(m.public) > 0 {
					other := append(fr.Vector{}, m.public...)
					other[0].SetUint64(3)
					require.Error(t, gplonk.Verify(proof, m.pk.Vk, other))
				}
			}
		})
	}
}

// Setup makes gnark's keys, bit for bit, and gnark's prover can use them.
func TestSetup(t *testing.T) {
	for name, c := range shapes() {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c)
			p, err := Setup(context.Background(), m.spr, nil, m.canonical, m.lagrange)
			require.NoError(t, err)
			var got, want bytes.Buffer
			_, err = p.Key().WriteRawTo(&got)
			require.NoError(t, err)
			_, err = m.pk.WriteRawTo(&want)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want.Bytes(), got.Bytes()))
			full := witnessVector{vector: append(append(fr.Vector{}, m.public...), m.secret...)}
			proof, err := gplonk.Prove(m.spr, p.Key(), full, backend.WithStatisticalZeroKnowledge())
			require.NoError(t, err)
			require.NoError(t, gplonk.Verify(proof, p.Key().Vk, m.public))
		})
	}
}

// Every point and claim that randomness should move differs between proofs of one witness;
// S1, S2 and Qcp at ζ are the circuit's, but ζ is new too.
func TestFreshBlinding(t *testing.T) {
	m := newModel(t, shapes()["committed"])
	p := m.prover(t)
	seen := make(map[string]bool)
	for range 5 {
		proof, err := p.Prove(context.Background(), m.public, m.secret, nil)
		require.NoError(t, err)
		require.Len(t, encoded(t, proof), 576+2*4, "ten points, eight numbers, two lengths")
		points := append(append(append(append([]bn254.G1Affine{}, proof.LRO[:]...), proof.Z), proof.H[:]...), proof.Bsb22Commitments...)
		for _, q := range append(points, proof.BatchedProof.H, proof.ZShiftedOpening.H) {
			require.False(t, seen[string(q.Marshal())])
			seen[string(q.Marshal())] = true
		}
		for _, x := range append(proof.BatchedProof.ClaimedValues, proof.ZShiftedOpening.ClaimedValue) {
			require.False(t, seen[x.String()])
			seen[x.String()] = true
		}
	}
}

// Wrong inputs are typed errors that do not show them.
func TestWrongWitness(t *testing.T) {
	for _, name := range []string{"committed", "no public"} {
		m := newModel(t, shapes()[name])
		p := m.prover(t)
		secret := append(fr.Vector{}, m.secret...)
		secret[0].SetUint64(123454321)
		_, err := p.Prove(context.Background(), m.public, secret, nil)
		require.ErrorIs(t, err, ErrUnsatisfied)
		require.NotContains(t, err.Error(), "12345")
		_, err = p.Prove(context.Background(), m.public, secret[1:], nil)
		require.ErrorIs(t, err, ErrInput)
		_, err = p.Prove(context.Background(), append(m.public, fr.One()), secret, nil)
		require.ErrorIs(t, err, ErrInput)
	}
}

// Cancelling at any stage ends the proof with the context's error.
func TestCancel(t *testing.T) {
	m := newModel(t, shapes()["committed"])
	p := m.prover(t)
	var stages []string
	_, err := p.Prove(context.Background(), m.public, m.secret, func(stage string) { stages = append(stages, stage) })
	require.NoError(t, err)
	require.Equal(t, []string{"columns", "solve", "wires", "permutation", "quotient", "openings"}, stages)
	for _, at := range stages[1:] {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := p.Prove(ctx, m.public, m.secret, func(stage string) {
			if stage == at {
				cancel()
			}
		})
		require.ErrorIs(t, err, context.Canceled, at)
	}
}

// A key with any part changed is refused.
func TestForeignKey(t *testing.T) {
	m := newModel(t, shapes()["committed"])
	_, _, g, _ := bn254.Generators()
	changes := map[string]func(vk *gplonk.VerifyingKey){
		"size":      func(vk *gplonk.VerifyingKey) { vk.Size *= 2 },
		"generator": func(vk *gplonk.VerifyingKey) { vk.Generator.Inverse(&vk.Generator) },
		"shift":     func(vk *gplonk.VerifyingKey) { vk.CosetShift.SetUint64(7) },
		"public":    func(vk *gplonk.VerifyingKey) { vk.NbPublicVariables++ },
		"1/size":    func(vk *gplonk.VerifyingKey) { vk.SizeInv.SetOne() },
		"index":     func(vk *gplonk.VerifyingKey) { vk.CommitmentConstraintIndexes = []uint64{3} },
		"no Qcp":    func(vk *gplonk.VerifyingKey) { vk.Qcp = nil },
		"Qcp":       func(vk *gplonk.VerifyingKey) { vk.Qcp = []bn254.G1Affine{g} },
	}
	for i, name := range []string{"Ql", "Qr", "Qm", "Qo", "Qk", "S1", "S2", "S3"} {
		changes[name] = func(vk *gplonk.VerifyingKey) {
			*[]*bn254.G1Affine{&vk.Ql, &vk.Qr, &vk.Qm, &vk.Qo, &vk.Qk, &vk.S[0], &vk.S[1], &vk.S[2]}[i] = g
		}
	}
	for name, change := range changes {
		vk, pk := *m.pk.Vk, *m.pk
		change(&vk)
		pk.Vk = &vk
		_, err := New(context.Background(), m.spr, nil, &pk, nil)
		require.ErrorIs(t, err, ErrCircuit, name)
	}
	pk := *m.pk
	pk.Kzg.G1 = pk.Kzg.G1[:len(pk.Kzg.G1)-1]
	_, err := New(context.Background(), m.spr, nil, &pk, nil)
	require.ErrorIs(t, err, ErrCircuit, "a power too few")
	_, err = New(context.Background(), newModel(t, shapes()["committed, few"]).spr, nil, m.pk, nil)
	require.ErrorIs(t, err, ErrCircuit, "another circuit")
}

// With one value of any fixed column or permutation wrong, or with any part of a witness, the
// proof fails its own check.
func TestSelfCheck(t *testing.T) {
	m := newModel(t, shapes()["committed"])
	one := fr.One()
	for i := range first {
		p := m.prover(t)
		values := p.values()
		row := p.rows / 2
		if i == qcp {
			row = len(m.public) + p.commitment.Committed[0]
		}
		values[i][row].Add(&values[i][row], &one)
		var err error
		p.columns, err = newColumns(context.Background(), p.cosets, values)
		require.NoError(t, err)
		_, err = p.Prove(context.Background(), m.public, m.secret, nil)
		require.ErrorIs(t, err, ErrSelfCheck, i)
	}
}
