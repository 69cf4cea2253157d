package main

import "math/big"

// The passes of points.go with doubles, over vectors of four pairs. In words v·2^256 and with
// mul(a, b) = a·b/2^255 they run as follows; pass 2 starts from R²/product, R = 2^255:
//
//	1/d = R²/ḋ     λ' = mul(ẏ2-ẏ1, 1/d) = R·λ
//	2·mul(λ', λ') = 2^256·λ²     mul(λ', ẋ1-ẋ3) = 2^256·λ(x1-x3)
const (
	size51    = 5 * 32
	headroom1 = 8 * size51 // then, for each vector, the product before it and d
	entry1    = 2 * size51
)

// Slots of the scratch space in R8.
const (
	dInverse = iota // from pass 1 the product of all d, to pass 2 its inverse
	dOne            // 1/d
	dX1
	dY1
	dSlope
	dTwice
	dWords
)

func slot51(i int) [5]string { return place(i*size51, "R8") }

// The bounds of the products of all d, or norms, and of their inverses, in eighths of p.
const (
	chained1 = 10
	chained2 = 18
)

// leftSize bounds x1 - x3, in eighths of p.
const leftSize = 17

// offsets are the registers of four points' places.
var offsets = [4]string{"AX", "R11", "R12", "R13"}

// indices leaves the byte offsets of the points that four pairs name, of 2^size bytes each, in
// offsets. index is the displacement of the index in a pair.
func (g *program) indices(index, size int) {
	for l, r := range offsets {
		g.op("MOVL", at(pairSize*l+index, "BX"), r)
		if index < 8 { // the lowest bit is the sign
			g.op("SHRL", "$1", r)
		}
		g.op("SHLQ", imm(size), r)
	}
}

// signs leaves the signs of four indices as the highest bits of a vector's lanes.
func (g *program) signs(index int, dst, free string) {
	low := func(r string) string { return "X" + r[1:] }
	for l := range 4 {
		g.op("MOVL", at(pairSize*l+index, "BX"), offsets[l])
		g.op("SHLQ", "$63", offsets[l])
	}
	g.op("VMOVQ", offsets[0], low(dst))
	g.op("VPINSRQ", "$1", offsets[1], low(dst), low(dst))
	g.op("VMOVQ", offsets[2], low(free))
	g.op("VPINSRQ", "$1", offsets[3], low(free), low(free))
	g.op("VINSERTF128", "$1", low(free), dst, dst)
}

// special leaves the lanes in which the words of two elements, Y0-Y3 and Y4-Y7, are equal, and
// those in which one or the other is zero, in three registers.
func (g *program) special(equal, zeroA, zeroB, free string) {
	g.op("VPCMPEQQ", y(0), y(4), equal)
	for i := 1; i < 4; i++ {
		g.op("VPCMPEQQ", y(i), y(4+i), free)
		g.op("VPAND", free, equal, equal)
	}
	g.op("VXORPD", free, free, free)
	for i, zero := range []string{zeroA, zeroB} {
		w := 4 * i
		g.op("VPOR", y(w), y(w+1), zero)
		g.op("VPOR", y(w+2), zero, zero)
		g.op("VPOR", y(w+3), zero, zero)
		g.op("VPCMPEQQ", free, zero, zero)
	}
}

// difference leaves x2 - x1 of words x1 in Y0-Y3 and x2 in Y4-Y7 in Y8-Y12, balanced.
func (f *doubles) difference(g *program) operand {
	d := operand{at: ymm(8), limb: f.unsigned(), value: f.p}
	for i := range 5 {
		g.double51([4]string{y(4), y(5), y(6), y(7)}, i, d.at[i], y(13))
		g.double51([4]string{y(0), y(1), y(2), y(3)}, i, y(14), y(13))
		g.op("VSUBPD", y(14), d.at[i], d.at[i])
	}
	return g.normalize(d, y(13))
}

