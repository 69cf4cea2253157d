package flat

import (
	"math"
	"math/bits"
	"slices"
)

// space is a list of elements with addresses of their own: a block's, or a statement's slots.
// Its cuts divide an element's number into digits, each a field of bits of the address.
type space struct {
	size int
	cuts []int // from 2 to size-1, each a multiple of the one before, the first a multiple of 1
	even bool  // the cuts divide the size too, so that all elements together are one box
	base int   // where its addresses begin, a multiple of padded()

	at []int32 // address of each element, from base
}

// newSpace is the space of a shape's elements, with its axes for digits.
func newSpace(shape ...int) *space {
	s := &space{size: 1}
	for _, d := range slices.Backward(shape) {
		s.cut(s.size * d)
		s.size *= d
	}
	s.cuts = slices.DeleteFunc(s.cuts, func(c int) bool { return c >= s.size })
	return s
}

// fits reports whether a cut goes with the others.
func (s *space) fits(c int) bool {
	for _, k := range s.cuts {
		if k%c != 0 && c%k != 0 {
			return false
		}
	}
	return c > 1 && !slices.Contains(s.cuts, c)
}

// cut adds a cut.
func (s *space) cut(c int) {
	if s.fits(c) {
		s.cuts = append(s.cuts, c)
		slices.Sort(s.cuts)
	}
}

// propose adds a cut below the size unless it costs addresses; a loop that takes that many steps
// across it may cost some.
func (s *space) propose(c, steps int) (changed bool) {
	if c >= s.size || s.size%c != 0 || !s.fits(c) {
		return false
	}
	more := &space{size: s.size, cuts: slices.Clone(s.cuts)}
	more.cut(c)
	if more.padded() > s.padded() && steps <= longLoop {
		return false
	}
	s.cuts = more.cuts
	return true
}

// longLoop is how many steps a verifier takes one by one rather than have addresses wasted.
const longLoop = 1 << 10

// fields lists the digits from the lowest: what one step of it is in numbers, and its bits.
func (s *space) fields(yield func(step, width int)) {
	step := 1
	for _, c := range append(s.cuts[:len(s.cuts):len(s.cuts)], s.size) {
		n := (c + step - 1) / step
		yield(step, bits.Len(uint(n-1)))
		step = c
	}
}

// padded returns the number of addresses, a power of two.
func (s *space) padded() int {
	n := 0
	s.fields(func(_, width int) { n += width })
	return 1 << n
}

// address returns an element's address; elements from size on, as far as their highest digit goes, have
// addresses too, which hold nothing.
func (s *space) address(i int) int {
	if s.at == nil && s.padded() <= math.MaxInt32 {
		s.tabulate()
	}
	if i >= s.size || s.at == nil {
		return s.base + s.local(i)
	}
	return s.base + int(s.at[i])
}

// tabulate fills at: what is below a cut has the addresses of the digits below, moved by each of the
// next one's values.
func (s *space) tabulate() {
	s.at = make([]int32, s.size)
	step, place := 1, 0
	for _, c := range append(s.cuts[:len(s.cuts):len(s.cuts)], s.size) {
		for i := step; i < c; i += step {
			for k := range min(step, c-i) {
				s.at[i+k] = s.at[k] + int32(i/step<<place)
			}
		}
		place += bits.Len(uint((c+step-1)/step - 1))
		step = c
	}
}

// local is an address from base.
func (s *space) local(i int) (at int) {
	place, rest, last := 0, i, 1
	s.fields(func(step, width int) {
		if step > 1 {
			at += rest / last % (step / last) << place
			place += bits.Len(uint(step/last - 1))
			last = step
		}
	})
	return at + rest/last<<place
}

// holds reports whether n elements have addresses among the padded ones.
func (s *space) holds(n int) bool {
	most := 0
	s.fields(func(step, width int) { most = step << width })
	return n <= most
}

// bitsFrom returns the bits of an address that belong to digits from a cut on, which is one.
func (s *space) bitsFrom(cut int) (mask int) {
	place := 0
	s.fields(func(step, width int) {
		if step >= cut {
			mask |= (1<<width - 1) << place
		}
		place += width
	})
	return mask
}
