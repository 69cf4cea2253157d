package main

import "fmt"

// The additions of affine points P + Q run in two passes over vectors of eight
// pairs, with one inversion in between (see g1_amd64.go):
//
//	pass 1: d = x2 - x1 and the products of all d so far, lane by lane
//	pass 2: backwards, 1/d from those products, then
//	        λ = (y2-y1)/d, x3 = λ² - x1 - x2, y3 = λ(x1-x3) - y1
//
// Points are in gnark-crypto's form: the words of a coordinate v hold
// v·2^256 mod p. With dots for the words, the products below are right because
// pass 2 starts from an inverse scaled so that mul(1/d, ẋ2-ẋ1) = 2^258:
//
//	1/d = 2^258·2^260/ḋ     λ' = mul(ẏ2-ẏ1, 1/d) = 2^258·λ
//	mul(λ', λ') = 2^256·λ²     mul(λ', 4·(ẋ1-ẋ3)) = 2^256·λ(x1-x3)

// Displacements in the scratch space, which R8 points to.
const (
	elementSize = 5 * 64
	scratchInv  = 0 * elementSize // from pass 1 the product of all d, to pass 2 its inverse
	scratchX1   = 1 * elementSize
	scratchY1   = 2 * elementSize
	scratchX3   = 3 * elementSize
	scratchHead = 4 * elementSize // then, for each vector, the product before it and d
	entrySize   = 2 * elementSize
	pairSize    = 12
)

// General registers: DI dst, SI a, DX b, BX pairs, CX vectors left, R8 scratch,
// R9 masks, R10 entry. AX, R11, R12 are scratch.

// gather loads a coordinate of eight points, transposed: word i of lane l in
// register to+i, lane l. index is the displacement of the index in a pair, base
// the register of the slice, disp the coordinate's displacement. If signs is a
// register it receives the indices' low bits, lane 0 lowest. Uses to..to+3 and
// t..t+3.
func (g *program) gather(index int, base string, disp, to, t int, signs string) {
	g.gatherFrom(6, index, base, disp, to, t, signs)
}

// gatherFrom is gather from points of 2^size bytes.
func (g *program) gatherFrom(size, index int, base string, disp, to, t int, signs string) {
	if signs != "" {
		g.op("XORL", signs, signs)
	}
	// Two lanes share a register so that the shuffles leave the lanes in order.
	register := [8]int{0, 1, 0, 1, 2, 3, 2, 3}
	load := func(l int, upper bool) {
		g.op("MOVL", at(pairSize*l+index, "BX"), "AX")
		g.op("ANDL", "$-2", "AX")
		g.op("SHLQ", imm(size-1), "AX")
		src := "(" + base + ")(AX*1)"
		if disp != 0 {
			src = imm(disp)[1:] + src
		}
		r := to + register[l]
		if upper {
			g.op("VINSERTI64X4", "$1", src, z(r), z(r))
		} else {
			g.op("VMOVDQU", src, y(r))
		}
	}
	for _, l := range []int{0, 1, 4, 5} {
		load(l, false)
	}
	for _, l := range []int{2, 3, 6, 7} {
		load(l, true)
	}
	if signs != "" {
		for l := 7; l >= 0; l-- {
			g.op("MOVL", at(pairSize*l+index, "BX"), "AX")
			g.op("SHRL", "$1", "AX")
			g.op("ADCL", signs, signs)
		}
	}
	g.transpose(to, t)
}

// transpose turns four registers, holding the four words of elements 0 | 2,
// 1 | 3, 4 | 6 and 5 | 7, into words 0 to 3 of eight elements, by way of t..t+3.
func (g *program) transpose(to, t int) {
	g.op("VPUNPCKLQDQ", z(to+1), z(to), z(t))     // words 0, 2 of lanes 0-3
	g.op("VPUNPCKHQDQ", z(to+1), z(to), z(t+1))   // words 1, 3
	g.op("VPUNPCKLQDQ", z(to+3), z(to+2), z(t+2)) // words 0, 2 of lanes 4-7
	g.op("VPUNPCKHQDQ", z(to+3), z(to+2), z(t+3)) // words 1, 3
	g.op("VSHUFI64X2", "$0x88", z(t+2), z(t), z(to))
	g.op("VSHUFI64X2", "$0x88", z(t+3), z(t+1), z(to+1))
	g.op("VSHUFI64X2", "$0xdd", z(t+2), z(t), z(to+2))
	g.op("VSHUFI64X2", "$0xdd", z(t+3), z(t+1), z(to+3))
}

