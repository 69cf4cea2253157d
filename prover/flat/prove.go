package flat

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/hyperkzg"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier/flat"
)

// ErrWitness means that the integers do not satisfy the plan: no proof of them verifies.
var ErrWitness = errors.New("the integers do not satisfy the plan")

// errAgain means that a challenge fell on one of the few values with which no proof can go on.
var errAgain = errors.New("a challenge has no proof")

// maxAttempts is how often a proof is begun: by chance, not even twice.
const maxAttempts = 3

// Prove proves that values, the integers at their addresses but for the model's, satisfy the
// plan with the public integers. seed is a hash of the key and the statement. progress, which may
// be nil, is told each stage as it begins: "witness", "tables", "sums", "claims", "opening".
func (p *Prover) Prove(ctx context.Context, seed [32]byte, values []int64, public [][]int64, progress func(stage string)) (*flat.Proof, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if len(values) != len(p.model) {
		return nil, fmt.Errorf("%d values: %w", len(values), ErrWitness)
	}
	if len(public) != len(p.plan.Exposes) {
		return nil, fmt.Errorf("%d public tensors for %d: %w", len(public), len(p.plan.Exposes), ErrWitness)
	}
	for i := range public {
		if n := p.plan.Exposes[i].Terms(); len(public[i]) != n {
			return nil, fmt.Errorf("%d integers of public tensor %d, which has %d: %w", len(public[i]), i, n, ErrWitness)
		}
	}
	for range maxAttempts {
		proof, err := p.prove(ctx, seed, values, public, progress)
		if !errors.Is(err, errAgain) {
			return proof, err
		}
	}
	return nil, fmt.Errorf("a slot of zero has an inverse: %w", ErrWitness) // chance would not have it so often
}

// attempt is the state of one proof.
type attempt struct {
	*Prover
	ctx        context.Context
	public     [][]int64
	transcript *flat.Transcript
	points     *flat.Points
	proof      *flat.Proof

	values fr.Vector // at all addresses
	mask   fr.Vector // the row that hides
	blind  map[flat.Kind][]fr.Element
	hide   fr.Element // the mask's blinder

	a, b, c       fr.Vector  // of the products' slots
	first, second fr.Vector  // of the sums'
	last          fr.Element // what the first sumcheck ends with
}

func (p *Prover) prove(ctx context.Context, seed [32]byte, values []int64, public [][]int64, progress func(stage string)) (*flat.Proof, error) {
	t := &attempt{Prover: p, ctx: ctx, public: public, transcript: flat.NewTranscript(seed), proof: new(flat.Proof)}
	progress("witness")
	if err := t.witness(values); err != nil {
		return nil, err
	}
	progress("tables")
	if err := t.tables(); err != nil {
		return nil, err
	}
	progress("sums")
	if err := t.sums(); err != nil {
		return nil, err
	}
	progress("claims")
	folded, omega, err := t.claims()
	if err != nil {
		return nil, err
	}
	progress("opening")
	return t.proof, t.open(folded, omega)
}

// witness commits to the columns and the masks.
func (t *attempt) witness(values []int64) error {
	t.values = newVector(len(values))
	inParallel(len(t.plan.Rows), func(r int) {
		lo, hi := r<<t.plan.Row, (r+1)<<t.plan.Row
		switch t.plan.Rows[r] {
		case flat.Witness:
			setInts(t.values[lo:hi], values[lo:hi])
		case flat.Model:
			setInts(t.values[lo:hi], t.model[lo:hi])
		}
	})
	if err := t.drawMasks(); err != nil {
		return err
	}
	masked := map[int]bool{}
	for _, a := range addressesOf(t.masks) {
		masked[a>>t.plan.Row] = true
	}
	rows := t.rowsOf(flat.Witness)
	commitments, err := t.commit(t.ctx, append(slices.Clip(t.blind[flat.Witness]), t.hide), func(i int, res *bn254.G1Affine, powers []bn254.G1Affine) msm.Task {
		switch {
		case i == len(rows):
			return msm.G1(res, powers, t.mask)
		case masked[rows[i]]:
			return msm.G1(res, powers, row(t.Prover, t.values, rows[i]))
		}
		return msm.G1Integers(res, powers, row(t.Prover, values, rows[i]))
	})
	if err != nil {
		return err
	}
	t.proof.Witness, t.proof.Mask = commitments[:len(rows)], commitments[len(rows)]
	if t.proof.Mask.IsInfinity() {
		return errAgain
	}
	t.points = t.plan.Begin(t.transcript, t.proof)
	return nil
}

// tables computes the inverses of what is looked up and commits to them.
func (t *attempt) tables() error {
	n := 1 << t.plan.Products
	t.a, t.b, t.c = newVector(n), newVector(n), newVector(n)
	t.apply(flat.Right, t.b)
	t.apply(flat.Product, t.c)
	if err := t.invert(); err != nil {
		return err
	}
	t.apply(flat.Left, t.a)
	rows := t.rowsOf(flat.Inverse)
	var err error
	if t.proof.Inverses, err = t.commit(t.ctx, t.blind[flat.Inverse], func(i int, res *bn254.G1Affine, powers []bn254.G1Affine) msm.Task {
		return msm.G1(res, powers, row(t.Prover, t.values, rows[i]))
	}); err != nil {
		return err
	}
	t.plan.Middle(t.transcript, t.points, t.proof)
	return nil
}

