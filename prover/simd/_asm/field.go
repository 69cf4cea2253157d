package main

import "math/big"

// A field element is five vectors of 52-bit limbs, least significant first: eight
// independent elements, one a lane. Products are Montgomery products with
// R = 2^260:
//
//	mul(a, b) ≡ a·b/2^260 (mod p),  mul(a, b) < a·b/2^260 + 1.2p
//
// for a, b < 2^260 with limbs below 2^52. As 2^260 > 84p, sums of a few
// elements need no reduction before they are multiplied.
//
// Registers, throughout:
const (
	acc   = 0  // Z0-Z9: the limbs of a double-length product; scratch
	fold  = 10 // Z10-Z14: (k·p+1)/2^52, k = -1/p mod 2^52
	prime = 15 // Z15-Z19: p
	mask  = 20 // Z20: 2^52-1 in every lane
	opA   = 21 // Z21-Z25: an element
	opB   = 26 // Z26-Z30: an element
	tmp   = 31
)

// field holds the constants of one prime of at most 254 bits.
type field struct {
	name string
	p    *big.Int
}

// tables emits the constants: p, 2p, 4p, fold, 2^260 mod p, the mask and -1/p.
func (f *field) tables(g *program) {
	two52 := new(big.Int).Lsh(big.NewInt(1), 52)
	k := new(big.Int).ModInverse(f.p, two52)
	k.Sub(two52, k)
	friendly := new(big.Int).Mul(k, f.p)
	friendly.Add(friendly, big.NewInt(1)).Rsh(friendly, 52)
	one := new(big.Int).Lsh(big.NewInt(1), 260)
	one.Mod(one, f.p)
	g.table(f.name+"Prime", limbs(f.p, 5)...)
	g.table(f.name+"Prime2", limbs(new(big.Int).Lsh(f.p, 1), 5)...)
	g.table(f.name+"Prime4", limbs(new(big.Int).Lsh(f.p, 2), 5)...)
	g.table(f.name+"Fold", limbs(friendly, 5)...)
	g.table(f.name+"One", limbs(one, 5)...)
	g.table(f.name+"Misc", 1<<52-1, k.Uint64(), 1)
}

// constants loads the registers that hold constants.
func (f *field) constants(g *program) {
	for i := range 5 {
		g.op("VPBROADCASTQ", word(f.name+"Fold", i), z(fold+i))
		g.op("VPBROADCASTQ", word(f.name+"Prime", i), z(prime+i))
	}
	g.op("VPBROADCASTQ", word(f.name+"Misc", 0), z(mask))
}

// element names the five limbs of an element.
type element [5]string

// regs is the element in five registers from first on.
func regs(first int) (e element) {
	for i := range e {
		e[i] = z(first + i)
	}
	return e
}

// mem is the element stored at a displacement from a register.
func mem(disp int, reg string) (e element) {
	for i := range e {
		e[i] = at(disp+64*i, reg)
	}
	return e
}

func (e element) inMemory() bool { return e[0][0] != 'Z' }

// load and store move an element between registers and memory.
func (g *program) load(src, dst element) {
	for i := range src {
		g.op("VMOVDQU64", src[i], dst[i])
	}
}

func (g *program) store(src, dst element) { g.load(src, dst) }

// mul leaves a·b/2^260 in Z5-Z9, with limbs that are not normalised. It uses
// Z0-Z9 and tmp; a and b may be anywhere else.
func (f *field) mul(g *program, a, b element) {
	g.clearProduct()
	g.addProduct(a, b)
	f.reduce(g)
}

func (g *program) clearProduct() {
	for i := range 10 {
		g.op("VPXORQ", z(acc+i), z(acc+i), z(acc+i))
	}
}

// addProduct adds a·b to the product in Z0-Z9.
func (g *program) addProduct(a, b element) {
	for i := range a {
		ai := a[i]
		if a.inMemory() {
			g.op("VMOVDQU64", a[i], z(tmp))
			ai = z(tmp)
		}
		for j := range b {
			g.op("VPMADD52LUQ", b[j], ai, z(acc+i+j))
		}
		for j := range b {
			g.op("VPMADD52HUQ", b[j], ai, z(acc+i+j+1))
		}
	}
}

// square is mul(a, a) for a in registers, with fewer products: those off the
// diagonal are doubled in the accumulators.
func (f *field) square(g *program, a element) {
	g.clearProduct()
	for i := range a {
		for j := i + 1; j < 5; j++ {
			g.op("VPMADD52LUQ", a[j], a[i], z(acc+i+j))
			g.op("VPMADD52HUQ", a[j], a[i], z(acc+i+j+1))
		}
	}
	for i := 1; i < 9; i++ {
		g.op("VPADDQ", z(acc+i), z(acc+i), z(acc+i))
	}
	for i := range a {
		g.op("VPMADD52LUQ", a[i], a[i], z(acc+2*i))
		g.op("VPMADD52HUQ", a[i], a[i], z(acc+2*i+1))
	}
	f.reduce(g)
}