// prefetch asks for the points of the pairs some vectors ahead: a large table
// does not fit the caches, and its points are used in no order. It jumps
// to label if there are no such pairs.
func (g *program) prefetch(label string, size int) {
	const ahead = 4
	g.op("CMPQ", "CX", imm(ahead))
	g.op("JLE", label)
	for l := range 8 {
		for i, base := range []string{"SI", "DX"} {
			r := []string{"AX", "R11"}[i]
			g.op("MOVL", at(pairSize*(8*ahead+l)+4*i, "BX"), r)
			g.op("ANDL", "$-2", r)
			g.op("SHLQ", imm(size-1), r)
			g.op("PREFETCHT0", "("+base+")("+r+"*1)")
			if size == 7 {
				g.op("PREFETCHT0", "64("+base+")("+r+"*1)")
			}
		}
	}
	g.label(label)
}

// maxPairs emits func(maxima *[16]Pair, pairs *Pair, n uint64): the greatest of the words at
// the same place of each 16 pairs.
func maxPairs(g *program) {
	g.function("maxPairs", "func maxPairs(maxima *[pairsMaxed]Pair, pairs *Pair, n uint64)", 24)
	g.arguments("maxima", "DI", "pairs", "SI", "n", "CX")
	for i := range 3 {
		g.op("VPXORD", z(i), z(i), z(i))
	}
	g.loop("max")
	for i := range 3 {
		g.op("VPMAXUD", at(64*i, "SI"), z(i), z(i))
	}
	g.op("ADDQ", imm(16*pairSize), "SI")
	g.next("max")
	for i := range 3 {
		g.op("VMOVDQU32", z(i), at(64*i, "DI"))
	}
	g.finish()
}

// pass1 emits func(a, b *G1Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8).
func pass1(g *program, f *field) {
	g.function("addPass1", "func addPass1(a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)", 48)
	g.arguments("a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8", "masks", "R9")
	f.constants(g)
	product, d := regs(opA), regs(opB)
	for i := range product {
		g.op("VPBROADCASTQ", word(f.name+"One", i), product[i])
	}
	g.op("LEAQ", at(scratchHead, "R8"), "R10")
	g.label("pass1")
	g.prefetch("pass1NoPrefetch", 6)
	g.store(product, mem(0, "R10"))
	g.gather(0, "SI", 0, 0, opB, "")
	g.gather(4, "DX", 0, 4, opB, "")

	g.comment("lanes left to the caller: x1 = x2, or x = 0, of which infinity is one case")
	g.zeroLanes(0, "K1")
	g.zeroLanes(4, "K2")
	g.equalLanes("K3")
	g.op("KORB", "K1", "K2", "K1")
	g.op("KORB", "K1", "K3", "K1")
	g.op("KMOVB", "K1", "AX")
	g.op("MOVB", "AX", "(R9)")

	g.comment("d = x2 - x1 + p, or 1 in those lanes")
	for i := range 5 {
		g.limb(words(4), i, d[i])
		g.limb(words(0), i, z(tmp))
		g.op("VPSUBQ", z(tmp), d[i], d[i])
		g.op("VPADDQ", z(prime+i), d[i], d[i])
	}
	g.carry(d, d)
	g.op("VPBROADCASTQ", word(f.name+"Misc", 2), "K1", d[0])
	for i := 1; i < 5; i++ {
		g.op("VPXORQ", d[i], d[i], "K1", d[i])
	}
	g.store(d, mem(elementSize, "R10"))

	f.mul(g, product, d)
	g.carry(regs(acc+5), product)
	g.op("ADDQ", imm(entrySize), "R10")
	g.op("ADDQ", imm(8*pairSize), "BX")
	g.op("INCQ", "R9")
	g.op("DECQ", "CX")
	g.op("JNZ", "pass1")
	g.store(product, mem(scratchInv, "R8"))
	g.finish()
}

// zeroLanes sets a mask to the lanes in which the four words from w on are zero.
func (g *program) zeroLanes(w int, k string) {
	g.op("VPORQ", z(w), z(w+1), z(8))
	g.op("VPORQ", z(w+2), z(w+3), z(9))
	g.op("VPORQ", z(8), z(9), z(8))
	g.op("VPTESTNMQ", z(8), z(8), k)
}

// equalLanes sets a mask to the lanes in which Z0-Z3 equal Z4-Z7.
func (g *program) equalLanes(k string) {
	g.op("VPCMPEQQ", z(0), z(4), k)
	for i := 1; i < 4; i++ {
		g.op("VPCMPEQQ", z(i), z(4+i), k, k)
	}
}

