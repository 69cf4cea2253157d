package flat

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// AppendTo appends the plan's only encoding: variable-length integers of encoding/binary, in the
// order of the fields, lists after their lengths. Factors are a first one and runs of equal differences.
func (p *Plan) AppendTo(data []byte) []byte {
	u := func(x int) { data = binary.AppendUvarint(data, uint64(x)) }
	for _, x := range []int{p.Values, p.Row, p.Products, p.Sums, p.Outputs, p.Zeros, p.Columns, p.Tables, len(p.Rows)} {
		u(x)
	}
	for _, k := range p.Rows {
		data = append(data, byte(k))
	}
	for _, boxes := range [][]Box{p.Boxes, p.Exposes} {
		u(len(boxes))
		for i := range boxes {
			data = boxes[i].appendTo(data)
		}
	}
	u(p.Weights)
	u(len(p.Folds))
	for _, f := range p.Folds {
		data = append(data, byte(f.Claim))
		for _, x := range []int{f.Row, f.Slots, f.Sides} {
			u(x)
		}
	}
	return data
}

func (b *Box) appendTo(data []byte) []byte {
	u := func(x int) { data = binary.AppendUvarint(data, uint64(x)) }
	data = append(data, byte(b.Claim))
	u(int(b.Symbol))
	data = binary.AppendVarint(data, b.Coef)
	for _, x := range []int{b.Value + 1, b.Slot, b.Side, b.Sides, b.Fold, len(b.Loops)} {
		u(x)
	}
	for _, l := range b.Loops {
		for _, x := range []int{l.Size, l.Value, l.Slot, l.Side} {
			u(x)
		}
	}
	if b.Factors == nil {
		return append(data, 0)
	}
	data = binary.AppendVarint(append(data, 1), b.Factors[0])
	for i := 1; i < len(b.Factors); {
		step, n := b.Factors[i]-b.Factors[i-1], 1
		for i+n < len(b.Factors) && b.Factors[i+n]-b.Factors[i+n-1] == step {
			n++
		}
		data = binary.AppendVarint(data, step)
		u(n)
		i += n
	}
	return data
}

// planReader decodes a plan. The first failure sticks.
type planReader struct {
	rest    []byte
	err     error
	factors int
}

func (r *planReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// int reads a number below 2^48.
func (r *planReader) int() int {
	x, n := binary.Uvarint(r.rest)
	if n <= 0 || x >= 1<<48 {
		r.fail("a number is cut short or too large")
		return 0
	}
	r.rest = r.rest[n:]
	return int(x)
}

func (r *planReader) int64() int64 {
	x, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail("a number is cut short or too large")
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

func (r *planReader) byte() byte {
	if len(r.rest) == 0 {
		r.fail("it is cut short")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// count reads a number of items that take at least size bytes each.
func (r *planReader) count(size int) int {
	n := r.int()
	if n > len(r.rest)/size {
		r.fail("%d items announced, %d bytes left", n, len(r.rest))
		return 0
	}
	return n
}

// minBox is the least number of bytes of a box.
const minBox = 10

// ParsePlan decodes what [Plan.AppendTo] wrote, all of data, and checks it ([Plan.Check]).
func ParsePlan(data []byte) (*Plan, error) {
	r := &planReader{rest: data}
	p := new(Plan)
	for _, x := range []*int{&p.Values, &p.Row, &p.Products, &p.Sums, &p.Outputs, &p.Zeros, &p.Columns, &p.Tables} {
		*x = r.int()
	}
	p.Rows = make([]Kind, r.count(1))
	for i := range p.Rows {
		p.Rows[i] = Kind(r.byte())
	}
	for _, boxes := range []*[]Box{&p.Boxes, &p.Exposes} {
		n := r.count(minBox)
		for i := 0; i < n && r.err == nil; i++ {
			*boxes = append(*boxes, r.box())
		}
	}
	p.Weights = r.int()
	n := r.count(4)
	for range n {
		p.Folds = append(p.Folds, Fold{Claim: Claim(r.byte()), Row: r.int(), Slots: r.int(), Sides: r.int()})
	}
	if len(r.rest) > 0 {
		r.fail("%d trailing bytes", len(r.rest))
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(p.AppendTo(nil), data) {
		return nil, fmt.Errorf("not the shortest encoding")
	}
	return p, nil
}

func (r *planReader) box() (b Box) {
	b.Claim, b.Symbol, b.Coef = Claim(r.byte()), Symbol(r.int()), r.int64()
	b.Value = r.int() - 1
	b.Slot, b.Side, b.Sides, b.Fold = r.int(), r.int(), r.int(), r.int()
	n := r.count(4)
	if n > maxLoops {
		r.fail("%d loops", n)
		return b
	}
	terms := 1
	for range n {
		l := Loop{r.int(), r.int(), r.int(), r.int()}
		b.Loops = append(b.Loops, l)
		if l.Size > 1<<MaxValues {
			r.fail("a loop of %d", l.Size)
			return b
		}
		if terms *= l.Size; terms > 1<<MaxValues {
			r.fail("more than 2^%d terms", MaxValues)
			return b
		}
	}
	if r.byte() == 0 {
		return b
	}
	if r.factors += terms; r.factors > maxFactors || terms == 0 {
		r.fail("more than %d factors", maxFactors)
		return b
	}
	b.Factors = append(make([]int64, 0, terms), r.int64())
	for len(b.Factors) < terms && r.err == nil {
		step, n := r.int64(), r.int()
		if n == 0 || n > terms-len(b.Factors) {
			r.fail("%d of %d factors", n, terms-len(b.Factors))
			return b
		}
		for range n {
			b.Factors = append(b.Factors, b.Factors[len(b.Factors)-1]+step)
		}
	}
	return b
}
