package flat

import (
	"errors"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/hyperkzg"
)

var (
	// ErrMalformed: bytes or a structure that no honest prover makes.
	ErrMalformed = errors.New("malformed proof")
	// ErrRejected: well formed, and not accepted.
	ErrRejected = errors.New("proof not accepted")
)

// Proof holds the prover's messages in their order.
type Proof struct {
	Witness   []bn254.G1Affine // rows of witnesses
	Mask      bn254.G1Affine   // a uniform row, which hides the one that is opened
	Inverses  []bn254.G1Affine // rows of inverses
	Output    fr.Element       // the sums' outputs at rho
	MaskSum   fr.Element       // sum of the first sumcheck's mask
	First     []Cubic
	Values    [5]fr.Element // a, b, c and the factors of the sums at sigma
	Hiding    fr.Element    // the last claim
	Second    []Quadratic
	MaskValue fr.Element // the mask's row at the last coordinates of omega
	Blinding  fr.Element // the combined row's
	Opening   hyperkzg.Proof
}

// scalars lists the scalars but those of the opening.
func (pr *Proof) scalars() []*fr.Element {
	out := []*fr.Element{&pr.Output, &pr.MaskSum}
	for i := range pr.First {
		for k := range pr.First[i] {
			out = append(out, &pr.First[i][k])
		}
	}
	for i := range pr.Values {
		out = append(out, &pr.Values[i])
	}
	out = append(out, &pr.Hiding)
	for i := range pr.Second {
		for k := range pr.Second[i] {
			out = append(out, &pr.Second[i][k])
		}
	}
	return append(out, &pr.MaskValue, &pr.Blinding)
}

// points lists the points but those of the opening.
func (pr *Proof) points() []*bn254.G1Affine {
	var out []*bn254.G1Affine
	for i := range pr.Witness {
		out = append(out, &pr.Witness[i])
	}
	out = append(out, &pr.Mask)
	for i := range pr.Inverses {
		out = append(out, &pr.Inverses[i])
	}
	return out
}

// shaped returns an empty proof of a plan's shape.
func shaped(p *Plan) *Proof {
	return &Proof{
		Witness: make([]bn254.G1Affine, p.Count(Witness)), Inverses: make([]bn254.G1Affine, p.Count(Inverse)),
		First: make([]Cubic, p.Rounds()), Second: make([]Quadratic, p.Values),
	}
}

// fits returns an error unless the proof has the plan's shape and points of the curve.
func (pr *Proof) fits(p *Plan) error {
	if pr == nil || len(pr.Witness) != p.Count(Witness) || len(pr.Inverses) != p.Count(Inverse) || len(pr.First) != p.Rounds() || len(pr.Second) != p.Values {
		return fmt.Errorf("%w: it is of another plan", ErrMalformed)
	}
	for _, q := range pr.points() {
		if !q.IsOnCurve() {
			return fmt.Errorf("%w: a point is off the curve", ErrMalformed)
		}
	}
	return nil
}

// AppendTo appends the proof's only encoding: points compressed, then scalars of 32 bytes, in
// the order of the fields, and the opening.
func (pr *Proof) AppendTo(data []byte) []byte {
	for _, q := range pr.points() {
		b := q.Bytes()
		data = append(data, b[:]...)
	}
	for _, x := range pr.scalars() {
		b := x.Bytes()
		data = append(data, b[:]...)
	}
	return pr.Opening.AppendTo(data)
}

// Decode reads the proof of a plan and returns what follows it.
func Decode(data []byte, p *Plan) (pr *Proof, rest []byte, err error) {
	pr = shaped(p)
	for _, q := range pr.points() {
		if len(data) < bn254.SizeOfG1AffineCompressed {
			return nil, nil, fmt.Errorf("%w: it is cut short", ErrMalformed)
		}
		if _, err := q.SetBytes(data[:bn254.SizeOfG1AffineCompressed]); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		data = data[bn254.SizeOfG1AffineCompressed:]
	}
	for _, x := range pr.scalars() {
		if len(data) < fr.Bytes {
			return nil, nil, fmt.Errorf("%w: it is cut short", ErrMalformed)
		}
		if err := x.SetBytesCanonical(data[:fr.Bytes]); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		data = data[fr.Bytes:]
	}
	opening, rest, err := hyperkzg.Decode(data, p.Row)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	pr.Opening = *opening
	return pr, rest, nil
}
