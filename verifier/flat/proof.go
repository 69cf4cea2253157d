package flat

import (
	"encoding/binary"
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

// head is the length of what says a proof's shape.
const head = 7

// AppendTo appends the proof's only encoding: the numbers of witness rows and of inverse rows, 16 bits each, of
// rounds of both sumchecks and of the opening's coordinates, 8 bits each; points compressed, then scalars of
// 32 bytes, in the order of the fields; the opening.
func (pr *Proof) AppendTo(data []byte) []byte {
	data = binary.BigEndian.AppendUint16(data, uint16(len(pr.Witness)))
	data = binary.BigEndian.AppendUint16(data, uint16(len(pr.Inverses)))
	data = append(data, byte(len(pr.First)), byte(len(pr.Second)), byte(len(pr.Opening.Plus)))
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

// ProofSize returns the length of the plan's proofs, in bytes. All of them are as long.
func (p *Plan) ProofSize() int {
	pr := Proof{
		Witness: make([]bn254.G1Affine, p.Count(Witness)), Inverses: make([]bn254.G1Affine, p.Count(Inverse)),
		First: make([]Cubic, p.Rounds()), Second: make([]Quadratic, p.Values),
		Opening: hyperkzg.Proof{Folds: make([]bn254.G1Affine, p.Row-1), Plus: make([]fr.Element, p.Row), Minus: make([]fr.Element, p.Row)},
	}
	return len(pr.AppendTo(nil))
}

// MaxProofSize is the length of the longest proof.
const MaxProofSize = head + (maxRows+1)*bn254.SizeOfG1AffineCompressed + (5*MaxValues+10+5*MaxRow)*fr.Bytes

// Decode reads a proof and returns what follows it. Whether it has the shape of a plan's, [Key.Verify]
// finds out. Errors wrap [ErrMalformed].
func Decode(data []byte) (pr *Proof, rest []byte, err error) {
	if len(data) < head {
		return nil, nil, fmt.Errorf("%w: it is cut short", ErrMalformed)
	}
	witness, inverses := binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	first, second, row := data[4], data[5], data[6]
	if int(witness)+int(inverses) > maxRows || first > MaxValues || second > MaxValues || row < 1 || row > MaxRow {
		return nil, nil, fmt.Errorf("%w: %d and %d rows, %d and %d rounds, 2^%d values in a row", ErrMalformed, witness, inverses, first, second, row)
	}
	data = data[head:]
	pr = &Proof{
		Witness: make([]bn254.G1Affine, witness), Inverses: make([]bn254.G1Affine, inverses),
		First: make([]Cubic, first), Second: make([]Quadratic, second),
	}
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
	opening, rest, err := hyperkzg.Decode(data, int(row))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	pr.Opening = *opening
	return pr, rest, nil
}
