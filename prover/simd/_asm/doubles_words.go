package main

import "math/big"

// Words of 64 bits, in which gnark-crypto keeps elements, to limbs of doubles and back.

// load4 loads an element of four lanes, transposed: word i of lane l in register to+i, lane l.
// Lane l is at base + its offset register + disp.
func (g *program) load4(base string, offsets [4]string, disp, to int, free [4]string) {
	src := func(l, d int) string { return at(disp+d, base) + "(" + offsets[l] + "*1)" }
	for half := range 2 {
		for l := range 2 {
			r := free[2*half+l]
			g.op("VMOVUPD", src(l, 16*half), "X"+r[1:])
			g.op("VINSERTF128", "$1", src(l+2, 16*half), r, r)
		}
		g.op("VUNPCKLPD", free[2*half+1], free[2*half], y(to+2*half))
		g.op("VUNPCKHPD", free[2*half+1], free[2*half], y(to+2*half+1))
	}
}

// store4 is the inverse of load4, from registers that it overwrites, with free ones.
func (g *program) store4(words [4]string, base string, offsets [4]string, disp int, free [2]string) {
	for half := range 2 {
		a, b := words[2*half], words[2*half+1]
		g.op("VUNPCKLPD", b, a, free[0])
		g.op("VUNPCKHPD", b, a, free[1])
		for l := range 2 {
			r := free[l]
			g.op("VMOVUPD", "X"+r[1:], at(disp+16*half, base)+"("+offsets[l]+"*1)")
			g.op("VEXTRACTF128", "$1", r, at(disp+16*half, base)+"("+offsets[l+2]+"*1)")
		}
	}
}

// double51 turns limb i of elements in words into the double 2^52 + limb; free is a register.
func (g *program) double51(words [4]string, i int, dst, free string) {
	switch i {
	case 0:
		g.op("VPAND", constant(limbMask51), words[0], dst)
	case 4:
		g.op("VPSRLQ", "$12", words[3], dst)
	default:
		g.op("VPSRLQ", imm(64-13*i), words[i-1], free)
		g.op("VPSLLQ", imm(13*i), words[i], dst)
		g.op("VPOR", free, dst, dst)
		g.op("VPAND", constant(limbMask51), dst, dst)
	}
	g.op("VPOR", constant(exponent), dst, dst)
}

// unsigned bounds the limbs of an element below p as it is stored.
func (f *doubles) unsigned() (l [5]*big.Int) {
	for i := range 4 {
		l[i] = power(51)
	}
	l[4] = new(big.Int).Add(new(big.Int).Rsh(f.p, 204), big.NewInt(1))
	return l
}

// toModulus brings a balanced element in registers below p, or within 2^-48·p of that: it takes
// away the nearest multiple of p to the element less p/2, which the last limb tells; the others
// change the quotient by 2^-49 at most.
func (f *doubles) toModulus(g *program, n operand, free string) operand {
	limit := new(big.Int).Lsh(f.p, 3)
	exact(n.value, limit, "an element to reduce")
	f.quotient(g, n, free, minusHalf)
	n.value = new(big.Int).Add(f.p, new(big.Int).Rsh(f.p, 48))
	return g.normalize(n, free)
}

// toHalf is toModulus for the nearest multiple to the element itself: what is left is p/2 in
// size at most.
func (f *doubles) toHalf(g *program, n operand, free string) operand {
	exact(n.value, new(big.Int).Lsh(f.p, 3), "an element to reduce")
	f.quotient(g, n, free, "")
	n.value = new(big.Int).Rsh(f.p, 1)
	n.value.Add(n.value, new(big.Int).Rsh(f.p, 47))
	return n
}

// quotient subtracts a multiple of p, round(n/p + shift) times, limb by limb.
func (f *doubles) quotient(g *program, n operand, free, shift string) {
	times := new(big.Int).Add(n.value, new(big.Int).Rsh(f.p, 40))
	times.Div(times, f.p).Add(times, big.NewInt(1))
	g.op("VMOVUPD", constant(f.name+"Quotient"), free)
	if shift == "" {
		g.op("VFMADD213PD", constant(magic), n.at[4], free)
	} else {
		g.op("VFMADD213PD", constant(shift), n.at[4], free)
		g.op("VADDPD", constant(magic), free, free)
	}
	g.op("VSUBPD", constant(magic), free, free)
	for i := range n.at {
		if n.limb[i] = new(big.Int).Add(n.limb[i], new(big.Int).Mul(times, new(big.Int).Abs(f.prime[i]))); i == 4 {
			// The remainder, below 2p, less what the other limbs, below 2^54, add up to.
			n.limb[i] = new(big.Int).Rsh(f.p, 203)
			n.limb[i].Add(n.limb[i], big.NewInt(16))
		}
		exact(n.limb[i], exactSum, "a limb of a remainder")
		g.op("VFNMADD231PD", f.constant("Prime", i), free, n.at[i])
	}
}

// pack turns an element that toModulus left into words, in the first four of its registers, and
// returns these. In lanes where it is not in [0, p) the words are those modulo 2^256; flags, a
// general register, receives a bit for each such lane, and may for one that is.
func (f *doubles) pack(g *program, n operand, free [2]string, flags string) (words [4]string) {
	l, t := n.at, free[0]
	for i, bias := range []string{"toFirstWord", "toNextWord", "toNextWord", "toNextWord", "toLastWord"} {
		exact(n.limb[i], power(51), "a limb to convert")
		g.op("VADDPD", constant(magic), l[i], l[i])
		g.op("VPADDQ", constant(bias), l[i], l[i])
	}
	for i := range 4 {
		g.op("VPSRLQ", "$51", l[i], t)
		g.op("VPADDQ", t, l[i+1], l[i+1])
		g.op("VPAND", constant(limbMask51), l[i], l[i])
	}
	// An element of [0, p) has a last limb from 0 to p's; one below p's is certain.
	g.op("VPCMPGTQ", constant(f.name+"Top"), l[4], t)
	g.op("VPOR", l[4], t, t)
	g.op("VMOVMSKPD", t, flags)
	for i := range 4 {
		g.op("VPSLLQ", imm(51-13*i), l[i+1], t)
		if i > 0 {
			g.op("VPSRLQ", imm(13*i), l[i], l[i])
		}
		g.op("VPOR", t, l[i], l[i])
		words[i] = l[i]
	}
	return words
}

// kernel opens a function that needs to round to nearest, as is the rule: where another mode is
// set it sets this one, and closeKernel restores the other.
func (g *program) kernel(name, doc string, args int) {
	g.Builder.WriteString("\n// " + doc + "\n")
	g.Builder.WriteString("TEXT ·" + name + "(SB), NOSPLIT, $16-" + imm(args)[1:] + "\n")
	g.op("STMXCSR", "saved-8(SP)")
	g.op("MOVL", "saved-8(SP)", "AX")
	g.op("ANDL", "$0xffff9fff", "AX")
	g.op("MOVL", "AX", "nearest-16(SP)")
	g.op("LDMXCSR", "nearest-16(SP)")
}

// swapControl emits a function that sets MXCSR and returns what it was, for the test of this.
func swapControl(g *program) {
	g.function("swapControl", "func swapControl(word uint32) (old uint32)", 12)
	g.op("STMXCSR", "old+8(FP)")
	g.op("LDMXCSR", "word+0(FP)")
	g.op("RET")
}

func (g *program) closeKernel() {
	g.op("LDMXCSR", "saved-8(SP)")
	g.finish()
}
