package flat

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/hyperkzg"
	"github.com/nnark/nnark/verifier/internal/msm"
)

// Key is what proofs of one model are verified with: the plan and the commitments to the rows
// of its weights, in order.
type Key struct {
	Plan  *Plan
	Model []bn254.G1Affine

	split [][]part // of the plan, nil unless prepared
}

// Prepare computes once what every verification takes of the plan, which must not change after that.
func (k *Key) Prepare() { k.split = k.Plan.split() }

// Verify reduces a proof to one pairing equation, e(left, [1]_2) = e(right, [tau]_2). seed is a
// hash of the key and the statement, public the statement's public integers. The plan was
// checked ([Plan.Check]); the proof has its shape ([Decode]).
func (k *Key) Verify(seed [32]byte, public [][]int64, pr *Proof) (left, right bn254.G1Affine, err error) {
	return k.verify(NewTranscript(seed), public, pr)
}

func (k *Key) verify(t *Transcript, public [][]int64, pr *Proof) (left, right bn254.G1Affine, err error) {
	p, split := k.Plan, k.split
	if split == nil {
		split = p.split()
	}
	if err := pr.fits(p); err != nil {
		return left, right, err
	}
	if err := k.fits(public); err != nil {
		return left, right, err
	}
	c := p.Begin(t, pr)
	p.Middle(t, c, pr)
	p.Sum(t, c, pr)
	claim := p.FirstClaim(c, pr)
	for i := range pr.First {
		t.Scalars("first sumcheck", pr.First[i][:]...)
		x := t.Challenge("sigma")
		claim = pr.First[i].At(&claim, &x)
		c.Sigma = append(c.Sigma, x)
	}
	claims, err := p.claims(t, c, claim, pr, public, split)
	if err != nil {
		return left, right, err
	}
	powers := c.Powers()
	claim.SetZero()
	for i := range claims {
		var w fr.Element
		w.Mul(&claims[i], &powers[i])
		claim.Add(&claim, &w)
	}
	var omega []fr.Element
	for i := range pr.Second {
		t.Scalars("second sumcheck", pr.Second[i][:]...)
		x := t.Challenge("omega")
		claim = pr.Second[i].At(&claim, &x)
		omega = append(omega, x)
	}
	at := NewPoint(omega)
	e := p.functional(c, at, split)
	if e.IsZero() {
		return left, right, fmt.Errorf("%w: the functional vanishes", ErrRejected)
	}
	e.Inverse(&e)
	claim.Mul(&claim, &e) // V(omega)

	eta := p.Eta(t, pr)
	t.Scalars("blinding", pr.Blinding)
	commitment, err := k.Combine(c, at, &eta, pr)
	if err != nil {
		return left, right, err
	}
	eta.Mul(&eta, &pr.MaskValue)
	claim.Add(&claim, &eta)
	left, right, err = hyperkzg.Verify(commitment, omega[p.Values-p.Row:], claim, &pr.Opening, t)
	if err != nil {
		return left, right, fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return left, right, nil
}

// fits returns an error unless the key and the public integers are as many as the plan has.
func (k *Key) fits(public [][]int64) error {
	if n := k.Plan.ModelRows(); len(k.Model) != n {
		return fmt.Errorf("%w: %d rows of weights for a plan of %d", ErrMalformed, len(k.Model), n)
	}
	if len(public) != len(k.Plan.Exposes) {
		return fmt.Errorf("%w: %d public tensors for a plan of %d", ErrMalformed, len(public), len(k.Plan.Exposes))
	}
	for i := range public {
		if n := k.Plan.Exposes[i].Terms(); len(public[i]) != n {
			return fmt.Errorf("%w: %d integers of public tensor %d, which has %d", ErrMalformed, len(public[i]), i, n)
		}
	}
	return nil
}

// Begin absorbs the rows of witnesses and draws the challenges of the tables.
func (p *Plan) Begin(t *Transcript, pr *Proof) *Points {
	t.Points("witness", pr.Witness...)
	t.Points("mask", pr.Mask)
	return &Points{
		Beta:    t.Challenges("beta", p.Tables),
		Gamma:   t.Challenge("gamma"),
		Columns: NewPoint(t.Challenges("epsilon", p.Columns)),
	}
}

// Middle absorbs the rows of inverses and draws the points of products, outputs and zeros.
func (p *Plan) Middle(t *Transcript, c *Points, pr *Proof) {
	t.Points("inverses", pr.Inverses...)
	c.Tau = t.Challenges("tau", p.Products)
	c.Outputs = NewPoint(t.Challenges("rho", p.Outputs))
	c.Zeros = NewPoint(t.Challenges("zeta", p.Zeros))
}

// Sum absorbs the value of the outputs at rho and the sum of the mask, and draws what combines
// the parts of the first sumcheck.
func (p *Plan) Sum(t *Transcript, c *Points, pr *Proof) {
	t.Scalars("sums", pr.Output, pr.MaskSum)
	c.Lambda, c.Theta = t.Challenge("lambda"), t.Challenge("theta")
}

// FirstClaim is what the first sumcheck sums to.
func (p *Plan) FirstClaim(c *Points, pr *Proof) fr.Element {
	var out, mask fr.Element
	out.Mul(&c.Lambda, &pr.Output)
	mask.Mul(&c.Theta, &pr.MaskSum)
	return *out.Add(&out, &mask)
}

// Claims absorbs the values at sigma and returns, of all claims, what the values' part has to be.
// last is what the first sumcheck ended with; the value of its mask follows from it.
func (p *Plan) Claims(t *Transcript, c *Points, last fr.Element, pr *Proof, public [][]int64) (y [numClaims]fr.Element, err error) {
	return p.claims(t, c, last, pr, public, p.split())
}

func (p *Plan) claims(t *Transcript, c *Points, last fr.Element, pr *Proof, public [][]int64, split [][]part) (y [numClaims]fr.Element, err error) {
	if c.Theta.IsZero() {
		return y, fmt.Errorf("%w: theta is zero", ErrRejected)
	}
	t.Scalars("values", pr.Values[:]...)
	c.at(p)
	copy(y[:], pr.Values[:])
	y[Output] = pr.Output

	products, sums := equal(c.Tau, c.Products.Coordinates()), c.Lambda
	var d fr.Element
	d.Mul(&y[Left], &y[Right]).Sub(&d, &y[Product])
	products.Mul(&products, &d)
	sums.Mul(&sums, &y[First]).Mul(&sums, &y[Second])
	late(&products, p.Rounds()-p.Products)
	late(&sums, p.Rounds()-p.Sums)
	d.Inverse(&c.Theta)
	y[masking].Sub(&last, &products).Sub(&y[masking], &sums).Mul(&y[masking], &d)

	constants := p.constants(c, public, split)
	for k := range y {
		y[k].Sub(&y[k], &constants[k])
	}
	t.Scalars("hiding", pr.Hiding)
	y[hiding] = pr.Hiding
	c.Alpha = t.Challenge("alpha")
	return y, nil
}

// at sets the points of products and sums.
func (c *Points) at(p *Plan) {
	all := NewPoint(c.Sigma)
	c.Products, c.Sums = all.Low(p.Products), all.Low(p.Sums)
}

// late halves x for each round before its part joins the sumcheck: until then it is a constant,
// which the sum over a coordinate doubles.
func late(x *fr.Element, rounds int) {
	for range rounds {
		x.Halve()
	}
}

// Eta absorbs the value of the mask and draws its coefficient.
func (p *Plan) Eta(t *Transcript, pr *Proof) fr.Element {
	t.Scalars("mask value", pr.MaskValue)
	return t.Challenge("eta")
}

// Combine returns Σ eq(omega, row)·C_row + eta·C_mask - blinding·Xi; of a virtual row C_row is the combination
// of the weights' rows that it stands for.
func (k *Key) Combine(at *Points, omega *Point, eta *fr.Element, pr *Proof) (c bn254.G1Affine, err error) {
	if eta.IsZero() {
		return c, fmt.Errorf("%w: eta is zero", ErrRejected)
	}
	weights := omega.Table(k.Plan.Row, k.Plan.Values)
	var points []bn254.G1Affine
	var scalars []fr.Element
	var next [numKinds]int
	rows := [numKinds][]bn254.G1Affine{Witness: pr.Witness, Inverse: pr.Inverses, Model: k.Model}
	for i, kind := range k.Plan.Rows {
		if kind == Unused || kind == Virtual {
			continue
		}
		points = append(points, rows[kind][next[kind]])
		scalars = append(scalars, weights[i])
		next[kind]++
	}
	points = append(points, k.Model[k.Plan.Count(Model):]...)
	scalars = append(scalars, k.Plan.FoldedRows(at, weights)...)
	var s fr.Element
	points = append(points, pr.Mask, Blinder())
	scalars = append(scalars, *eta, *s.Neg(&pr.Blinding))
	return msm.Sum(points, scalars), nil
}

// FoldedRows returns the weight of each row of weights where row i of the values weighs rows[i].
func (p *Plan) FoldedRows(c *Points, rows []fr.Element) []fr.Element {
	out := make([]fr.Element, p.Weights)
	for i, outer := range p.FoldRows(c) {
		for r := range outer {
			var w fr.Element
			out[r].Add(&out[r], w.Mul(&outer[r], &rows[p.Folds[i].Row]))
		}
	}
	return out
}
