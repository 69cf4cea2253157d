package main

import (
	"fmt"
	"math"
	"math/big"
)

// Without AVX-512 IFMA the fastest multipliers are those of doubles. A field element is then
// five vectors of four doubles: integers l of 51 bits with a sign, Σ l_i·2^(51·i), four
// independent elements, one a lane. Products are Montgomery products with R = 2^255:
//
//	mul(a, b) ≡ a·b/2^255 (mod p),  |mul(a, b)| < |a·b|/2^255 + p
//
// A product x·y of two limbs is split by fused multiply-adds that round to nearest: with
// C = 1.5·2^103, whose last place is 2^51,
//
//	h' = h + x·y, rounded    h starts as C; d = h' - h is exact, a multiple of 2^51
//	l = x·y - d              exact, |l| ≤ 2^50
//
// so that a chain of h collects the upper parts of a column of products, and a sum of l the lower
// ones. Every double must be exact for this: h has to stay between 2^103 and 2^104, sums of lower
// parts below 2^53. The generator proves it: it knows a bound of every limb, refuses to emit an
// operation that could round where it must not, and starts a new chain, or carries, where the
// bound asks for it.

// doubles holds the constants of a prime.
type doubles struct {
	name  string
	p     *big.Int
	k     *big.Int    // -1/p mod 2^51, balanced
	fold  [5]*big.Int // limbs of (k·p+1)/2^51
	prime [5]*big.Int
}

var (
	maxCarry  = big.NewInt(16)
	limbHalf  = power(50)                            // the size of a limb that has been rounded
	loose     = new(big.Int).Add(limbHalf, maxCarry) // and of one to which the carry was added
	exactSum  = power(53)                            // integers up to it are doubles
	chainSpan = power(102)
)