// masked replaces an element by a constant, 1 or 0, in the lanes of a mask.
func (g *program) masked(n operand, mask string, one bool) {
	for i, r := range n.at {
		if i == 0 && one {
			g.op("VBLENDVPD", mask, constant(oneDouble), r, r)
		} else {
			g.op("VANDNPD", r, mask, r)
		}
	}
}

// prefetch51 is prefetch for four lanes.
func (g *program) prefetch51(label string, size int) {
	const ahead = 8
	g.op("CMPQ", "CX", imm(ahead))
	g.op("JLE", label)
	for l := range 4 {
		for i, base := range []string{"SI", "DX"} {
			r := []string{"AX", "R11"}[i]
			g.op("MOVL", at(pairSize*(4*ahead+l)+4*i, "BX"), r)
			g.op("SHRL", "$1", r)
			g.op("SHLQ", imm(size), r)
			g.op("PREFETCHT0", "("+base+")("+r+"*1)")
			if size == 7 {
				g.op("PREFETCHT0", "64("+base+")("+r+"*1)")
			}
		}
	}
	g.label(label)
}

// doublesPass1 emits func(a, b *G1Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8).
func doublesPass1(g *program, f *doubles) {
	g.kernel("addPass1Doubles", "func addPass1Doubles(a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)", 48)
	g.arguments("a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8", "masks", "R9")
	f.one(g, slot51(dInverse))
	g.op("LEAQ", at(headroom1, "R8"), "R10")
	g.label("pass1Doubles")
	g.prefetch51("pass1DoublesNoPrefetch", 6)
	g.indices(0, 6)
	g.load4("SI", offsets, 0, 0, [4]string{y(8), y(9), y(10), y(11)})
	g.indices(4, 6)
	g.load4("DX", offsets, 0, 4, [4]string{y(8), y(9), y(10), y(11)})

	g.comment("lanes left to the caller: x1 = x2, or x = 0, of which infinity is one case")
	g.special(y(15), y(13), y(14), y(12))
	g.op("VPOR", y(13), y(15), y(15))
	g.op("VPOR", y(14), y(15), y(15))
	g.op("VMOVMSKPD", y(15), "AX")
	g.op("MOVB", "AX", "(R9)")

	g.comment("d = x2 - x1, or 1 in those lanes")
	d := f.difference(g)
	g.masked(d, y(15), true)
	d = g.move(d, place(size51, "R10"))
	f.extend(g, d, chained1)
	g.op("ADDQ", imm(entry1), "R10")
	g.op("ADDQ", imm(4*pairSize), "BX")
	g.op("INCQ", "R9")
	g.op("DECQ", "CX")
	g.op("JNZ", "pass1Doubles")
	g.closeKernel()
}

// one stores R mod p.
func (f *doubles) one(g *program, to [5]string) {
	for i := range to {
		g.op("VMOVUPD", f.constant("One", i), y(0))
		g.op("VMOVUPD", y(0), to[i])
	}
}

// extend stores the product so far at R10, and multiplies it by d, which is in memory.
func (f *doubles) extend(g *program, d operand, chained int64) {
	product := g.move(f.bounded(slot51(dInverse), chained), ymm(0))
	g.move(product, place(0, "R10"))
	product = f.within(f.mul(g, size(d, product), columns(d, product, false)), chained)
	g.move(product, slot51(dInverse))
}

// retract returns 1/d, in registers, for the factor d of the product whose inverse is kept, and
// takes it out of that.
func (f *doubles) retract(g *program, factor operand, chained int64, to [5]string) operand {
	inverse := f.bounded(slot51(dInverse), chained)
	before := g.move(f.bounded(place(0, "R10"), chained), ymm(0))
	one := g.move(f.mul(g, size(inverse, before), columns(inverse, before, false)), to)
	factor = g.move(factor, ymm(0))
	left := f.within(f.mul(g, size(inverse, factor), columns(inverse, factor, false)), chained)
	g.move(left, slot51(dInverse))
	return one
}

