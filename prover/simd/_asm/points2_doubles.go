package main

import "math/big"

// The passes of points2.go with doubles, over vectors of four pairs.

// Slots of the scratch space in R8; those of the coefficients of u follow.
const (
	eInverse = iota
	eMask
	eX1
	eX1u
	eY1
	eY1u
	eNum
	eNumU
	eOne
	eOneU
	eSlope
	eSlopeU
	eNorm  // 1/N
	eTwice // 2d0 and 2d1, λ0 + λ1 and 2λ0
	eTwiceU
	dWords2
	dWords2u
	slotsG2Doubles
)

// normSize bounds a norm, in eighths of p.
const normSize = 14

// An entry holds the product of the norms before it, N, d0 and d1.
const (
	headroom2 = slotsG2Doubles * size51
	entry2    = 4 * size51
)

// doublesPass1G2 emits func(a, b *G2Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8).
func doublesPass1G2(g *program, f *doubles) {
	g.kernel("addPass1G2Doubles", "func addPass1G2Doubles(a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)", 48)
	g.arguments("a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8", "masks", "R9")
	f.one(g, slot51(eInverse))
	g.op("LEAQ", at(headroom2, "R8"), "R10")
	g.label("pass1G2Doubles")
	g.prefetch51("pass1G2DoublesNoPrefetch", 7)
	masks := slot51(eMask)
	for u := range 2 {
		g.indices(0, 7)
		g.load4("SI", offsets, 32*u, 0, [4]string{y(8), y(9), y(10), y(11)})
		g.indices(4, 7)
		g.load4("DX", offsets, 32*u, 4, [4]string{y(8), y(9), y(10), y(11)})
		g.special(y(15), y(13), y(14), y(12))
		for i, r := range []string{y(15), y(13), y(14)} {
			if u == 1 {
				g.op("VPAND", masks[i], r, r)
			}
			g.op("VMOVUPD", r, masks[i])
		}
		g.move(f.difference(g), place((2+u)*size51, "R10"))
	}
	g.op("VMOVUPD", masks[0], y(15))
	g.op("VPOR", masks[1], y(15), y(15))
	g.op("VPOR", masks[2], y(15), y(15))
	g.op("VMOVMSKPD", y(15), "AX")
	g.op("MOVB", "AX", "(R9)")

	g.comment("d, or 1 in lanes left to the caller, and its norm")
	var sums [][9][]product
	total := new(big.Int)
	for u := range 2 {
		kept := f.bounded(place((2+u)*size51, "R10"), 8)
		d := g.move(kept, ymm(5*u))
		g.masked(d, y(15), u == 0)
		g.move(d, kept.at)
		twice := operand{at: slot51(eTwice + u), value: d.value}
		for i, r := range d.at {
			g.op("VADDPD", r, r, y(14))
			g.op("VMOVUPD", y(14), twice.at[i])
			twice.limb[i] = new(big.Int).Lsh(d.limb[i], 1)
		}
		sums = append(sums, squares(kept, kept, twice))
		total.Add(total, size(d, d))
	}
	norm := g.move(f.within(f.mul(g, total, sums...), normSize), place(size51, "R10"))
	f.extend(g, norm, chained2)
	g.op("ADDQ", imm(entry2), "R10")
	g.op("ADDQ", imm(4*pairSize), "BX")
	g.op("INCQ", "R9")
	g.op("DECQ", "CX")
	g.op("JNZ", "pass1G2Doubles")
	g.closeKernel()
}

