package plonk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"

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
	rows       int // of public inputs and constraints; the others pad

	// extra goes with the Lagrange points of the rows: the sum of those that pad, then
	// (τ^n - 1)·τ^j for the blinding b_j.
	extra []bn254.G1Affine

	mu      sync.Mutex
	cosets  *cosets // this and columns are made by the first proof
	columns *columns
	solving sync.Mutex
}

// Setup makes gnark's keys for a circuit from a reference string of the circuit's size:
// powers of τ, three more than rows, and their Lagrange form. It does not check the string.
func Setup(ctx context.Context, spr *cs.SparseR1CS, canonical, lagrange kzg.SRS) (*Prover, error) {
	p, err := newProver(spr, canonical.Pk.G1, lagrange.Pk.G1)
	if err != nil {
		return nil, err
	}
	p.pk.Vk, err = p.verifyingKey(ctx, canonical.Vk)
	return p, err
}

// New prepares proofs with the key. It returns [ErrCircuit] unless the key is the circuit's:
// its selectors and permutation are computed again, all other parts compared. The reference
// string, though, is not checked.
func New(ctx context.Context, spr *cs.SparseR1CS, pk *gplonk.ProvingKey) (*Prover, error) {
	p, err := newProver(spr, pk.Kzg.G1, pk.KzgLagrange.G1)
	if err != nil {
		return nil, err
	}
	want, err := p.verifyingKey(ctx, pk.Vk.Kzg)
	if err != nil {
		return nil, err
	}
	if !sameKey(want, pk.Vk) {
		return nil, fmt.Errorf("%w: the key is for another circuit", ErrCircuit)
	}
	p.pk.Vk = pk.Vk
	return p, nil
}

// Key returns gnark's form of the key.
func (p *Prover) Key() *gplonk.ProvingKey { return p.pk }

func newProver(spr *cs.SparseR1CS, powers, lagrange []bn254.G1Affine) (*Prover, error) {
	p := &Prover{spr: spr, rows: spr.GetNbPublicVariables() + spr.GetNbConstraints()}
	p.domain = fft.NewDomain(uint64(p.rows), fft.WithoutPrecompute())
	n := int(p.domain.Cardinality)
	switch {
	case n < 2:
		return nil, fmt.Errorf("%w: %d rows, the least is 2", ErrCircuit, p.rows)
	case len(powers) < n+extraPowers || len(lagrange) != n:
		return nil, fmt.Errorf("%w: reference string of %d powers and %d Lagrange points for %d rows", ErrCircuit, len(powers), len(lagrange), n)
	}
	if err := p.findCommitment(); err != nil {
		return nil, err
	}
	p.pk = &gplonk.ProvingKey{Kzg: kzg.ProvingKey{G1: powers[:n+extraPowers]}, KzgLagrange: kzg.ProvingKey{G1: lagrange}}
	p.findExtra()
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

// findExtra derives the points beside those of rows.
func (p *Prover) findExtra() {
	n, g := int(p.domain.Cardinality), p.pk.Kzg.G1
	p.extra = make([]bn254.G1Affine, 1+extraPowers)
	var padding bn254.G1Jac
	for i := p.rows; i < n; i++ {
		padding.AddMixed(&p.pk.KzgLagrange.G1[i])
	}
	p.extra[0].FromJacobian(&padding)
	for j := range extraPowers {
		p.extra[1+j].Sub(&g[n+j], &g[j])
	}
}

// values returns the fixed columns' values on the rows.
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

// Prepare computes what all proofs share, the fixed columns above all. The first proof does
// otherwise.
func (p *Prover) Prepare(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.columns != nil {
		return nil
	}
	c := newCosets(p.domain)
	columns, err := newColumns(ctx, c, p.values())
	if err == nil {
		p.cosets, p.columns = c, columns
	}
	return err
}
