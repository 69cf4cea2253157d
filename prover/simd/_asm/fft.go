package main

import (
	"fmt"
	"math/big"
)

// A polynomial is stored as vectors of eight consecutive values, 320 bytes each;
// see field.go. Values are kept below these bounds, in multiples of the modulus:
// 4 between operations, 32 before a layer of the inverse transform, 60 in the
// forward one, in which each layer adds 2.

// loop opens a loop over CX vectors.
func (g *program) loop(label string) {
	g.op("TESTQ", "CX", "CX")
	g.op("JZ", label+"End")
	g.label(label)
}

// next closes it, after moving pointers on by one vector.
func (g *program) next(label string, pointers ...string) {
	for _, p := range pointers {
		g.op("ADDQ", imm(elementSize), p)
	}
	g.op("DECQ", "CX")
	g.op("JNZ", label)
	g.label(label + "End")
}

// arguments loads arguments, named in order, into registers.
func (g *program) arguments(namesAndRegisters ...string) {
	for i := 0; i < len(namesAndRegisters); i += 2 {
		g.op("MOVQ", fmt.Sprintf("%s+%d(FP)", namesAndRegisters[i], 4*i), namesAndRegisters[i+1])
	}
}

func (g *program) finish() {
	g.op("VZEROUPPER")
	g.op("RET")
}

func fftTables(g *program, f *field) {
	f.tables(g)
	g.table(f.name+"Prime32", limbs(new(big.Int).Lsh(f.p, 5), 5)...)
	// 2^84/(top limb of p + 1), to estimate quotients by p from the top limb
	mu := new(big.Int).Lsh(big.NewInt(1), 84)
	top := new(big.Int).Rsh(f.p, 208)
	g.table(f.name+"Mu", mu.Div(mu, top.Add(top, big.NewInt(1))).Uint64())
	// 2^264 mod p: mul by it makes up for the factor that mul of two elements
	// with words v·2^256 loses
	fix := new(big.Int).Lsh(big.NewInt(1), 264)
	g.table(f.name+"Fix", limbs(fix.Mod(fix, f.p), 5)...)
}

// load emits the conversion of elements to vectors.
func fftLoad(g *program, f *field) {
	g.function("fftLoad", "func fftLoad(dst *uint64, src *fr.Element, n uint64)", 24)
	g.arguments("dst", "DI", "src", "SI", "n", "CX")
	g.op("VPBROADCASTQ", word(f.name+"Misc", 0), z(mask))
	g.loop("load")
	for i, l := range []int{0, 1, 4, 5} {
		g.op("VMOVDQU", at(32*l, "SI"), y(i))
	}
	for i, l := range []int{2, 3, 6, 7} {
		g.op("VINSERTI64X4", "$1", at(32*l, "SI"), z(i), z(i))
	}
	g.transpose(0, opA)
	for i := range 5 {
		g.limb(words(0), i, z(tmp))
		g.op("VMOVDQU64", z(tmp), at(64*i, "DI"))
	}
	g.op("ADDQ", "$256", "SI")
	g.next("load", "DI")
	g.finish()
}

// fftStore emits the conversion back, of values below 4p.
func fftStore(g *program, f *field) {
	g.function("fftStore", "func fftStore(dst *fr.Element, src *uint64, n uint64)", 24)
	g.arguments("dst", "DI", "src", "SI", "n", "CX")
	f.constants(g)
	a := regs(opA)
	g.loop("store")
	g.load(mem(0, "SI"), a)
	f.canonical(g, a, regs(acc))
	g.pack(a, words(0))
	for odd := range 2 {
		unpack := []string{"VPUNPCKLQDQ", "VPUNPCKHQDQ"}[odd]
		g.op(unpack, z(1), z(0), z(4))
		g.op(unpack, z(3), z(2), z(5))
		for i := range 4 { // 128 bits of each register make lane 2i+odd
			g.op("VEXTRACTI64X2", imm(i), z(4), "X6")
			g.op("VEXTRACTI64X2", imm(i), z(5), "X7")
			g.op("VMOVDQU", "X6", at(32*(2*i+odd), "DI"))
			g.op("VMOVDQU", "X7", at(32*(2*i+odd)+16, "DI"))
		}
	}
	g.op("ADDQ", "$256", "DI")
	g.next("store", "SI")
	g.finish()
}

// fftMul emits a table product: dst = dst·table, the table moving on by step
// bytes a vector.
func fftMul(g *program, f *field) {
	g.function("fftMul", "func fftMul(dst, table *uint64, step, n uint64)", 32)
	g.arguments("dst", "DI", "table", "SI", "step", "DX", "n", "CX")
	f.constants(g)
	a, b := regs(opA), regs(opB)
	g.loop("mul")
	g.load(mem(0, "SI"), a)
	g.load(mem(0, "DI"), b)
	f.mul(g, b, a)
	g.carry(regs(acc+5), b)
	g.store(b, mem(0, "DI"))
	g.op("ADDQ", "DX", "SI")
	g.next("mul", "DI")
	g.finish()
}