// signed leaves ±y2 ∓ y1, balanced, in Y8-Y12, and ±y1 in a slot. disp is the coordinate's place
// in a point of 2^size bytes.
func (f *doubles) signed(g *program, disp, bits int, y1 [5]string) operand {
	g.indices(4, bits)
	g.load4("DX", offsets, disp, 4, [4]string{y(8), y(9), y(10), y(11)})
	g.indices(0, bits)
	g.load4("SI", offsets, disp, 0, [4]string{y(8), y(9), y(10), y(11)})
	g.signs(0, y(14), y(13))
	g.signs(4, y(15), y(13))
	d := operand{at: ymm(8), limb: f.unsigned(), value: new(big.Int).Lsh(f.p, 1)}
	for i := range 5 {
		free := y(13)
		g.double51([4]string{y(4), y(5), y(6), y(7)}, i, d.at[i], free)
		g.op("VSUBPD", constant(offset), d.at[i], d.at[i])
		g.op("VXORPD", y(15), d.at[i], d.at[i])
		// The words of y1 up to i are not needed again: Y0 is free but for limb 0.
		g.double51([4]string{y(0), y(1), y(2), y(3)}, i, free, y(max(0, i-1)))
		g.op("VSUBPD", constant(offset), free, free)
		g.op("VXORPD", y(14), free, free)
		g.op("VMOVUPD", free, y1[i])
		g.op("VSUBPD", free, d.at[i], d.at[i])
		d.limb[i] = new(big.Int).Lsh(d.limb[i], 1)
	}
	return g.normalize(d, y(13))
}

// abscissa turns 2^255·λ² into x3, below p and balanced, in place, and leaves x1 - x3, balanced,
// in a slot, which before that holds x1.
func (f *doubles) abscissa(g *program, square operand, disp, bits int, left [5]string) operand {
	n := g.spread(square)
	g.indices(0, bits)
	g.load4("SI", offsets, disp, 8, [4]string{y(12), y(13), y(14), y(15)})
	words := [4]string{y(8), y(9), y(10), y(11)}
	stored := f.unsigned()
	for i := range 5 {
		g.op("VADDPD", n.at[i], n.at[i], n.at[i])
		g.double51(words, i, y(12), y(13))
		g.op("VSUBPD", constant(offset), y(12), y(12))
		g.op("VMOVUPD", y(12), left[i])
		g.op("VSUBPD", y(12), n.at[i], n.at[i])
	}
	g.indices(4, bits)
	g.load4("DX", offsets, disp, 8, [4]string{y(12), y(13), y(14), y(15)})
	for i := range 5 {
		g.double51(words, i, y(12), y(13))
		g.op("VSUBPD", constant(offset), y(12), y(12))
		g.op("VSUBPD", y(12), n.at[i], n.at[i])
		n.limb[i] = new(big.Int).Lsh(new(big.Int).Add(n.limb[i], stored[i]), 1)
	}
	n.value = new(big.Int).Lsh(new(big.Int).Add(n.value, f.p), 1)
	n = f.toModulus(g, g.normalize(n, y(12)), y(12))
	d := operand{at: ymm(8), limb: stored, value: new(big.Int).Add(f.p, n.value)}
	for i := range 5 {
		g.op("VMOVUPD", left[i], d.at[i])
		g.op("VSUBPD", n.at[i], d.at[i], d.at[i])
		d.limb[i] = new(big.Int).Add(stored[i], n.limb[i])
	}
	f.within(g.move(g.normalize(d, y(13)), left), leftSize)
	return n
}

// spread moves an element to Y0-Y4, whatever registers it is in.
func (g *program) spread(n operand) operand {
	taken := map[string]bool{}
	for _, r := range n.at {
		taken[r] = true
	}
	var free []string
	for i := range 5 {
		if !taken[y(i)] {
			free = append(free, y(i))
		}
	}
	low := map[string]bool{y(0): true, y(1): true, y(2): true, y(3): true, y(4): true}
	for i, r := range n.at {
		if !low[r] {
			g.op("VMOVAPD", r, free[0])
			n.at[i], free = free[0], free[1:]
		}
	}
	return n
}