// sums runs the first sumcheck.
func (t *attempt) sums() error {
	t.first, t.second = newVector(1<<t.plan.Sums), newVector(1<<t.plan.Sums)
	t.apply(flat.First, t.first)
	t.apply(flat.Second, t.second)
	output := make(fr.Vector, 1)
	t.apply(flat.Output, output)
	t.proof.Output = output[0]
	t.proof.MaskSum = t.maskSum()
	t.plan.Sum(t.transcript, t.points, t.proof)
	rounds := t.plan.Rounds()
	parts := []interface {
		add(m *flat.Cubic, round int)
		bind(x *fr.Element, round int)
	}{
		newProducts(t.points.Tau, &t.a, &t.b, &t.c, rounds-t.plan.Products),
		&sums{&t.points.Lambda, &t.proof.Output, &t.first, &t.second, rounds - t.plan.Sums},
	}
	claim := t.plan.FirstClaim(t.points, t.proof)
	for i := range rounds {
		m := t.maskRound(i)
		for _, p := range parts {
			p.add(&m, i)
		}
		t.proof.First = append(t.proof.First, m)
		t.transcript.Scalars("first sumcheck", m[:]...)
		x := t.transcript.Challenge("sigma")
		claim = m.At(&claim, &x)
		t.points.Sigma = append(t.points.Sigma, x)
		for _, p := range parts {
			p.bind(&x, i)
		}
	}
	t.proof.Values = [5]fr.Element{t.a[0], t.b[0], t.c[0], t.first[0], t.second[0]}
	t.last = claim
	return nil
}

// claims runs the second sumcheck and returns the row that is opened and omega.
func (t *attempt) claims() (folded fr.Vector, omega []fr.Element, err error) {
	for j, a := range t.masks.Pairs {
		var x fr.Element
		k := fr.NewElement(uint64(2*j + 1))
		t.proof.Hiding.Add(&t.proof.Hiding, x.Mul(&k, &t.values[a]))
	}
	claims, err := t.plan.Claims(t.transcript, t.points, t.last, t.proof, t.public)
	if err != nil {
		return nil, nil, errAgain
	}
	t.fold()
	e := t.functional()
	v := t.values // which nobody needs after this
	t.values = nil
	powers := t.points.Powers()
	var claim fr.Element
	for i := range claims {
		var w fr.Element
		claim.Add(&claim, w.Mul(&claims[i], &powers[i]))
	}
	for i := range t.plan.Values {
		if i == t.plan.Values-t.plan.Row {
			folded = append(fr.Vector{}, v...)
		}
		at0, square := inner(e, v)
		m := flat.Quadratic{at0, square}
		t.proof.Second = append(t.proof.Second, m)
		t.transcript.Scalars("second sumcheck", m[:]...)
		x := t.transcript.Challenge("omega")
		claim = m.At(&claim, &x)
		omega = append(omega, x)
		fold(&x, &e, &v)
	}
	var last fr.Element
	if last.Mul(&e[0], &v[0]); last != claim {
		return nil, nil, ErrWitness
	}
	if e[0].IsZero() {
		return nil, nil, errAgain
	}
	return folded, omega, nil
}

// open opens the combined row at the last coordinates of omega.
func (t *attempt) open(row fr.Vector, omega []fr.Element) error {
	low := omega[t.plan.Values-t.plan.Row:]
	weights := flat.Expand(low)
	for i := range weights {
		weights[i].Mul(&weights[i], &t.mask[i])
		t.proof.MaskValue.Add(&t.proof.MaskValue, &weights[i])
	}
	rows := flat.Expand(omega[:t.plan.Values-t.plan.Row])
	next := map[flat.Kind]int{}
	for i, kind := range t.plan.Rows {
		if kind == flat.Unused || kind == flat.Virtual {
			continue
		}
		var x fr.Element
		t.proof.Blinding.Add(&t.proof.Blinding, x.Mul(&rows[i], &t.blind[kind][next[kind]]))
		next[kind]++
	}
	for i, w := range t.plan.FoldedRows(t.points, rows) {
		w.Mul(&w, &t.blinders[t.plan.Count(flat.Model)+i])
		t.proof.Blinding.Add(&t.proof.Blinding, &w)
	}
	eta := t.plan.Eta(t.transcript, t.proof)
	if eta.IsZero() {
		return errAgain
	}
	var x fr.Element
	t.proof.Blinding.Add(&t.proof.Blinding, x.Mul(&eta, &t.hide))
	t.transcript.Scalars("blinding", t.proof.Blinding)
	for i := range row {
		row[i].Add(&row[i], x.Mul(&eta, &t.mask[i]))
	}
	commitment, err := t.key.Combine(t.points, flat.NewPoint(omega), &eta, t.proof)
	if err != nil {
		return err
	}
	_, opening, err := hyperkzg.Open(t.ctx, t.bases[:len(t.bases)-1], commitment, row, low, t.transcript)
	if err != nil {
		return err
	}
	t.proof.Opening = *opening
	return nil
}
