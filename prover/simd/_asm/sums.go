package main

// Sums of small multiples: the multiplier is an integer of 32 bits with a sign, a lane each, and
// the element five limbs of 52 bits. Six accumulators take what the products give each limb, less
// than 2^53 each time, and are carried by the caller.

const sumsLimbs = 6

// sumsAdd emits func(acc *uint64, w *int32, n uint64, x *[2][5]uint64): x, or where w is negative
// what follows it, its negative, times |w| is added to n times eight sums.
func sumsAdd(g *program) {
	g.function("sumsAdd", "func sumsAdd(acc *uint64, w *int32, n uint64, x *[2][5]uint64)", 32)
	g.arguments("acc", "DI", "w", "SI", "n", "CX", "x", "DX")
	x, minus, factor, sum, w := regs(16), regs(21), regs(10), regs(0), z(8)
	for i := range x {
		g.op("VPBROADCASTQ", at(8*i, "DX"), x[i])
		g.op("VPBROADCASTQ", at(8*(5+i), "DX"), minus[i])
	}
	top := z(5)
	g.loop("sumsAdd")
	g.op("VPMOVSXDQ", "(SI)", w)
	g.op("VPMOVQ2M", w, "K1")
	g.op("VPABSQ", w, w)
	g.load(mem(0, "DI"), sum)
	g.op("VMOVDQU64", at(64*5, "DI"), top)
	for i := range x {
		g.op("VPBLENDMQ", minus[i], x[i], "K1", factor[i])
	}
	for i := range factor {
		g.op("VPMADD52LUQ", factor[i], w, z(i))
	}
	for i := range factor {
		g.op("VPMADD52HUQ", factor[i], w, z(i+1))
	}
	g.store(sum, mem(0, "DI"))
	g.op("VMOVDQU64", top, at(64*5, "DI"))
	g.op("ADDQ", "$32", "SI")
	g.op("ADDQ", imm(64*sumsLimbs), "DI")
	g.next("sumsAdd")
	g.finish()
}

// sumsDot emits func(acc *[11][8]uint64, w *int32, n uint64, table *uint64): acc is the sum, lane by
// lane, over n vectors of a table's elements times w, and the sum of those whose w is negative: as
// its lower 52 bits are taken as they are, those count 2^52 times too often.
func sumsDot(g *program) {
	g.function("sumsDot", "func sumsDot(acc *[11][8]uint64, w *int32, n uint64, table *uint64)", 32)
	g.arguments("acc", "DI", "w", "SI", "n", "CX", "table", "DX")
	w, negative := z(8), 10
	for i := range sumsLimbs {
		g.op("VPXORQ", z(i), z(i), z(i))
	}
	for i := range 5 {
		g.op("VPXORQ", z(negative+i), z(negative+i), z(negative+i))
	}
	g.loop("sumsDot")
	g.op("VPMOVSXDQ", "(SI)", w)
	g.op("VPMOVQ2M", w, "K1")
	table := mem(0, "DX")
	for i := range table {
		x := z(16 + i)
		g.op("VMOVDQU64", table[i], x)
		g.op("VPMADD52LUQ", x, w, z(i))
		g.op("VPMADD52HUQ", x, w, z(i+1))
		g.op("VPADDQ", x, z(negative+i), "K1", z(negative+i))
	}
	g.op("ADDQ", "$32", "SI")
	g.next("sumsDot", "DX")
	for i := range sumsLimbs {
		g.op("VMOVDQU64", z(i), at(64*i, "DI"))
	}
	for i := range 5 {
		g.op("VMOVDQU64", z(negative+i), at(64*(sumsLimbs+i), "DI"))
	}
	g.finish()
}
