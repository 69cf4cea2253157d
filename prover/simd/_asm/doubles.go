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