// reduce divides the product in Z0-Z9 by 2^260 modulo p.
//
// To clear limb t, one adds t·k·p = t·2^52·fold - t: the limb itself is the
// multiplier. The multiple of p so added must not grow the result, so the last
// limb is cleared with the least multiple, (t·k mod 2^52)·p. The four multiples
// before it add less than 2^(4·52)·k·p/2^260 < 0.2p in all, as k < 0.13·2^52
// for both of the curve's primes.
func (f *field) reduce(g *program) {
	for r := range 4 {
		g.op("VPSRLQ", "$52", z(acc+r), z(tmp))
		g.op("VPADDQ", z(tmp), z(acc+r+1), z(acc+r+1))
		for j := range 5 {
			g.op("VPMADD52LUQ", z(fold+j), z(acc+r), z(acc+r+1+j))
		}
		for j := range 5 {
			g.op("VPMADD52HUQ", z(fold+j), z(acc+r), z(acc+r+2+j))
		}
	}
	g.op("VPXORQ", z(tmp), z(tmp), z(tmp))
	g.op("VPMADD52LUQ.BCST", word(f.name+"Misc", 1), z(acc+4), z(tmp))
	for j := range 5 {
		g.op("VPMADD52LUQ", z(prime+j), z(tmp), z(acc+4+j))
	}
	for j := range 5 {
		g.op("VPMADD52HUQ", z(prime+j), z(tmp), z(acc+5+j))
	}
	g.op("VPSRLQ", "$52", z(acc+4), z(acc+4))
	g.op("VPADDQ", z(acc+4), z(acc+5), z(acc+5))
}

// carry normalises the signed limbs of a non-negative element, from src to dst,
// which may be the same registers. It uses tmp.
func (g *program) carry(src, dst element) {
	for i := range 4 {
		g.op("VPSRAQ", "$52", src[i], z(tmp))
		g.op("VPANDQ", z(mask), src[i], dst[i])
		g.op("VPADDQ", z(tmp), src[i+1], src[i+1])
	}
	if src[4] != dst[4] {
		g.op("VMOVDQA64", src[4], dst[4])
	}
}

// canonical reduces an element in registers, 0 ≤ e < 4p with signed limbs, to
// [0, p) with normalised limbs. It uses the five registers free, tmp, K3.
func (f *field) canonical(g *program, e, free element) {
	for _, table := range []string{"Prime2", "Prime"} {
		for i := range e {
			g.op("VPSUBQ.BCST", word(f.name+table, i), e[i], free[i])
		}
		g.op("VPSRAQ", "$52", free[0], z(tmp))
		for i := 1; i < 4; i++ {
			g.op("VPADDQ", free[i], z(tmp), z(tmp))
			g.op("VPSRAQ", "$52", z(tmp), z(tmp))
		}
		g.op("VPADDQ", free[4], z(tmp), z(tmp))
		g.op("VPMOVQ2M", z(tmp), "K3") // the lanes in which the difference is negative
		g.op("KNOTB", "K3", "K3")
		for i := range e {
			g.op("VMOVDQA64", free[i], "K3", e[i])
		}
	}
	g.carry(e, e)
}

// limb extracts limb i of elements stored as four words of 64 bits.
func (g *program) limb(words [4]string, i int, dst string) {
	switch i {
	case 0:
		g.op("VPANDQ", z(mask), words[0], dst)
	case 4:
		g.op("VPSRLQ", "$16", words[3], dst)
	default:
		g.op("VPSHRDQ", imm(64-12*i), words[i], words[i-1], dst)
		g.op("VPANDQ", z(mask), dst, dst)
	}
}

// pack is the inverse of limb, for all words of a normalised element. It uses tmp.
func (g *program) pack(e element, words [4]string) {
	for i := range 4 {
		g.op("VPSLLQ", imm(52-12*i), e[i+1], z(tmp))
		if i == 0 {
			g.op("VPORQ", z(tmp), e[0], words[0])
			continue
		}
		g.op("VPSRLQ", imm(12*i), e[i], words[i])
		g.op("VPORQ", z(tmp), words[i], words[i])
	}
}

func words(first int) (w [4]string) {
	for i := range w {
		w[i] = z(first + i)
	}
	return w
}
