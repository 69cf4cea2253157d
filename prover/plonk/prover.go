package plonk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/prover/internal/solving"
	"github.com/nnark/nnark/prover/simd/msm"
)

var (
	// ErrCircuit: the key is for another circuit, or the circuit is not supported.
	ErrCircuit = errors.New("plonk: circuit and key do not fit")
	// ErrUnsatisfied: the solver found no witness.
	ErrUnsatisfied = errors.New("plonk: constraints not satisfied")
	// ErrInput: wrong number of inputs.
	ErrInput = errors.New("plonk: wrong number of inputs")
	// ErrSelfCheck: the polynomials of a proof do not fulfil their relation.
	ErrSelfCheck = errors.New("plonk: proof failed its own check")
)

// extraPowers is how many more powers of τ than rows a key has: openings of Z, the longest
// polynomial, need them.
const extraPowers = 3

// Prover proves one circuit with one key. It is safe for concurrent use, but the circuit must
// not be used elsewhere at the same time if gnark keeps state in it.
type Prover struct {
	spr        *cs.SparseR1CS
	pk         *gplonk.ProvingKey
	commitment *constraint.PlonkCommitment // nil if there is none
	domain     *fft.Domain
	cosets     *cosets
	rows       int // of public inputs and constraints; the others pad

	// Of circuits with private weights: their rows, the key of the circuit alone, and the
	// weights themselves, which are part of the selector qR in the key; nil if not known.
	weightRows []int
	circuit    *gplonk.VerifyingKey
	weights    fr.Vector

	// lagrange commits to values on the rows, then to the one value of all padding, then to
	// the blinding: b_0, b_1 for blinded wires. grand commits to Z: values on all rows and
	// b_0, b_1, b_2.
	lagrange, grand []bn254.G1Affine

	mu      sync.Mutex
	columns *columns    // made by the first proof
	solving sync.Locker // of gnark's solver, shared by all provers of one circuit
}

// Setup makes gnark's keys for a circuit from a reference string of the circuit's size:
// powers of τ, three more than rows, and their Lagrange form. It does not check the string.
//
// weightRows are the rows of private weights, nil if there are none: there the circuit's
// selector qR is zero, and [Prover.Hide] makes it the weights. Until then the key is the
// circuit's alone.
func Setup(ctx context.Context, spr *cs.SparseR1CS, weightRows []int, canonical, lagrange kzg.SRS) (*Prover, error) {
	p, err := newProver(spr, weightRows, canonical.Pk.G1, lagrange.Pk.G1)
	if err != nil {
		return nil, err
	}
	p.circuit, err = p.verifyingKey(ctx, canonical.Vk)
	p.pk.Vk = p.circuit
	return p, err
}

// New prepares proofs with the key. It returns [ErrCircuit] unless the key is the circuit's:
// its selectors and permutation are computed again, all other parts compared. The reference
// string, though, is not checked.
//
// The key of private weights differs from the circuit's by them: support has to show that it
// does not differ otherwise, and [Prover.Open] makes the prover able to prove.
func New(ctx context.Context, spr *cs.SparseR1CS, weightRows []int, pk *gplonk.ProvingKey, support *Support) (*Prover, error) {
	p, err := newProver(spr, weightRows, pk.Kzg.G1, pk.KzgLagrange.G1)
	if err != nil {
		return nil, err
	}
	if p.circuit, err = p.verifyingKey(ctx, pk.Vk.Kzg); err != nil {
		return nil, err
	}
	want := *p.circuit
	if len(weightRows) > 0 {
		want.Qr = pk.Vk.Qr
	}
	if !sameKey(&want, pk.Vk) {
		return nil, fmt.Errorf("%w: the key is for another circuit", ErrCircuit)
	}
	p.pk.Vk = pk.Vk
	if len(weightRows) > 0 {
		return p, p.CheckSupport(&pk.Vk.Qr, support)
	}
	return p, nil
}

// Key returns gnark's form of the key.
func (p *Prover) Key() *gplonk.ProvingKey { return p.pk }

func newProver(spr *cs.SparseR1CS, weightRows []int, powers, lagrange []bn254.G1Affine) (*Prover, error) {
	p := &Prover{spr: spr, rows: spr.GetNbPublicVariables() + spr.GetNbConstraints(), weightRows: weightRows, solving: solving.Lock(spr.Blueprints)}
	n := Size(p.rows)
	if power := int(ecc.NextPowerOfTwo(uint64(p.rows))); len(lagrange) == power { // for gnark's prover
		n = power
	}
	switch {
	case n < 2:
		return nil, fmt.Errorf("%w: %d rows, the least is 2", ErrCircuit, p.rows)
	case len(powers) < n+extraPowers || len(lagrange) != n:
		return nil, fmt.Errorf("%w: reference string of %d powers and %d Lagrange points for %d rows", ErrCircuit, len(powers), len(lagrange), n)
	}
	p.domain = NewDomain(n)
	if err := p.findCommitment(); err != nil {
		return nil, err
	}
	p.pk = &gplonk.ProvingKey{Kzg: kzg.ProvingKey{G1: powers[:n+extraPowers]}, KzgLagrange: kzg.ProvingKey{G1: lagrange}}
	p.cosets = newCosets(p.domain)
	p.bases()
	return p, nil
}

