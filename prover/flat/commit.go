package flat

import (
	"context"
	"crypto/sha512"
	"encoding/binary"
	"fmt"

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
	v := newVector(len(p.model))
	setInts(v, p.model)
	rows, err := p.commit(ctx, v, flat.Model, p.blinders)
	if err != nil {
		return nil, err
	}
	more, err := p.commitWeights(ctx)
	if err != nil {
		return nil, err
	}
	p.key = &flat.Key{Plan: plan, Model: append(rows, more...)}
	return p, nil
}

// commitWeights commits to the rows of weights, some at a time.
func (p *Prover) commitWeights(ctx context.Context) ([]bn254.G1Affine, error) {
	const some = 16
	out, blinders := make([]bn254.G1Affine, p.plan.Weights), p.blinders[p.plan.Count(flat.Model):]
	for from := 0; from < len(out); from += some {
		to := min(from+some, len(out))
		rows := make([]fr.Vector, to-from)
		inParallel(len(rows), func(i int) {
			rows[i] = make(fr.Vector, 1<<p.plan.Row)
			for k, x := range p.weights[(from+i)<<p.plan.Row : (from+i+1)<<p.plan.Row] {
				if x != 0 {
					rows[i][k].SetInt64(int64(x))
				}
			}
		})
		if err := p.commitRows(ctx, out[from:to], rows, blinders[from:to]); err != nil {
			return nil, err
		}
	}
	return out, nil
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

// commit commits to all rows of a kind.
func (p *Prover) commit(ctx context.Context, v fr.Vector, kind flat.Kind, blinders []fr.Element) ([]bn254.G1Affine, error) {
	var rows []fr.Vector
	for r, k := range p.plan.Rows {
		if k == kind {
			rows = append(rows, v[r<<p.plan.Row:(r+1)<<p.plan.Row])
		}
	}
	out := make([]bn254.G1Affine, len(rows))
	return out, p.commitRows(ctx, out, rows, blinders)
}

func (p *Prover) commitRows(ctx context.Context, out []bn254.G1Affine, rows []fr.Vector, blinders []fr.Element) error {
	var tasks []msm.Task
	for i, row := range rows {
		scalars := append(append(make(fr.Vector, 0, len(row)+1), row...), blinders[i])
		tasks = append(tasks, msm.G1(&out[i], p.bases, scalars))
	}
	return msm.Run(ctx, tasks...)
}
