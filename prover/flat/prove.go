package flat

import (
	"context"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/hyperkzg"
	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier/flat"
)

// ErrWitness means that the integers do not satisfy the plan: no proof of them verifies.
var ErrWitness = errors.New("the integers do not satisfy the plan")

// errAgain means that a challenge fell on one of the few values with which no proof can go on.
var errAgain = errors.New("a challenge has no proof")

// maxAttempts is how often a proof is begun: by chance, not even twice.
const maxAttempts = 3

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
	v := make(fr.Vector, len(p.model))
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
	t.values = make(fr.Vector, len(values))
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
	var err error
	if t.proof.Witness, err = t.commit(t.ctx, t.values, flat.Witness, t.blind[flat.Witness]); err != nil {
		return err
	}
	rows := []bn254.G1Affine{{}}
	if err := t.commitRows(t.ctx, rows, []fr.Vector{t.mask}, []fr.Element{t.hide}); err != nil {
		return err
	}
	t.proof.Mask = rows[0]
	if t.proof.Mask.IsInfinity() {
		return errAgain
	}
	t.points = t.plan.Begin(t.transcript, t.proof)
	return nil
}

// drawMasks draws all that is random.
func (t *attempt) drawMasks() error {
	m := t.masks
	t.mask = make(fr.Vector, 1<<t.plan.Row)
	t.blind = map[flat.Kind][]fr.Element{flat.Model: t.blinders}
	for _, k := range []flat.Kind{flat.Witness, flat.Inverse} {
		t.blind[k] = make([]fr.Element, t.plan.Count(k))
		if err := draw(t.blind[k]); err != nil {
			return err
		}
	}
	if err := draw(t.mask); err != nil {
		return err
	}
	addresses := append(append([]int{m.Constant}, m.Pairs...), m.Sum[:]...)
	for _, r := range m.Rounds {
		addresses = append(addresses, r[:]...)
	}
	for _, s := range m.Products {
		addresses = append(addresses, s[0], s[1])
	}
	for _, a := range addresses {
		if err := secret.Draw(&t.values[a]); err != nil {
			return err
		}
	}
	for _, s := range m.Products {
		t.values[s[2]].Mul(&t.values[s[0]], &t.values[s[1]])
	}
	return secret.Draw(&t.hide)
}

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

// tables computes the inverses of what is looked up and commits to them.
func (t *attempt) tables() error {
	n := 1 << t.plan.Products
	t.a, t.b, t.c = make(fr.Vector, n), make(fr.Vector, n), make(fr.Vector, n)
	t.apply(flat.Right, t.b)
	t.apply(flat.Product, t.c)
	if err := t.invert(); err != nil {
		return err
	}
	t.apply(flat.Left, t.a)
	var err error
	if t.proof.Inverses, err = t.commit(t.ctx, t.values, flat.Inverse, t.blind[flat.Inverse]); err != nil {
		return err
	}
	t.plan.Middle(t.transcript, t.points, t.proof)
	return nil
}

// sums runs the first sumcheck.
func (t *attempt) sums() error {
	t.first, t.second = make(fr.Vector, 1<<t.plan.Sums), make(fr.Vector, 1<<t.plan.Sums)
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

// maskSum is the sum of the mask g = g_0 + Σ_i g_i(x_i) over all points.
func (t *attempt) maskSum() (sum fr.Element) {
	sum.Double(&t.values[t.masks.Constant])
	for i := range t.masks.Rounds {
		x := t.maskOver(i)
		sum.Add(&sum, &x)
	}
	return times2(sum, t.plan.Rounds()-1)
}

// maskOver is g_i(0) + g_i(1).
func (t *attempt) maskOver(i int) (sum fr.Element) {
	for _, a := range t.masks.Rounds[i] {
		sum.Add(&sum, &t.values[a])
	}
	return sum
}

func times2(x fr.Element, times int) fr.Element {
	for range times {
		x.Double(&x)
	}
	return x
}

// maskRound is a round's message of theta·g.
func (t *attempt) maskRound(round int) (m flat.Cubic) {
	left := t.plan.Rounds() - 1 - round
	known, open := t.values[t.masks.Constant], fr.Element{}
	for i, r := range t.masks.Rounds {
		switch {
		case i < round:
			x := t.points.Sigma[i]
			power := x
			for _, a := range r {
				var y fr.Element
				known.Add(&known, y.Mul(&t.values[a], &power))
				power.Mul(&power, &x)
			}
		case i > round:
			x := t.maskOver(i)
			open.Add(&open, &x)
		}
	}
	m[0] = times2(known, left)
	if left > 0 {
		open = times2(open, left-1)
		m[0].Add(&m[0], &open)
	}
	m[1] = times2(t.values[t.masks.Rounds[round][1]], left)
	m[2] = times2(t.values[t.masks.Rounds[round][2]], left)
	for k := range m {
		m[k].Mul(&m[k], &t.points.Theta)
	}
	return m
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