// fftMulPoly emits the product of polynomials: dst = dst·src.
func fftMulPoly(g *program, f *field) {
	g.function("fftMulPoly", "func fftMulPoly(dst, src *uint64, n uint64)", 24)
	g.arguments("dst", "DI", "src", "SI", "n", "CX")
	f.constants(g)
	a, b := regs(opA), regs(opB)
	g.loop("mulPoly")
	g.load(mem(0, "SI"), a)
	g.load(mem(0, "DI"), b)
	f.mul(g, b, a)
	g.carry(regs(acc+5), b)
	for i := range a {
		g.op("VPBROADCASTQ", word(f.name+"Fix", i), a[i])
	}
	f.mul(g, b, a)
	g.carry(regs(acc+5), b)
	g.store(b, mem(0, "DI"))
	g.next("mulPoly", "DI", "SI")
	g.finish()
}

// fftSub emits dst = dst - src for values below 2p.
func fftSub(g *program, f *field) {
	g.function("fftSub", "func fftSub(dst, src *uint64, n uint64)", 24)
	g.arguments("dst", "DI", "src", "SI", "n", "CX")
	g.op("VPBROADCASTQ", word(f.name+"Misc", 0), z(mask))
	a := regs(opA)
	g.loop("sub")
	g.load(mem(0, "DI"), a)
	for i := range a {
		g.op("VPSUBQ", at(64*i, "SI"), a[i], a[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime2", i), a[i], a[i])
	}
	g.carry(a, a)
	g.store(a, mem(0, "DI"))
	g.next("sub", "DI", "SI")
	g.finish()
}

// fftInverseLayer emits (u, v) = (u + v, (u - v)·w), for a number of blocks of
// count values u, then count values v. The second kind also reduces u + v.
func fftInverseLayer(g *program, f *field, name string, reduceSum bool) {
	g.function(name, "func "+name+"(u, v, w *uint64, count, blocks uint64)", 40)
	g.arguments("u", "DI", "v", "SI", "w", "DX", "count", "CX", "blocks", "R8")
	g.op("MOVQ", "DX", "R9")
	g.op("MOVQ", "CX", "R10")
	g.op("IMUL3Q", imm(elementSize), "CX", "R11")
	f.constants(g)
	u, v := regs(opA), regs(opB)
	g.label(name + "Block")
	g.op("MOVQ", "R9", "DX")
	g.op("MOVQ", "R10", "CX")
	g.label(name)
	g.load(mem(0, "DI"), u)
	g.load(mem(0, "SI"), v)
	for i := range u {
		g.op("VPSUBQ", v[i], u[i], z(acc+i))
		g.op("VPADDQ", v[i], u[i], u[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime32", i), z(acc+i), v[i])
	}
	g.carry(u, u)
	g.carry(v, v)
	if reduceSum {
		f.subtractQuotient(g, u, regs(acc))
	}
	g.store(u, mem(0, "DI"))
	g.load(mem(0, "DX"), u)
	f.mul(g, v, u)
	g.carry(regs(acc+5), v)
	g.store(v, mem(0, "SI"))
	g.next(name, "DI", "SI", "DX")
	g.op("ADDQ", "R11", "DI")
	g.op("ADDQ", "R11", "SI")
	g.op("DECQ", "R8")
	g.op("JNZ", name+"Block")
	g.finish()
}

// subtractQuotient reduces a normalised element below 2^260 to less than 1.1p by
// an estimate of its quotient by p. It uses the five registers t, and tmp.
func (f *field) subtractQuotient(g *program, e, t element) {
	for i := range t {
		g.op("VPXORQ", t[i], t[i], t[i])
	}
	g.op("VPXORQ", z(tmp), z(tmp), z(tmp))
	g.op("VPMADD52HUQ.BCST", word(f.name+"Mu", 0), e[4], z(tmp))
	g.op("VPSRLQ", "$32", z(tmp), z(tmp))
	for i := range t {
		g.op("VPMADD52LUQ", z(prime+i), z(tmp), t[i])
	}
	for i := range 4 {
		g.op("VPMADD52HUQ", z(prime+i), z(tmp), t[i+1])
	}
	for i := range t {
		g.op("VPSUBQ", t[i], e[i], e[i])
	}
	g.carry(e, e)
}

// fftForwardLayer emits (u, v) = (u + v·w, u - v·w).
func fftForwardLayer(g *program, f *field) {
	g.function("fftForward", "func fftForward(u, v, w *uint64, count, blocks uint64)", 40)
	g.arguments("u", "DI", "v", "SI", "w", "DX", "count", "CX", "blocks", "R8")
	g.op("MOVQ", "DX", "R9")
	g.op("MOVQ", "CX", "R10")
	g.op("IMUL3Q", imm(elementSize), "CX", "R11")
	f.constants(g)
	a, b, product := regs(opA), regs(opB), regs(acc+5)
	g.label("forwardBlock")
	g.op("MOVQ", "R9", "DX")
	g.op("MOVQ", "R10", "CX")
	g.label("forward")
	g.load(mem(0, "SI"), a)
	g.load(mem(0, "DX"), b)
	f.mul(g, a, b)
	g.load(mem(0, "DI"), a)
	for i := range a {
		g.op("VPADDQ", product[i], a[i], b[i])
		g.op("VPSUBQ", product[i], a[i], a[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime2", i), a[i], a[i])
	}
	g.carry(b, b)
	g.store(b, mem(0, "DI"))
	g.carry(a, a)
	g.store(a, mem(0, "SI"))
	g.next("forward", "DI", "SI", "DX")
	g.op("ADDQ", "R11", "DI")
	g.op("ADDQ", "R11", "SI")
	g.op("DECQ", "R8")
	g.op("JNZ", "forwardBlock")
	g.finish()
}

// The last three layers of the inverse transform and the first three of the
// forward one work within vectors. Each exchanges lanes, adds in the lower lane
// of each pair and subtracts in the upper one; two of them multiply all lanes,
// by 1 or a root of unity.

// exchange leaves in t the element e with lanes l and l^distance exchanged.
func (g *program) exchange(distance int, e, t element) {
	for i := range e {
		switch distance {
		case 4:
			g.op("VSHUFI64X2", "$0x4e", e[i], e[i], t[i])
		case 2:
			g.op("VPERMQ", "$0x4e", e[i], t[i])
		case 1:
			g.op("VPSHUFD", "$0x4e", e[i], t[i])
		}
	}
}

// lowerLanes loads the masks of the lanes l with l & distance = 0.
func (g *program) lowerLanes() {
	for i, m := range []string{"$0x55", "$0x33", "$0x0f"} {
		g.op("MOVL", m, "AX")
		g.op("KMOVB", "AX", []string{"K1", "K2", "K4"}[i])
	}
}

// butterfly sets e to e + t in lower lanes and t - e + bound in upper ones.
func (f *field) butterfly(g *program, distance int, bound string, e, t element) {
	for i := range e {
		g.op("VPADDQ", t[i], e[i], z(tmp))
		g.op("VPSUBQ", e[i], t[i], e[i])
		g.op("VPADDQ.BCST", word(f.name+bound, i), e[i], e[i])
		g.op("VMOVDQA64", z(tmp), fmt.Sprintf("K%d", distance), e[i])
	}
	g.carry(e, e)
}

func fftInverseTail(g *program, f *field) {
	g.function("fftInverseTail", "func fftInverseTail(p, roots *uint64, n uint64)", 24)
	g.arguments("p", "DI", "roots", "SI", "n", "CX")
	f.constants(g)
	g.lowerLanes()
	e, t := regs(opA), regs(opB)
	g.loop("inverseTail")
	g.load(mem(0, "DI"), e)
	for i, distance := range []int{4, 2} {
		g.exchange(distance, e, t)
		f.butterfly(g, distance, []string{"Prime32", "Prime4"}[i], e, t)
		g.load(mem(i*elementSize, "SI"), t)
		f.mul(g, e, t)
		g.carry(regs(acc+5), e)
	}
	g.exchange(1, e, t)
	f.butterfly(g, 1, "Prime2", e, t)
	g.store(e, mem(0, "DI"))
	g.next("inverseTail", "DI")
	g.finish()
}

func fftForwardHead(g *program, f *field) {
	g.function("fftForwardHead", "func fftForwardHead(p, roots *uint64, n uint64)", 24)
	g.arguments("p", "DI", "roots", "SI", "n", "CX")
	f.constants(g)
	g.lowerLanes()
	e, t := regs(opA), regs(opB)
	g.loop("forwardHead")
	g.load(mem(0, "DI"), e)
	g.exchange(1, e, t)
	f.butterfly(g, 1, "Prime4", e, t)
	for i, distance := range []int{2, 4} {
		g.load(mem((1-i)*elementSize, "SI"), t)
		f.mul(g, e, t)
		g.carry(regs(acc+5), e)
		g.exchange(distance, e, t)
		f.butterfly(g, distance, "Prime2", e, t)
	}
	g.store(e, mem(0, "DI"))
	g.next("forwardHead", "DI")
	g.finish()
}
