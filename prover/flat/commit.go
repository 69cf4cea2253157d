package flat

import (
	"context"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier/flat"
)

// Prover proves one model's answers.
type Prover struct {
	plan     *flat.Plan
	key      *flat.Key
	masks    *flat.Masks
	claim    [][]flat.Sided   // the boxes of each claim
	bases    []bn254.G1Affine // powers of tau, then Xi
	model    []int64          // integers of the model's rows, zero elsewhere
	weights  []int32          // the rows of weights
	blinders []fr.Element     // of the model's rows, then of the weights'
}

// New commits to a model: values are its integers at their addresses, weights those that are no values,
// powers at least 2^Row powers of tau. The blinders, one for each row, are drawn if nil.
func New(ctx context.Context, plan *flat.Plan, powers []bn254.G1Affine, values []int64, weights []int32, blinders []fr.Element) (*Prover, error) {
	if len(powers) < 1<<plan.Row || len(values) != 1<<plan.Values || len(weights) != plan.Weights<<plan.Row {
		return nil, fmt.Errorf("%d powers, %d values and %d weights for a plan of 2^%d and %d rows of 2^%d: %w",
			len(powers), len(values), len(weights), plan.Values, plan.Weights, plan.Row, ErrWitness)
	}
	if err := plan.Check(); err != nil { // whatever it says must not reach the masks
		return nil, fmt.Errorf("%w: %w", err, ErrWitness)
	}
	if blinders != nil && len(blinders) != plan.ModelRows() {
		return nil, fmt.Errorf("%d blinders for %d rows: %w", len(blinders), plan.ModelRows(), ErrWitness)
	}
	p := &Prover{plan: plan, weights: weights, masks: plan.Masks(), bases: append(append([]bn254.G1Affine{}, powers[:1<<plan.Row]...), flat.Blinder())}
	p.claim = plan.ByClaim()
	p.model = make([]int64, len(values))
	for r, kind := range plan.Rows {
		if kind == flat.Model {
			lo, hi := r<<plan.Row, (r+1)<<plan.Row
			copy(p.model[lo:hi], values[lo:hi])
		}
	}
	if p.blinders = blinders; blinders == nil {
		p.blinders = make([]fr.Element, plan.ModelRows())
		if err := draw(p.blinders); err != nil {
			return nil, err
		}
	}
	rows := p.rowsOf(flat.Model)
	commitments, err := p.commit(ctx, p.blinders, func(i int, res *bn254.G1Affine, powers []bn254.G1Affine) msm.Task {
		if i < len(rows) {
			return msm.G1Integers(res, powers, row(p, p.model, rows[i]))
		}
		return msm.G1Integers(res, powers, row(p, p.weights, i-len(rows)))
	})
	if err != nil {
		return nil, err
	}
	p.key = &flat.Key{Plan: plan, Model: commitments}
	return p, nil
}

// Blinders derives the blindings of a model's rows from one secret.
func Blinders(blinding fr.Element, plan *flat.Plan) []fr.Element {
	out := make([]fr.Element, plan.ModelRows())
	for i := range out {
		b := blinding.Bytes()
		data := binary.BigEndian.AppendUint64(append([]byte("nnark flat blinding 1"), b[:]...), uint64(i))
		h := sha512.Sum512(data)
		out[i].SetBytes(h[:])
	}
	return out
}

// Key returns what proofs are verified with.
func (p *Prover) Key() *flat.Key { return p.key }

// Blinders returns what opens the model's commitments, with its integers.
func (p *Prover) Blinders() []fr.Element { return p.blinders }

func draw(x []fr.Element) error {
	for i := range x {
		if err := secret.Draw(&x[i]); err != nil {
			return err
		}
	}
	return nil
}

// setInts sets elements, which are zero, to integers.
func setInts(v fr.Vector, x []int64) {
	for i, k := range x {
		if k != 0 {
			v[i].SetInt64(k)
		}
	}
}

// rowsOf are the numbers of the rows of a kind.
func (p *Prover) rowsOf(kind flat.Kind) (rows []int) {
	for r, k := range p.plan.Rows {
		if k == kind {
			rows = append(rows, r)
		}
	}
	return rows
}

// row is one row of values at all addresses.
func row[T any](p *Prover, values []T, r int) []T { return values[r<<p.plan.Row : (r+1)<<p.plan.Row] }

// commit commits to rows: to each its sum over the powers, which sum returns the task for, and
// its blinder times Xi.
func (p *Prover) commit(ctx context.Context, blinders []fr.Element, sum func(i int, res *bn254.G1Affine, powers []bn254.G1Affine) msm.Task) ([]bn254.G1Affine, error) {
	out, hiding := make([]bn254.G1Affine, len(blinders)), make([]bn254.G1Affine, len(blinders))
	last := len(p.bases) - 1
	tasks := msm.Parallel(len(blinders), 1, func(_ *msm.Worker, i, _ int) {
		hiding[i].ScalarMultiplication(&p.bases[last], blinders[i].BigInt(new(big.Int)))
	})
	for i := range out {
		tasks = append(tasks, sum(i, &out[i], p.bases[:last]))
	}
	if err := msm.Run(ctx, tasks...); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Add(&out[i], &hiding[i])
	}
	return out, nil
}