// findCommitment also checks the rows that gnark fills with random numbers to hide the
// commitment: a value committed there would be lost.
func (p *Prover) findCommitment() error {
	info, ok := p.spr.CommitmentInfo.(constraint.PlonkCommitments)
	if !ok || len(info) > 1 {
		return fmt.Errorf("%w: more than one commitment, or none of PLONK's", ErrCircuit)
	}
	if len(info) == 0 {
		return nil
	}
	p.commitment = &info[0]
	for _, row := range []int{p.commitment.CommitmentIndex, p.spr.GetNbConstraints() - 1} {
		if slices.Contains(p.commitment.Committed, row) {
			return fmt.Errorf("%w: constraint %d commits a value where the commitment's blinding goes", ErrCircuit, row)
		}
	}
	return nil
}

// bases derives the points for commitments to values.
func (p *Prover) bases() {
	n, g := int(p.domain.Cardinality), p.pk.Kzg.G1
	blind := make([]bn254.G1Affine, extraPowers) // (τ^n - 1)·τ^j
	for j := range blind {
		blind[j].Sub(&g[n+j], &g[j])
	}
	var padding bn254.G1Jac
	for i := p.rows; i < n; i++ {
		padding.AddMixed(&p.pk.KzgLagrange.G1[i])
	}
	all := *new(bn254.G1Affine).FromJacobian(&padding)
	p.lagrange = slices.Concat(p.pk.KzgLagrange.G1[:p.rows], []bn254.G1Affine{all}, blind[:2])
	p.grand = slices.Concat(p.pk.KzgLagrange.G1, blind)
}

// values returns the fixed columns' values on the rows, those of the circuit alone.
func (p *Prover) values() [first]fr.Vector {
	return columnValues(gplonk.NewTrace(p.spr, p.domain), int(p.domain.Cardinality))
}

// verifyingKey commits to the fixed columns.
func (p *Prover) verifyingKey(ctx context.Context, srs kzg.VerifyingKey) (*gplonk.VerifyingKey, error) {
	d := p.domain
	vk := &gplonk.VerifyingKey{
		Size: d.Cardinality, SizeInv: d.CardinalityInv, Generator: d.Generator, CosetShift: d.FrMultiplicativeGen,
		NbPublicVariables: uint64(p.spr.GetNbPublicVariables()), Kzg: srs,
		Qcp: []kzg.Digest{}, CommitmentConstraintIndexes: []uint64{},
	}
	if p.commitment != nil {
		vk.Qcp = make([]kzg.Digest, 1)
		vk.CommitmentConstraintIndexes = []uint64{uint64(p.commitment.CommitmentIndex)}
	}
	to := [first]*bn254.G1Affine{ql: &vk.Ql, qr: &vk.Qr, qm: &vk.Qm, qo: &vk.Qo, qk: &vk.Qk, s1: &vk.S[0], s2: &vk.S[1], s3: &vk.S[2]}
	if p.commitment != nil {
		to[qcp] = &vk.Qcp[0]
	}
	var tasks []msm.Task
	for i, v := range p.values() {
		if to[i] != nil {
			tasks = append(tasks, msm.G1(to[i], p.pk.KzgLagrange.G1, v))
		}
	}
	return vk, msm.Run(ctx, tasks...)
}

// sameKey compares all that gnark's verifier uses, but for the reference string's.
func sameKey(a, b *gplonk.VerifyingKey) bool {
	return a.Size == b.Size && a.SizeInv == b.SizeInv && a.Generator == b.Generator && a.CosetShift == b.CosetShift &&
		a.NbPublicVariables == b.NbPublicVariables && a.S == b.S &&
		a.Ql == b.Ql && a.Qr == b.Qr && a.Qm == b.Qm && a.Qo == b.Qo && a.Qk == b.Qk && slices.Equal(a.Qcp, b.Qcp) &&
		slices.Equal(a.CommitmentConstraintIndexes, b.CommitmentConstraintIndexes)
}

// Prepare computes the fixed columns, which the first proof does otherwise.
func (p *Prover) Prepare(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.columns != nil {
		return nil
	}
	values := p.values()
	if len(p.weights) != len(p.weightRows) {
		return fmt.Errorf("%w: they are not known", ErrWeights)
	}
	for i, row := range p.weightRows {
		values[qr][row] = p.weights[i]
	}
	c, err := newColumns(ctx, p.cosets, values)
	if err == nil {
		p.columns = c
	}
	return err
}