// ordinate subtracts ±y1 from λ(x1-x3) and packs the result.
func (f *doubles) ordinate(g *program, n operand, y1 [5]string, flags string) [4]string {
	n = g.spread(n)
	stored := f.unsigned()
	for i := range 5 {
		g.op("VSUBPD", y1[i], n.at[i], n.at[i])
		n.limb[i] = new(big.Int).Add(n.limb[i], stored[i])
	}
	n.value = new(big.Int).Add(n.value, f.p)
	n = f.toModulus(g, g.normalize(n, y(12)), y(12))
	return f.pack(g, n, [2]string{y(12), y(13)}, flags)
}

// doublesPass2 emits func(dst, a, b *G1Affine, pairs *Pair, n uint64, scratch *uint64, flags *uint8).
func doublesPass2(g *program, f *doubles) {
	g.kernel("addPass2Doubles", "func addPass2Doubles(dst, a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, flags *uint8)", 56)
	g.arguments("dst", "DI", "a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8", "flags", "R9")
	g.backwards(headroom1, entry1)
	g.label("pass2Doubles")
	g.op("SUBQ", imm(4*pairSize), "BX")
	g.op("SUBQ", imm(entry1), "R10")

	g.comment("1/d, and the inverse without d")
	inverse := f.retract(g, f.bounded(place(size51, "R10"), 8), chained1, slot51(dOne))

	g.comment("λ = (±y2 ∓ y1)/d")
	dy := f.signed(g, 32, 6, slot51(dY1))
	slope := f.mul(g, size(inverse, dy), columns(inverse, dy, false))
	g.comment("x3 = λ² - x1 - x2")
	slope, twice, registers := f.kept(g, slope)
	x3 := f.abscissa(g, f.mul(g, size(slope, slope), squares(slope, registers, twice)), 0, 6, slot51(dX1))
	left := f.bounded(slot51(dX1), leftSize)
	g.keepWords(f.pack(g, x3, [2]string{y(12), y(13)}, "R14"), dWords)

	g.comment("y3 = λ(x1 - x3) ∓ y1")
	registers = g.move(left, ymm(0))
	y3 := f.ordinate(g, f.mul(g, size(slope, left), columns(slope, registers, false)), slot51(dY1), "AX")
	g.op("ORL", "R14", "AX")
	g.op("MOVB", "AX", "-1(R9)(CX*1)")

	g.indices(8, 6)
	g.store4(y3, "DI", offsets, 32, [2]string{y(12), y(13)})
	g.store4(g.keptWords(dWords), "DI", offsets, 0, [2]string{y(12), y(13)})
	g.op("DECQ", "CX")
	g.op("JNZ", "pass2Doubles")
	g.closeKernel()
}

// backwards sets BX and R10 to behind the last of CX vectors.
func (g *program) backwards(head, entry int) {
	g.op("IMUL3Q", imm(4*pairSize), "CX", "AX")
	g.op("ADDQ", "AX", "BX")
	g.op("IMUL3Q", imm(entry), "CX", "AX")
	g.op("LEAQ", at(head, "R8")+"(AX*1)", "R10")
}

// kept stores λ and 2λ, and returns them and λ in registers.
func (f *doubles) kept(g *program, n operand) (slope, twice, registers operand) {
	registers = n
	slope = g.move(n, slot51(dSlope))
	free := g.others(n.at[:])[0]
	twice = operand{at: slot51(dTwice), value: n.value}
	for i, r := range n.at {
		g.op("VADDPD", r, r, free)
		g.op("VMOVUPD", free, twice.at[i])
		twice.limb[i] = new(big.Int).Lsh(n.limb[i], 1)
	}
	return slope, twice, registers
}

// keepWords keeps packed words in a slot, keptWords returns them in Y8-Y11.
func (g *program) keepWords(w [4]string, slot int) {
	for i := range w {
		g.op("VMOVUPD", w[i], slot51(slot)[i])
	}
}

func (g *program) keptWords(slot int) (w [4]string) {
	for i := range w {
		w[i] = y(8 + i)
		g.op("VMOVUPD", slot51(slot)[i], w[i])
	}
	return w
}