func power(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

func newDoubles(f *field) *doubles {
	d := &doubles{name: f.name + "Doubles", p: f.p}
	base := power(51)
	d.k = new(big.Int).ModInverse(f.p, base)
	d.k.Sub(base, d.k)
	if d.k.Cmp(limbHalf) > 0 {
		d.k.Sub(d.k, base)
	}
	fold := new(big.Int).Mul(d.k, f.p)
	d.fold = balanced(fold.Add(fold, big.NewInt(1)).Rsh(fold, 51))
	d.prime = balanced(f.p)
	return d
}

// balanced splits x into limbs of 51 bits in [-2^50, 2^50); the last takes what is left.
func balanced(x *big.Int) (l [5]*big.Int) {
	rest := new(big.Int).Set(x)
	for i := range 4 {
		l[i] = new(big.Int).And(rest, new(big.Int).Sub(power(51), big.NewInt(1)))
		if l[i].Cmp(limbHalf) >= 0 {
			l[i].Sub(l[i], power(51))
		}
		rest.Sub(rest, l[i]).Rsh(rest, 51)
	}
	l[4] = rest
	return l
}

// Names of vectors of one constant, after the prime's name where they depend on it.
const (
	chainStart = "splitStart"  // C
	magic      = "roundMagic"  // 1.5·2^52: adding it rounds to an integer
	down51     = "shiftDown51" // 2^-51
	up51       = "shiftUp51"   // 2^51
	offset     = "limbOffset"  // 2^52
	exponent   = "limbExponent"
	limbMask51 = "limbMask51"
	minusHalf  = "minusHalf"
	oneDouble  = "oneDouble"
)

// vector emits a vector of one word.
func (g *program) vector(name string, word uint64) { g.table(name, word, word, word, word) }

func (g *program) double(name string, v float64) { g.vector(name, math.Float64bits(v)) }

// sharedTables emits the constants that do not depend on the prime.
func sharedTables(g *program) {
	g.double(chainStart, math.Ldexp(1.5, 103))
	g.double(magic, math.Ldexp(1.5, 52))
	g.double(down51, math.Ldexp(1, -51))
	g.double(up51, math.Ldexp(1, 51))
	g.double(offset, math.Ldexp(1, 52))
	g.vector(exponent, math.Float64bits(math.Ldexp(1, 52)))
	g.vector(limbMask51, 1<<51-1)
	g.double(minusHalf, -0.5)
	g.double(oneDouble, 1)
	// From the bits of l + 1.5·2^52 to l + 2^52, which is positive; of the next limb to that less
	// the 2 that the one before has too many; of the last to l - 2.
	bits := math.Float64bits(math.Ldexp(1.5, 52))
	g.vector("toFirstWord", 1<<52-bits)
	g.vector("toNextWord", 1<<52-2-bits)
	g.vector("toLastWord", ^uint64(1)-bits)
}

// tables emits the constants of the prime.
func (f *doubles) tables(g *program) {
	limbs := func(name string, l [5]*big.Int) {
		for i := range l {
			v, _ := new(big.Float).SetInt(l[i]).Float64()
			g.double(fmt.Sprintf("%s%s%d", f.name, name, i), v)
		}
	}
	limbs("Fold", f.fold)
	limbs("Prime", f.prime)
	limbs("One", balanced(new(big.Int).Mod(power(255), f.p)))
	k, _ := new(big.Float).SetInt(f.k).Float64()
	g.double(f.name+"K", k)
	inverse, _ := new(big.Rat).SetFrac(power(204), f.p).Float64()
	g.double(f.name+"Quotient", inverse)
	g.vector(f.name+"Top", new(big.Int).Rsh(f.p, 204).Uint64()-1)
}

// halfTable emits 2^254 mod p, centred: mul by it halves.
func (f *doubles) halfTable(g *program) {
	half := power(254)
	half.Mod(half, f.p)
	if new(big.Int).Lsh(half, 1).Cmp(f.p) > 0 {
		half.Sub(half, f.p)
	}
	for i, l := range balanced(half) {
		v, _ := new(big.Float).SetInt(l).Float64()
		g.double(fmt.Sprintf("%sHalf%d", f.name, i), v)
	}
}

func constant(name string) string { return fmt.Sprintf("·%s+0(SB)", name) }

func (f *doubles) constant(name string, i int) string {
	return constant(fmt.Sprintf("%s%s%d", f.name, name, i))
}

// operand is an element: where its limbs are, and bounds of their sizes and of its own.
type operand struct {
	at    [5]string
	limb  [5]*big.Int
	value *big.Int
}

// bounded is a balanced element below a multiple of p in size, which is given in eighths.
func (f *doubles) bounded(at [5]string, eighths int64) operand {
	v := new(big.Int).Mul(f.p, big.NewInt(eighths))
	return operand{at: at, limb: balancedBounds(v.Rsh(v, 3)), value: v}
}

// balancedBounds bounds the limbs of a balanced element below v in size.
func balancedBounds(v *big.Int) (l [5]*big.Int) {
	for i := range 4 {
		l[i] = loose
	}
	l[4] = new(big.Int).Add(new(big.Int).Rsh(v, 204), big.NewInt(2))
	return l
}

// within is n with the bounds of f.bounded, which n's must not exceed.
func (f *doubles) within(n operand, eighths int64) operand {
	out := f.bounded(n.at, eighths)
	for i := range n.limb {
		exact(n.limb[i], out.limb[i], "a limb past its bound")
	}
	exact(n.value, out.value, "an element past its bound")
	return out
}

// exact stops the generator where an integer could be larger than it may be.
func exact(v, limit *big.Int, what string) {
	if v.Cmp(limit) > 0 {
		panic(fmt.Sprintf("%s: %v > %v", what, v, limit))
	}
}

// fits reports whether a sum of integers of these sizes is exact.
func fits(a, b *big.Int) bool { return new(big.Int).Add(a, b).Cmp(exactSum) <= 0 }

func ymm(first int) (r [5]string) {
	for i := range r {
		r[i] = y(first + i)
	}
	return r
}

// place is the element stored at a displacement from a register.
func place(disp int, reg string) (m [5]string) {
	for i := range m {
		m[i] = at(disp+32*i, reg)
	}
	return m
}

func inMemory(operand string) bool { return operand[0] != 'Y' }

// move copies an element.
func (g *program) move(n operand, to [5]string) operand {
	for i := range to {
		g.op("VMOVUPD", n.at[i], to[i])
	}
	n.at = to
	return n
}

// product is x·y or its negative.
type product struct {
	x, y     string // x in memory, y anywhere
	size     *big.Int
	negative bool
}

// columns lists the products of a·b, or -a·b, by column; a is in memory.
func columns(a, b operand, negative bool) (c [9][]product) {
	for i := range 5 {
		for j := range 5 {
			c[i+j] = append(c[i+j], product{a.at[i], b.at[j], new(big.Int).Mul(a.limb[i], b.limb[j]), negative})
		}
	}
	return c
}

// squares lists those of a², where twice holds 2a. Both are in memory, and a in registers too.
func squares(a, registers, twice operand) (c [9][]product) {
	for i := range 5 {
		for j := i; j < 5; j++ {
			x := twice
			if i == j {
				x = a
			}
			c[i+j] = append(c[i+j], product{x: x.at[i], y: registers.at[j], size: new(big.Int).Mul(x.limb[i], a.limb[j])})
		}
	}
	return c
}

func size(a, b operand) *big.Int { return new(big.Int).Mul(a.value, b.value) }

// reducer emits one Montgomery product.
type reducer struct {
	g    *program
	free []string // registers

	chain    string // h, "" if none has begun
	span     *big.Int
	low      string // the sum of the lower parts of a column
	lowSize  *big.Int
	high     string // what chains before this one collected
	carry    string // to the next column
	carries  *big.Int
	highSize *big.Int
}

func (r *reducer) take() string {
	x := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	return x
}

func (r *reducer) give(x string) {
	if x != "" {
		r.free = append(r.free, x)
	}
}

// split adds a product's upper part to the chain and returns the register of its lower part.
func (r *reducer) split(p product) string {
	if r.chain != "" && new(big.Int).Add(r.span, p.size).Cmp(chainSpan) > 0 {
		r.endChain()
	}
	exact(p.size, chainSpan, "a product")
	multiply, rest := "VFMADD213PD", "VFMSUB231PD"
	if p.negative {
		multiply, rest = "VFNMADD213PD", "VFNMSUB231PD"
	}
	factor, loaded := p.y, ""
	if inMemory(p.y) {
		loaded = r.take()
		factor = loaded
		r.g.op("VMOVUPD", p.y, factor)
	}
	next := r.take()
	r.g.op("VMOVUPD", p.x, next)
	d := r.chain
	if d == "" {
		d = r.take()
		r.span = new(big.Int)
		r.g.op(multiply, constant(chainStart), factor, next)
		r.g.op("VSUBPD", constant(chainStart), next, d)
	} else {
		r.g.op(multiply, d, factor, next)
		r.g.op("VSUBPD", d, next, d)
	}
	r.g.op(rest, p.x, factor, d)
	r.give(loaded)
	r.chain, r.span = next, new(big.Int).Add(r.span, p.size)
	return d
}

// endChain adds what the chain collected to high.
func (r *reducer) endChain() {
	r.g.op("VSUBPD", constant(chainStart), r.chain, r.chain)
	if r.high == "" {
		r.high, r.highSize = r.chain, r.span
	} else {
		r.g.op("VADDPD", r.chain, r.high, r.high)
		r.highSize = new(big.Int).Add(r.highSize, r.span)
		r.give(r.chain)
	}
	exact(r.highSize, power(104), "upper parts")
	r.chain = ""
}

// lowPart bounds a product's lower part.
func lowPart(p product) *big.Int {
	if p.size.Cmp(limbHalf) < 0 {
		return p.size
	}
	return limbHalf
}

// add adds a product to the column.
func (r *reducer) add(p product) {
	d := r.split(p)
	if r.low == "" {
		r.low, r.lowSize = d, lowPart(p)
		return
	}
	r.g.op("VADDPD", d, r.low, r.low)
	r.give(d)
	r.lowSize = new(big.Int).Add(r.lowSize, lowPart(p))
	exact(r.lowSize, exactSum, "lower parts")
}

// round splits the column into a balanced digit, which stays, and a carry.
func (r *reducer) round() {
	q := r.take()
	r.g.op("VMOVUPD", constant(down51), q)
	r.g.op("VFMADD213PD", constant(magic), r.low, q)
	r.g.op("VSUBPD", constant(magic), q, q)
	r.g.op("VFNMADD231PD", constant(up51), q, r.low)
	quotient := new(big.Int).Add(r.lowSize, limbHalf)
	quotient.Rsh(quotient, 51)
	if r.carry == "" {
		r.carry, r.carries = q, quotient
	} else {
		r.g.op("VADDPD", q, r.carry, r.carry)
		r.carries = new(big.Int).Add(r.carries, quotient)
		r.give(q)
	}
	r.lowSize = limbHalf
}

// mul emits the Montgomery product of the columns' sum, whose size is below value, into registers:
// balanced limbs. It may use all registers but those of factors that later columns need.
func (f *doubles) mul(g *program, value *big.Int, sums ...[9][]product) operand {
	factors := map[string]int{} // the last column of each register in use
	for _, s := range sums {
		for k := range s {
			for _, p := range s[k] {
				if !inMemory(p.y) {
					factors[p.y] = k
				}
			}
		}
	}
	r := &reducer{g: g}
	for i := range 16 {
		if _, used := factors[y(i)]; !used {
			r.give(y(i))
		}
	}
	var out operand
	var digits [5]string // m_0 … m_3, and the multiple for the last
	digitSize := new(big.Int).Add(loose, limbHalf)
	high, highSize, carry := "", new(big.Int), "" // from the column before
	for k := range 9 {
		var before, after []product
		for _, s := range sums {
			before = append(before, s[k]...)
		}
		for i := range 4 {
			if j := k - 1 - i; j >= 0 && j < 5 {
				after = append(after, product{x: f.constant("Fold", j), y: digits[i], size: new(big.Int).Mul(digitSize, new(big.Int).Abs(f.fold[j]))})
			}
		}
		if k > 4 {
			after = append(after, product{x: f.constant("Prime", k-4), y: digits[4], size: new(big.Int).Mul(limbHalf, new(big.Int).Abs(f.prime[k-4]))})
		}
		// The newest digit's lower part is left out of the rounding, which the next digit would
		// otherwise wait for.
		var newest *product
		if k > 0 && k < 5 {
			newest = &after[len(after)-1]
			after = after[:len(after)-1]
		}
		above := new(big.Int).Rsh(highSize, 51)
		rest := new(big.Int).Set(above)
		if !fits(limbHalf, above) {
			rest.Set(limbHalf)
		}
		for _, p := range after {
			rest.Add(rest, lowPart(p))
		}
		for _, p := range before {
			if r.low != "" && !fits(r.lowSize, limbHalf) {
				r.round()
			}
			r.add(p)
		}
		if !fits(r.lowSize, rest) && fits(limbHalf, rest) {
			r.round()
		}
		for _, p := range after {
			if !fits(r.lowSize, limbHalf) {
				r.round()
			}
			r.add(p)
		}
		if !fits(limbHalf, above) { // then what comes from the column before has a carry of its own
			g.op("VMULPD", constant(down51), high, high)
			low, lowSize := r.low, r.lowSize
			r.low, r.lowSize = high, above
			r.round()
			r.low, r.lowSize = low, new(big.Int).Add(lowSize, r.lowSize)
			g.op("VADDPD", high, r.low, r.low)
			r.give(high)
			high = ""
		}
		if high != "" {
			if !fits(r.lowSize, above) {
				r.round()
			}
			g.op("VFMADD231PD", constant(down51), high, r.low)
			r.give(high)
			r.lowSize = new(big.Int).Add(r.lowSize, above)
		}
		exact(r.lowSize, exactSum, "a column")
		r.round()
		if carry != "" {
			g.op("VADDPD", carry, r.low, r.low)
			r.give(carry)
		}
		if newest != nil {
			d := r.split(*newest)
			g.op("VADDPD", d, r.low, r.low)
			r.give(d)
		}
		switch {
		case k < 4:
			digits[k] = r.low
		case k == 4:
			digits[4] = f.lastDigit(r)
		default:
			out.at[k-5] = r.low
		}
		r.endChain()
		exact(r.carries, maxCarry, "a carry")
		high, highSize, carry = r.high, r.highSize, r.carry
		r.low, r.high, r.carry = "", "", ""
		for i := range 16 {
			if last, used := factors[y(i)]; used && last == k {
				r.give(y(i))
			}
		}
		if k >= 5 {
			r.give(digits[k-5])
		}
	}
	g.op("VFMADD132PD", constant(down51), carry, high)
	out.at[4] = high
	out.value = f.reduced(value)
	out.limb = balancedBounds(out.value)
	return out
}

// lastDigit takes, for the last digit m, the least multiple of p that clears it, μ = m·k mod
// 2^51, and clears it.
func (f *doubles) lastDigit(r *reducer) string {
	g, m := r.g, r.low
	h, mu := r.take(), r.take()
	g.op("VMOVUPD", constant(f.name+"K"), h)
	g.op("VFMADD213PD", constant(chainStart), m, h)
	g.op("VSUBPD", constant(chainStart), h, mu)
	g.op("VFMSUB231PD", constant(f.name+"K"), m, mu)
	r.give(h)
	d := r.split(product{x: f.constant("Prime", 0), y: mu, size: new(big.Int).Mul(limbHalf, new(big.Int).Abs(f.prime[0]))})
	g.op("VADDPD", d, m, m) // a multiple of 2^51
	g.op("VFMADD231PD", constant(down51), m, r.carry)
	r.carries = new(big.Int).Add(r.carries, big.NewInt(3))
	r.give(d)
	r.give(m)
	return mu
}

// reduced bounds the Montgomery product of integers whose product is below v in size:
//
//	(v + Σ_{r<4} m_r·2^(51·r)·|k|·p)/2^255 + |μ|·p/2^51,  |m_r| ≤ 2^51, |μ| ≤ 2^50
func (f *doubles) reduced(v *big.Int) *big.Int {
	digits := new(big.Int)
	for i := range uint(4) {
		digits.Add(digits, power(51+51*i))
	}
	sum := new(big.Int).Mul(digits, new(big.Int).Abs(f.k))
	sum.Mul(sum, f.p).Add(sum, v).Rsh(sum, 255)
	sum.Add(sum, new(big.Int).Rsh(f.p, 1))
	return sum.Add(sum, big.NewInt(2))
}

// normalize balances the limbs of an element in registers; free is a register.
func (g *program) normalize(n operand, free string) operand {
	for i := 3; i >= 0; i-- {
		exact(n.limb[i], exactSum, "a limb")
		g.op("VMOVUPD", constant(down51), free)
		g.op("VFMADD213PD", constant(magic), n.at[i], free)
		g.op("VSUBPD", constant(magic), free, free)
		g.op("VFNMADD231PD", constant(up51), free, n.at[i])
		g.op("VADDPD", free, n.at[i+1], n.at[i+1])
	}
	exact(new(big.Int).Add(n.limb[4], maxCarry), exactSum, "a limb")
	n.limb = balancedBounds(n.value)
	return n
}