// doublesPass2G2 emits func(dst, a, b *G2Affine, pairs *Pair, n uint64, scratch *uint64, flags *uint8).
func doublesPass2G2(g *program, f *doubles) {
	g.kernel("addPass2G2Doubles", "func addPass2G2Doubles(dst, a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, flags *uint8)", 56)
	g.arguments("dst", "DI", "a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8", "flags", "R9")
	g.backwards(headroom2, entry2)
	g.label("pass2G2Doubles")
	g.op("SUBQ", imm(4*pairSize), "BX")
	g.op("SUBQ", imm(entry2), "R10")

	g.comment("1/N, and the inverse without N")
	norm := f.retract(g, f.bounded(place(size51, "R10"), normSize), chained2, slot51(eNorm))
	g.comment("1/d = e - eu·u")
	var e, num [2]operand
	for u := range 2 {
		d := f.bounded(place((2+u)*size51, "R10"), 8)
		factor := g.move(norm, ymm(0))
		e[u] = g.move(f.mul(g, size(d, norm), columns(d, factor, false)), slot51(eOne+u))
	}
	for u := range 2 {
		num[u] = g.move(f.signed(g, 64+32*u, 7, slot51(eY1+u)), slot51(eNum+u))
	}

	g.comment("λ = (n + nu·u)(e - eu·u)")
	var l [2]operand
	both := func(a, b, c, d operand) *big.Int { return new(big.Int).Add(size(a, b), size(c, d)) }
	small := func(n operand) operand {
		n = g.spread(n)
		return g.normalize(f.toHalf(g, n, y(15)), y(15))
	}
	l[0] = g.move(small(f.mul(g, both(e[0], num[0], e[1], num[1]), columns(e[0], num[0], false), columns(e[1], num[1], false))), slot51(eSlope))
	l[1] = g.move(small(f.mul(g, both(e[0], num[1], e[1], num[0]), columns(e[0], num[1], false), columns(e[1], num[0], true))), slot51(eSlopeU))

	g.comment("λ² = (l + lu)(l - lu) + 2·l·lu·u")
	sum := operand{at: ymm(0), value: new(big.Int).Add(l[0].value, l[1].value)}
	difference := operand{at: ymm(5), value: sum.value}
	for i := range 5 {
		g.op("VMOVUPD", l[0].at[i], sum.at[i])
		g.op("VSUBPD", l[1].at[i], sum.at[i], difference.at[i])
		g.op("VADDPD", l[1].at[i], sum.at[i], sum.at[i])
		sum.limb[i] = new(big.Int).Add(l[0].limb[i], l[1].limb[i])
		difference.limb[i] = sum.limb[i]
	}
	sum = g.move(g.normalize(sum, y(15)), slot51(eTwice))
	difference = g.normalize(difference, y(15))
	x3 := f.abscissa(g, f.mul(g, size(sum, difference), columns(sum, difference, false)), 0, 7, slot51(eX1))
	g.keepWords(f.pack(g, x3, [2]string{y(12), y(13)}, "R14"), dWords2)
	twice := operand{at: ymm(0), value: new(big.Int).Lsh(l[0].value, 1)}
	for i := range 5 {
		g.op("VMOVUPD", l[0].at[i], twice.at[i])
		g.op("VADDPD", twice.at[i], twice.at[i], twice.at[i])
		twice.limb[i] = new(big.Int).Lsh(l[0].limb[i], 1)
	}
	twice = g.normalize(twice, y(15))
	x3 = f.abscissa(g, f.mul(g, size(l[1], twice), columns(l[1], twice, false)), 32, 7, slot51(eX1u))
	g.keepWords(f.pack(g, x3, [2]string{y(12), y(13)}, "AX"), dWords2u)
	g.op("ORL", "AX", "R14")

	g.comment("y3 = λ(x1 - x3) ∓ y1")
	left := [2]operand{f.bounded(slot51(eX1), leftSize), f.bounded(slot51(eX1u), leftSize)}
	real := f.mul(g, both(l[0], left[0], l[1], left[1]), columns(l[0], left[0], false), columns(l[1], left[1], true))
	w := f.ordinate(g, real, slot51(eY1), "AX")
	g.op("ORL", "AX", "R14")
	g.indices(8, 7)
	g.store4(w, "DI", offsets, 64, [2]string{y(12), y(13)})
	unit := f.mul(g, both(l[0], left[1], l[1], left[0]), columns(l[0], left[1], false), columns(l[1], left[0], false))
	w = f.ordinate(g, unit, slot51(eY1u), "AX")
	g.op("ORL", "AX", "R14")
	g.op("MOVB", "R14", "-1(R9)(CX*1)")
	g.indices(8, 7)
	g.store4(w, "DI", offsets, 96, [2]string{y(12), y(13)})
	for u := range 2 {
		g.store4(g.keptWords(dWords2+u), "DI", offsets, 32*u, [2]string{y(12), y(13)})
	}
	g.op("DECQ", "CX")
	g.op("JNZ", "pass2G2Doubles")
	g.closeKernel()
}
