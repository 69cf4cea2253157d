package main

import (
	"math/big"
	"slices"
)

// Polynomials in vectors of doubles. The four lanes of a vector are elements a quarter of the
// polynomial apart, so that all layers but the two outermost combine vectors, with one root for
// all lanes; for these two, groups of four vectors are transposed.
//
// Elements are below these bounds in size, in eighths of the modulus; roots and tables are
// centred, below half of it.
const (
	elementSize51 = 13
	rootSize      = 4
)

// nextVector closes a loop over CX vectors, after moving pointers on by one.
func (g *program) nextVector(label string, pointers ...string) {
	for _, p := range pointers {
		g.op("ADDQ", imm(size51), p)
	}
	g.op("DECQ", "CX")
	g.op("JNZ", label)
	g.label(label + "End")
}

// lanesApart sets the offsets of four lanes that are R10 bytes apart.
func (g *program) lanesApart() {
	g.op("XORL", "AX", "AX")
	g.op("MOVQ", "R10", "R11")
	g.op("LEAQ", "(R10)(R10*1)", "R12")
	g.op("LEAQ", "(R12)(R10*1)", "R13")
}

// doublesLoad emits the conversion of elements to vectors.
func doublesLoad(g *program, f *doubles) {
	g.kernel("fftLoadDoubles", "func fftLoadDoubles(dst *uint64, src *fr.Element, apart, n uint64)", 32)
	g.arguments("dst", "DI", "src", "SI", "apart", "R10", "n", "CX")
	g.lanesApart()
	g.loop("loadDoubles")
	g.load4("SI", offsets, 0, 0, [4]string{y(8), y(9), y(10), y(11)})
	n := operand{at: ymm(8), limb: f.unsigned(), value: f.p}
	for i, r := range n.at {
		g.double51([4]string{y(0), y(1), y(2), y(3)}, i, r, y(13))
		g.op("VSUBPD", constant(offset), r, r)
	}
	g.move(g.normalize(n, y(13)), place(0, "DI"))
	g.op("ADDQ", imm(32), "SI")
	g.nextVector("loadDoubles", "DI")
	g.closeKernel()
}

// doublesStore emits the conversion back.
func doublesStore(g *program, f *doubles) {
	g.kernel("fftStoreDoubles", "func fftStoreDoubles(dst *fr.Element, src *uint64, apart, n uint64, flags *uint8)", 40)
	g.arguments("dst", "DI", "src", "SI", "apart", "R10", "n", "CX", "flags", "R9")
	g.lanesApart()
	g.loop("storeDoubles")
	n := g.move(f.bounded(place(0, "SI"), elementSize51), ymm(0))
	words := f.pack(g, f.toModulus(g, n, y(12)), [2]string{y(12), y(13)}, "R8")
	g.op("MOVB", "R8", "(R9)")
	g.store4(words, "DI", offsets, 0, [2]string{y(12), y(13)})
	g.op("ADDQ", imm(32), "DI")
	g.op("INCQ", "R9")
	g.nextVector("storeDoubles", "SI")
	g.closeKernel()
}

// doublesMul emits the product by a table, of which step bytes are taken a vector.
func doublesMul(g *program, f *doubles) {
	g.kernel("fftMulDoubles", "func fftMulDoubles(dst, table *uint64, step, n uint64)", 32)
	g.arguments("dst", "DI", "table", "SI", "step", "R10", "n", "CX")
	g.loop("mulDoubles")
	a := f.bounded(place(0, "DI"), elementSize51)
	w := g.move(f.bounded(place(0, "SI"), rootSize), ymm(0))
	g.move(f.within(f.mul(g, size(a, w), columns(a, w, false)), elementSize51), a.at)
	g.op("ADDQ", "R10", "SI")
	g.nextVector("mulDoubles", "DI")
	g.closeKernel()
}

// doublesMulPoly emits the product of polynomials: two words v·2^256 give one times 2^257, which
// a second product halves.
func doublesMulPoly(g *program, f *doubles) {
	g.kernel("fftMulPolyDoubles", "func fftMulPolyDoubles(dst, src *uint64, n uint64)", 24)
	g.arguments("dst", "DI", "src", "SI", "n", "CX")
	g.loop("mulPolyDoubles")
	a := f.bounded(place(0, "DI"), elementSize51)
	b := g.move(f.bounded(place(0, "SI"), elementSize51), ymm(0))
	twice := f.mul(g, size(a, b), columns(a, b, false))
	var half operand
	for i := range 5 {
		half.at[i] = f.constant("Half", i)
	}
	half = f.bounded(half.at, rootSize)
	g.move(f.within(f.mul(g, size(half, twice), columns(half, twice, false)), elementSize51), a.at)
	g.nextVector("mulPolyDoubles", "DI", "SI")
	g.closeKernel()
}

// doublesSub emits the difference.
func doublesSub(g *program, f *doubles) {
	g.kernel("fftSubDoubles", "func fftSubDoubles(dst, src *uint64, n uint64)", 24)
	g.arguments("dst", "DI", "src", "SI", "n", "CX")
	g.loop("subDoubles")
	a := g.move(f.bounded(place(0, "DI"), elementSize51), ymm(0))
	a = f.combine(g, "VSUBPD", a, f.bounded(place(0, "SI"), elementSize51), a.at)
	g.move(f.balance(g, a, y(15)), place(0, "DI"))
	g.nextVector("subDoubles", "DI", "SI")
	g.closeKernel()
}

