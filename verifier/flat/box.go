package flat

import (
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Claim names one of the linear functionals of the committed values that the verifier knows the
// value of. Every box belongs to one.
type Claim uint8

const (
	Left     Claim = iota // factors a of the products a·b = c, at the point of their slots
	Right                 // factors b
	Product               // results c
	First                 // first factors of the sums of products, at the point of their slots and that of their outputs
	Second                // second factors
	Output                // outputs of the sums of products, at their point
	Tables                // sum of the inverses of all lookups, less that of all tables' rows: zero
	Zero                  // what is zero, at a random point: public integers less what they expose, and more
	numBoxed              // claims that boxes belong to
	masking               // the polynomial that masks the first sumcheck, at its point
	hiding                // the slots that mask the second sumcheck: the last power
	numClaims
)

// Symbol says which challenge multiplies a box: [One], [Gamma] or Beta + t of table t.
type Symbol int

const (
	One   Symbol = iota
	Gamma        // combines the columns of a table
	Beta         // of table 0; the others follow
)

// Loop is a counter of a [Box], from 0 to Size-1, and how far one step of it moves the three
// addresses.
type Loop struct{ Size, Value, Slot, Side int }

// Box is a regular set of terms of one claim's functional: for all values d of the counters,
//
//	Coef · Factors[d] · challenge · eq(slots, Slot+ΣSlot·d) · eq(sides, Side+ΣSide·d) · V[Value+ΣValue·d]
//
// where eq(p, i) is the weight of index i in the multilinear extension at a point p; of sides,
// the bits in Sides only weigh. A box of constants has Value -1, and 1 in the place of V.
type Box struct {
	Claim             Claim
	Symbol            Symbol
	Coef              int64
	Value, Slot, Side int
	Sides             int // bits
	Loops             []Loop
	Factors           []int64 // nil for ones; the last loop's counter moves fastest
	Fold              int     // of a box of weights: 1 for the plan's first; else 0
}

// Constant reports whether the box is of constants.
func (b *Box) Constant() bool { return b.Value < 0 }

// Terms returns the number of terms.
func (b *Box) Terms() int {
	n := 1
	for _, l := range b.Loops {
		n *= l.Size
	}
	return n
}

// The three spaces of addresses.
const (
	values = iota
	slots
	sides
	numSpaces
)

func (l *Loop) steps() [numSpaces]int { return [numSpaces]int{l.Value, l.Slot, l.Side} }

func (b *Box) starts() [numSpaces]int { return [numSpaces]int{max(b.Value, 0), b.Slot, b.Side} }

// part is a group of loops that alone move some bits of the addresses, [lo, hi) of each space.
type part struct {
	loops  []Loop
	lo, hi [numSpaces]int
	start  [numSpaces]int // of these bits
}

// parts groups the loops so that no two groups move the same bits: the sum over the box is
// then the product of the sums over the groups. A loop of even size is one of two steps within one
// of half as many, and so on: where nothing is carried, each bit is a group.
func (b *Box) parts() []part {
	if b.Factors != nil {
		return []part{b.part(b.Loops)}
	}
	var ps []part
	for _, l := range b.Loops {
		for _, bit := range l.bits() {
			p := b.part([]Loop{bit})
			for k := 0; k < len(ps); {
				if !overlap(&p, &ps[k]) {
					k++
					continue
				}
				p = b.part(append(ps[k].loops[:len(ps[k].loops):len(ps[k].loops)], p.loops...))
				ps = append(ps[:k], ps[k+1:]...)
				k = 0
			}
			ps = append(ps, p)
		}
	}
	return ps
}

// bits splits a loop into loops of two steps, the innermost first, and the rest.
func (l Loop) bits() (out []Loop) {
	for l.Size > 2 && l.Size%2 == 0 {
		out = append(out, Loop{2, l.Value, l.Slot, l.Side})
		l = Loop{l.Size / 2, 2 * l.Value, 2 * l.Slot, 2 * l.Side}
	}
	return append(out, l)
}

// part finds the bits that loops move: from the lowest bit of a step to where no carry comes.
func (b *Box) part(loops []Loop) part {
	p := part{loops: loops}
	for s, start := range b.starts() {
		all, most := 0, 0
		for i := range loops {
			step := loops[i].steps()[s]
			if loops[i].Size > 1 {
				all |= step
			}
			most += step * (loops[i].Size - 1)
		}
		if all == 0 {
			continue
		}
		p.lo[s], p.hi[s] = bits.TrailingZeros(uint(all)), bits.Len(uint(most))
		for start&(1<<p.hi[s]-1)+most >= 1<<p.hi[s] {
			p.hi[s]++
		}
		p.start[s] = start & (1<<p.hi[s] - 1) >> p.lo[s]
	}
	return p
}

func overlap(p, q *part) bool {
	for s := range numSpaces {
		if p.lo[s] < q.hi[s] && q.lo[s] < p.hi[s] {
			return true
		}
	}
	return false
}

// movedBits returns the lowest and the highest bit, exclusive, of a space's addresses that parts move.
func movedBits(ps []part, s int) (lo, hi int) {
	for _, p := range ps {
		if p.lo[s] < p.hi[s] {
			if lo == hi {
				lo, hi = p.lo[s], p.hi[s]
			}
			lo, hi = min(lo, p.lo[s]), max(hi, p.hi[s])
		}
	}
	return lo, hi
}

// terms returns the number of products of table entries that evaluating the part takes.
func (p *part) terms() int {
	n := 1
	for i := range p.loops {
		n *= p.loops[i].Size
	}
	return n
}

// evaluator evaluates boxes, and remembers the sums over single bits.
type evaluator map[bit]fr.Element

// bit is the lowest bit of each space at its point, nil for none.
type bit struct {
	at [numSpaces]*Point
	lo [numSpaces]int
}

// eval returns the sum over the box, whose parts are known, of eq(at[values], ·)·eq(at[slots], ·)·
// eq(at[sides], ·)·Factors; a space whose point is nil counts 1.
func (e evaluator) eval(b *Box, parts []part, at [numSpaces]*Point) fr.Element {
	return e.evalBits(b, parts, at, [numSpaces]int{-1, -1, b.Sides})
}

// evalBits is eval where of each space some bits weigh.
func (e evaluator) evalBits(b *Box, parts []part, at [numSpaces]*Point, weigh [numSpaces]int) fr.Element {
	out := fr.One()
	var moved [numSpaces]int // bits that some part moves
	starts := b.starts()
	for i := range parts {
		p := &parts[i]
		sum := e.sum(p, at, b.Factors)
		out.Mul(&out, &sum)
		for s := range numSpaces {
			moved[s] |= 1<<p.hi[s] - 1<<p.lo[s]
		}
	}
	for s, p := range at {
		if p != nil {
			w := p.weight(starts[s], moved[s]|^weigh[s])
			out.Mul(&out, &w)
		}
	}
	return out
}

// sum is the sum over a part, of the bits it moves.
func (e evaluator) sum(p *part, at [numSpaces]*Point, factors []int64) fr.Element {
	single := len(p.loops) == 1 && p.loops[0].Size == 2 && factors == nil
	key := bit{at, p.lo}
	for s := range numSpaces {
		if at[s] == nil || p.lo[s] == p.hi[s] {
			key.at[s], key.lo[s] = nil, 0
		} else {
			single = single && p.hi[s] == p.lo[s]+1
		}
	}
	if !single {
		return p.sum(at, factors)
	}
	sum, known := e[key]
	if !known {
		sum = p.sum(at, nil)
		e[key] = sum
	}
	return sum
}

func (p *part) sum(at [numSpaces]*Point, factors []int64) (total fr.Element) {
	var tables [][]fr.Element
	var index []int
	steps := make([][]int, len(p.loops)) // by loop and table
	for s, point := range at {
		if point == nil || p.lo[s] == p.hi[s] {
			continue
		}
		tables = append(tables, point.Table(p.lo[s], p.hi[s]))
		index = append(index, p.start[s])
		for i := range p.loops {
			steps[i] = append(steps[i], p.loops[i].steps()[s]>>p.lo[s])
		}
	}
	if factors != nil && len(p.loops) == 1 && len(tables) == 1 {
		return slopes(tables[0], index[0], steps[0][0], factors)
	}
	n := 0
	var walk func(depth int)
	walk = func(depth int) {
		if depth == len(p.loops) {
			w := fr.One()
			if factors != nil {
				w.SetInt64(factors[n])
				n++
			}
			for t, i := range index {
				w.Mul(&w, &tables[t][i])
			}
			total.Add(&total, &w)
			return
		}
		for d := range p.loops[depth].Size {
			for t, step := range steps[depth] {
				index[t] += min(d, 1) * step
			}
			walk(depth + 1)
		}
		for t, step := range steps[depth] {
			index[t] -= (p.loops[depth].Size - 1) * step
		}
	}
	walk(0)
	return total
}

// slopes returns Σ factors[i]·table[start+i·step] by sums of the table's tails: each is multiplied by how
// much the factors grow, which is mostly little.
func slopes(table []fr.Element, start, step int, factors []int64) (total fr.Element) {
	var tail, w fr.Element
	for i := len(factors) - 1; i >= 0; i-- {
		tail.Add(&tail, &table[start+i*step])
		var before int64
		if i > 0 {
			before = factors[i-1]
		}
		switch growth := factors[i] - before; {
		case (growth < 0) != (factors[i] < before): // it is no int64
			var x fr.Element
			w.SetInt64(factors[i])
			w.Sub(&w, x.SetInt64(before)).Mul(&w, &tail)
			total.Add(&total, &w)
		case growth == 0:
		case growth == 1:
			total.Add(&total, &tail)
		case growth == -1:
			total.Sub(&total, &tail)
		default:
			total.Add(&total, w.SetInt64(growth).Mul(&w, &tail))
		}
	}
	return total
}

// contains reports whether a box of values reaches an address, or this takes more than maxSteps.
// Loops are tried from the longest step down.
func (b *Box) contains(address int, steps *int) bool {
	rest := address - b.Value
	if b.Constant() || rest < 0 {
		return false
	}
	var loops []Loop
	for _, l := range b.Loops {
		if l.Value > 0 {
			at := len(loops)
			for at > 0 && loops[at-1].Value < l.Value {
				at--
			}
			loops = append(loops[:at], append([]Loop{l}, loops[at:]...)...)
		}
	}
	return reaches(loops, rest, steps)
}

func reaches(loops []Loop, rest int, steps *int) bool {
	if *steps++; *steps > maxSteps {
		return true
	}
	if len(loops) == 0 {
		return rest == 0
	}
	most := 0 // by the others
	for _, l := range loops[1:] {
		most += l.Value * (l.Size - 1)
	}
	l := loops[0]
	for d := max(0, (rest-most+l.Value-1)/l.Value); d < l.Size && d*l.Value <= rest; d++ {
		if reaches(loops[1:], rest-d*l.Value, steps) {
			return true
		}
	}
	return false
}