// pass2 emits func(dst, a, b *G1Affine, pairs *Pair, n uint64, scratch *uint64).
func pass2(g *program, f *field) {
	g.function("addPass2", "func addPass2(dst, a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64)", 48)
	g.arguments("dst", "DI", "a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8")
	f.constants(g)
	g.op("IMUL3Q", imm(8*pairSize), "CX", "AX")
	g.op("ADDQ", "AX", "BX")
	g.op("IMUL3Q", imm(entrySize), "CX", "AX")
	g.op("LEAQ", "1280(R8)(AX*1)", "R10")
	g.label("pass2")
	g.op("SUBQ", imm(8*pairSize), "BX")
	g.op("SUBQ", imm(entrySize), "R10")
	a, b, result := regs(opA), regs(opB), regs(acc+5)
	inverse := mem(scratchInv, "R8")

	g.comment("Z26-Z30 = 1/d, and the inverse without d")
	g.load(mem(0, "R10"), a)
	f.mul(g, inverse, a)
	g.carry(result, b)
	g.load(mem(elementSize, "R10"), a)
	f.mul(g, inverse, a)
	g.carry(result, result)
	g.store(result, inverse)

	g.comment("λ = (±y2 ∓ y1 + 2p)/d")
	y1 := mem(scratchY1, "R8")
	g.gather(4, "DX", 32, 0, opA, "R12")
	g.gather(0, "SI", 32, 4, opA, "R11")
	g.op("KMOVB", "R11", "K1")
	g.op("KMOVB", "R12", "K2")
	g.op("VPXORQ", z(8), z(8), z(8))
	for i := range 5 {
		g.limb(words(0), i, a[i])
		g.op("VPSUBQ", a[i], z(8), "K2", a[i])
		g.limb(words(4), i, z(tmp))
		g.op("VPSUBQ", z(tmp), z(8), "K1", z(tmp))
		g.op("VMOVDQU64", z(tmp), y1[i])
		g.op("VPSUBQ", z(tmp), a[i], a[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime2", i), a[i], a[i])
	}
	g.carry(a, a)
	f.mul(g, a, b)
	g.carry(result, b)

	g.comment("x3 = λ² - x1 - x2 + 2p")
	x1, x3 := mem(scratchX1, "R8"), mem(scratchX3, "R8")
	f.square(g, b)
	g.gather(0, "SI", 0, 0, opA, "")
	for i := range 5 {
		g.limb(words(0), i, z(tmp))
		g.op("VMOVDQU64", z(tmp), x1[i])
		g.op("VPSUBQ", z(tmp), result[i], result[i])
	}
	g.gather(4, "DX", 0, 0, opA, "")
	for i := range 5 {
		g.limb(words(0), i, z(tmp))
		g.op("VPSUBQ", z(tmp), result[i], result[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime2", i), result[i], result[i])
	}
	g.carry(result, result)

	g.comment("y3 = λ·(4(x1 - x3 + 4p)) ∓ y1 + p")
	for i := range 5 {
		g.op("VMOVDQU64", x1[i], a[i])
		g.op("VPSUBQ", result[i], a[i], a[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime4", i), a[i], a[i])
		g.op("VPSLLQ", "$2", a[i], a[i])
	}
	f.canonical(g, result, regs(acc))
	g.store(result, x3)
	g.carry(a, a)
	f.mul(g, a, b)
	for i := range 5 {
		g.op("VPSUBQ", y1[i], result[i], result[i])
		g.op("VPADDQ", z(prime+i), result[i], result[i])
	}
	f.canonical(g, result, regs(acc))

	g.comment("store")
	g.pack(result, words(opB))
	g.load(x3, result)
	g.pack(result, words(opA))
	g.scatter(6, 0, opA, opB)

	g.op("DECQ", "CX")
	g.op("JNZ", "pass2")
	g.finish()
}

// scatter stores eight pairs of field elements whose words are in x..x+3 and
// y..y+3, at a displacement in points of 2^size bytes. It uses Z0-Z8 as well.
func (g *program) scatter(size, disp, x, y int) {
	for odd := range 2 { // lanes 0, 2, 4, 6, then 1, 3, 5, 7
		unpack := []string{"VPUNPCKLQDQ", "VPUNPCKHQDQ"}[odd]
		for i, w := range []int{x, x + 2, y, y + 2} {
			g.op(unpack, z(w+1), z(w), z(i)) // 128 bits of each lane
		}
		g.op("VSHUFI64X2", "$0x44", z(1), z(0), z(4))
		g.op("VSHUFI64X2", "$0xee", z(1), z(0), z(5))
		g.op("VSHUFI64X2", "$0x44", z(3), z(2), z(6))
		g.op("VSHUFI64X2", "$0xee", z(3), z(2), z(7))
		for i := range 4 {
			low := 4 + i/2
			g.op("VSHUFI64X2", []string{"$0x88", "$0xdd"}[i%2], z(low+2), z(low), z(8))
			g.op("MOVL", at(pairSize*(2*i+odd)+8, "BX"), "AX")
			g.op("SHLQ", imm(size), "AX")
			g.op("VMOVDQU64", z(8), fmt.Sprintf("%d(DI)(AX*1)", disp))
		}
	}
}