// combine adds or subtracts; a is in registers.
func (f *doubles) combine(g *program, op string, a, b operand, to [5]string) operand {
	out := operand{at: to, value: new(big.Int).Add(a.value, b.value)}
	for i := range to {
		g.op(op, b.at[i], a.at[i], to[i])
		out.limb[i] = new(big.Int).Add(a.limb[i], b.limb[i])
	}
	return out
}

// balance brings an element in registers to half the modulus.
func (f *doubles) balance(g *program, n operand, free string) operand {
	return f.within(g.normalize(f.toHalf(g, n, free), free), elementSize51)
}

// doublesTranspose emits the transposition of groups of four vectors, limb by limb.
func doublesTranspose(g *program) {
	g.kernel("fftTransposeDoubles", "func fftTransposeDoubles(p *uint64, n uint64)", 16)
	g.arguments("p", "DI", "n", "CX")
	g.loop("transposeDoubles")
	for i := range 5 {
		for k := range 4 {
			g.op("VMOVUPD", at(k*size51+32*i, "DI"), y(k))
		}
		g.op("VUNPCKLPD", y(1), y(0), y(4))
		g.op("VUNPCKHPD", y(1), y(0), y(5))
		g.op("VUNPCKLPD", y(3), y(2), y(6))
		g.op("VUNPCKHPD", y(3), y(2), y(7))
		for k, r := range []int{4, 5} {
			g.op("VPERM2F128", "$0x20", y(r+2), y(r), y(8+k))
			g.op("VPERM2F128", "$0x31", y(r+2), y(r), y(10+k))
		}
		for k := range 4 {
			g.op("VMOVUPD", y(8+k), at(k*size51+32*i, "DI"))
		}
	}
	g.op("ADDQ", imm(3*size51), "DI")
	g.nextVector("transposeDoubles", "DI")
	g.closeKernel()
}

// butterflies opens the loops of a layer: count butterflies of each of some consecutive blocks. One
// root serves all lanes, or, across lanes, roots come in vectors, and vectors are four apart.
func (f *doubles) butterflies(g *program, name string, across bool, body func(u, v operand, root func(to [5]string) operand)) {
	g.kernel(name, "func "+name+"(u, v, w *uint64, count, blocks uint64)", 40)
	g.arguments("u", "DI", "v", "SI", "w", "DX", "count", "CX", "blocks", "BX")
	step, rootStep := size51, 40
	if across {
		step, rootStep = 4*size51, size51
	}
	g.op("IMUL3Q", imm(step), "CX", "R10")
	g.label(name + "Block")
	g.op("MOVQ", "CX", "R8")
	g.op("MOVQ", "DX", "R9")
	g.label(name)
	u, v := f.bounded(place(0, "DI"), elementSize51), f.bounded(place(0, "SI"), elementSize51)
	body(u, v, func(to [5]string) operand {
		for i, r := range to {
			if across {
				g.op("VMOVUPD", at(32*i, "R9"), r)
			} else {
				g.op("VBROADCASTSD", at(8*i, "R9"), r)
			}
		}
		return f.bounded(to, rootSize)
	})
	g.op("ADDQ", imm(step), "DI")
	g.op("ADDQ", imm(step), "SI")
	g.op("ADDQ", imm(rootStep), "R9")
	g.op("DECQ", "R8")
	g.op("JNZ", name)
	g.op("ADDQ", "R10", "DI")
	g.op("ADDQ", "R10", "SI")
	g.op("DECQ", "BX")
	g.op("JNZ", name+"Block")
	g.closeKernel()
}

// doublesForward emits (u, v) = (u + v·w, u - v·w).
func doublesForward(g *program, f *doubles, name string, across bool) {
	f.butterflies(g, name, across, func(u, v operand, root func([5]string) operand) {
		w := root(ymm(0))
		t := f.mul(g, size(v, w), columns(v, w, false))
		free := g.others(t.at[:])
		x := g.move(u, [5]string(free[:5]))
		x = f.toHalf(g, x, free[5])
		difference := f.combine(g, "VSUBPD", x, t, [5]string(free[5:10]))
		sum := f.combine(g, "VADDPD", x, t, x.at)
		g.move(f.within(g.normalize(difference, t.at[0]), elementSize51), v.at)
		g.move(f.within(g.normalize(sum, t.at[0]), elementSize51), u.at)
	})
}

// doublesInverse emits (u, v) = (u + v, (u - v)·w).
func doublesInverse(g *program, f *doubles, name string, across bool) {
	f.butterflies(g, name, across, func(u, v operand, root func([5]string) operand) {
		x := g.move(u, ymm(0))
		d := f.combine(g, "VSUBPD", x, v, ymm(5))
		sum := f.combine(g, "VADDPD", x, v, ymm(0))
		d = g.move(g.normalize(d, y(15)), v.at)
		g.move(f.balance(g, sum, y(15)), u.at)
		w := root(ymm(0))
		g.move(f.within(f.mul(g, size(d, w), columns(d, w, false)), elementSize51), v.at)
	})
}

// doublesPlain emits (u, v) = (u + v, u - v), both transforms' innermost layer.
func doublesPlain(g *program, f *doubles) {
	f.butterflies(g, "fftPlainDoubles", false, func(u, v operand, _ func([5]string) operand) {
		x := g.move(u, ymm(0))
		d := f.combine(g, "VSUBPD", x, v, ymm(5))
		sum := f.combine(g, "VADDPD", x, v, ymm(0))
		g.move(f.balance(g, sum, y(15)), u.at)
		g.move(f.balance(g, d, y(15)), v.at)
	})
}

// others lists the registers that are not used.
func (g *program) others(used []string) (free []string) {
	for i := range 16 {
		if !slices.Contains(used, y(i)) {
			free = append(free, y(i))
		}
	}
	return free
}
