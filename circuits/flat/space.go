package flat

import (
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

	at []int // address of each element, from base
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
	if c >= s.size || !s.fits(c) || s.even && s.size%c != 0 {
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

// address returns an element's address.
func (s *space) address(i int) int {
	if s.at == nil {
		s.at = s.addresses()
	}
	return s.base + s.at[i]
}

func (s *space) addresses() []int {
	at := make([]int, s.size)
	var steps, places []int
	place := 0
	s.fields(func(step, width int) {
		steps, places = append(steps, step), append(places, place)
		place += width
	})
	for i := range at {
		rest := i
		for k, step := range slices.Backward(steps) {
			at[i] += rest / step << places[k]
			rest %= step
		}
	}
	return at
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
