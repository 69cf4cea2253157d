package main

import "math/big"

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
