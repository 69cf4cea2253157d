package main

// The additions in G2 run as those in G1, over 𝔽p[u]/(u²+1). The inverse of
// d = d0 + d1·u is (d0 - d1·u)/N, and pass 1 multiplies the norms N = d0² + d1².

// Slots of the scratch space in R8, before the entries of the vectors.
const (
	slotInv = iota
	slotX1
	slotX1u // the coefficients of u follow
	slotY1
	slotY1u
	slotX3
	slotX3u
	slotNum
	slotNumU
	slotD
	slotDu
	slotE // 1/d, but for the sign of the next slot
	slotEu
	slotMinusEu
	slotL // λ
	slotLu
	slotsG2
)

// An entry holds the product of the norms before it, N, d0 and d1.
const (
	headG2  = slotsG2 * elementSize
	entryG2 = 4 * elementSize
)

func slot(i int) element { return mem(i*elementSize, "R8") }

// pass1G2 emits func(a, b *G2Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8).
func pass1G2(g *program, f *field) {
	g.function("addPass1G2", "func addPass1G2(a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)", 48)
	g.arguments("a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8", "masks", "R9")
	f.constants(g)
	product, d := regs(opA), regs(opB)
	for i := range product {
		g.op("VPBROADCASTQ", word(f.name+"One", i), product[i])
	}
	g.store(product, slot(slotInv)) // the product so far
	g.op("LEAQ", at(headG2, "R8"), "R10")
	g.label("pass1G2")
	g.prefetch("pass1G2NoPrefetch", 7)
	for u := range 2 {
		g.gatherFrom(7, 0, "SI", 32*u, 0, opB, "")
		g.gatherFrom(7, 4, "DX", 32*u, 4, opB, "")
		g.zeroLanes(0, "K1")
		g.zeroLanes(4, "K2")
		g.equalLanes("K3")
		if u == 0 {
			for i, k := range []string{"K4", "K5", "K6"} {
				g.op("KMOVB", []string{"K1", "K2", "K3"}[i], k)
			}
		} else {
			g.op("KANDB", "K1", "K4", "K1")
			g.op("KANDB", "K2", "K5", "K2")
			g.op("KANDB", "K3", "K6", "K3")
			g.op("KORB", "K1", "K2", "K1")
			g.op("KORB", "K1", "K3", "K1")
			g.op("KMOVB", "K1", "AX")
			g.op("MOVB", "AX", "(R9)")
		}
		g.comment("d = x2 - x1 + p")
		for i := range 5 {
			g.limb(words(4), i, d[i])
			g.limb(words(0), i, z(tmp))
			g.op("VPSUBQ", z(tmp), d[i], d[i])
			g.op("VPADDQ", z(prime+i), d[i], d[i])
		}
		g.carry(d, d)
		g.store(d, mem((2+u)*elementSize, "R10"))
	}
	g.comment("the norm of d, or of 1 in lanes left to the caller")
	g.load(mem(2*elementSize, "R10"), regs(opA))
	for u, e := range []element{regs(opA), d} {
		for i := range e {
			if u == 0 && i == 0 {
				g.op("VPBROADCASTQ", word(f.name+"Misc", 2), "K1", e[i])
			} else {
				g.op("VPXORQ", e[i], e[i], "K1", e[i])
			}
		}
		g.store(e, mem((2+u)*elementSize, "R10"))
	}
	g.clearProduct()
	g.addProduct(regs(opA), regs(opA))
	g.addProduct(d, d)
	f.reduce(g)
	g.carry(regs(acc+5), d)
	g.store(d, mem(elementSize, "R10"))

	g.load(slot(slotInv), product)
	g.store(product, mem(0, "R10"))
	f.mul(g, product, d)
	g.carry(regs(acc+5), product)
	g.store(product, slot(slotInv))
	g.op("ADDQ", imm(entryG2), "R10")
	g.op("ADDQ", imm(8*pairSize), "BX")
	g.op("INCQ", "R9")
	g.op("DECQ", "CX")
	g.op("JNZ", "pass1G2")
	g.finish()
}

// pass2G2 emits func(dst, a, b *G2Affine, pairs *Pair, n uint64, scratch *uint64).
func pass2G2(g *program, f *field) {
	g.function("addPass2G2", "func addPass2G2(dst, a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64)", 48)
	g.arguments("dst", "DI", "a", "SI", "b", "DX", "pairs", "BX", "n", "CX", "scratch", "R8")
	f.constants(g)
	g.op("IMUL3Q", imm(8*pairSize), "CX", "AX")
	g.op("ADDQ", "AX", "BX")
	g.op("IMUL3Q", imm(entryG2), "CX", "AX")
	g.op("LEAQ", at(headG2, "R8")+"(AX*1)", "R10")
	g.label("pass2G2")
	g.op("SUBQ", imm(8*pairSize), "BX")
	g.op("SUBQ", imm(entryG2), "R10")
	a, b, result := regs(opA), regs(opB), regs(acc+5)

	g.comment("1/N, and the inverse without N")
	g.load(mem(0, "R10"), a)
	f.mul(g, slot(slotInv), a)
	g.carry(result, b)
	g.load(mem(elementSize, "R10"), a)
	f.mul(g, slot(slotInv), a)
	g.carry(result, result)
	g.store(result, slot(slotInv))

	g.comment("e = d0/N, eu = d1/N, and its negative")
	f.mul(g, mem(2*elementSize, "R10"), b)
	g.carry(result, result)
	g.store(result, slot(slotE))
	f.mul(g, mem(3*elementSize, "R10"), b)
	g.carry(result, result)
	g.store(result, slot(slotEu))
	f.negate(g, result, a)
	g.store(a, slot(slotMinusEu))

	g.comment("±y2 ∓ y1 + 2p")
	for u := range 2 {
		signsA, signsB := "", ""
		if u == 0 {
			signsA, signsB = "R11", "R12"
		}
		g.gatherFrom(7, 4, "DX", 64+32*u, 0, opA, signsB)
		g.gatherFrom(7, 0, "SI", 64+32*u, 4, opA, signsA)
		if u == 0 {
			g.op("KMOVB", "R11", "K1")
			g.op("KMOVB", "R12", "K2")
		}
		g.op("VPXORQ", z(8), z(8), z(8))
		for i := range 5 {
			g.limb(words(0), i, a[i])
			g.op("VPSUBQ", a[i], z(8), "K2", a[i])
			g.limb(words(4), i, z(tmp))
			g.op("VPSUBQ", z(tmp), z(8), "K1", z(tmp))
			g.op("VMOVDQU64", z(tmp), slot(slotY1 + u)[i])
			g.op("VPSUBQ", z(tmp), a[i], a[i])
			g.op("VPADDQ.BCST", word(f.name+"Prime2", i), a[i], a[i])
		}
		g.carry(a, a)
		g.store(a, slot(slotNum+u))
	}

	g.comment("λ = (n + nu·u)(e - eu·u)")
	g.load(slot(slotNum), b) // a holds nu
	g.clearProduct()
	g.addProduct(slot(slotE), b)
	g.addProduct(slot(slotEu), a)
	f.reduce(g)
	g.carry(result, result)
	g.store(result, slot(slotL))
	g.clearProduct()
	g.addProduct(slot(slotE), a)
	g.addProduct(slot(slotMinusEu), b)
	f.reduce(g)
	g.carry(result, result)
	g.store(result, slot(slotLu))

	g.comment("λ² = (l + lu)(l - lu) + 2·l·lu·u")
	g.load(slot(slotL), a)
	for i := range a {
		g.op("VPSUBQ", result[i], a[i], b[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime2", i), b[i], b[i])
		g.op("VPADDQ", result[i], a[i], a[i])
	}
	g.carry(a, a)
	g.carry(b, b)
	f.mul(g, a, b)
	f.finishX(g, 0)
	g.load(slot(slotL), a)
	g.load(slot(slotLu), b)
	for i := range a {
		g.op("VPADDQ", a[i], a[i], a[i])
	}
	g.carry(a, a)
	f.mul(g, a, b)
	f.finishX(g, 1)
	g.pack(result, words(opB))
	g.load(slot(slotX3), result)
	g.pack(result, words(opA))
	g.scatter(7, 0, opA, opB)

	g.comment("y3 = λ·4(x1 - x3) ∓ y1")
	g.load(slot(slotLu), b)
	f.negate(g, b, a)
	g.load(slot(slotDu), b)
	g.clearProduct()
	g.addProduct(a, b)
	g.load(slot(slotD), a)
	g.addProduct(slot(slotL), a)
	f.reduce(g)
	f.finishY(g, 0)
	g.store(result, slot(slotX3)) // x3 is stored already
	g.clearProduct()
	g.addProduct(slot(slotL), b)
	g.addProduct(slot(slotLu), a)
	f.reduce(g)
	f.finishY(g, 1)
	g.pack(result, words(opB))
	g.load(slot(slotX3), result)
	g.pack(result, words(opA))
	g.scatter(7, 64, opA, opB)

	g.op("DECQ", "CX")
	g.op("JNZ", "pass2G2")
	g.finish()
}

// negate sets dst to 2p - e, for a normalised e < 2p.
func (f *field) negate(g *program, e, dst element) {
	for i := range e {
		g.op("VPBROADCASTQ", word(f.name+"Prime2", i), dst[i])
		g.op("VPSUBQ", e[i], dst[i], dst[i])
	}
	g.carry(dst, dst)
}

// finishX turns a coefficient of λ² in Z5-Z9 into that of x3, canonical, in the
// same registers and its slot, and fills the slot of 4(x1 - x3 + 4p).
func (f *field) finishX(g *program, u int) {
	a, result := regs(opA), regs(acc+5)
	x1 := slot(slotX1 + u)
	g.gatherFrom(7, 0, "SI", 32*u, 0, opA, "")
	for i := range 5 {
		g.limb(words(0), i, z(tmp))
		g.op("VMOVDQU64", z(tmp), x1[i])
		g.op("VPSUBQ", z(tmp), result[i], result[i])
	}
	g.gatherFrom(7, 4, "DX", 32*u, 0, opA, "")
	for i := range 5 {
		g.limb(words(0), i, z(tmp))
		g.op("VPSUBQ", z(tmp), result[i], result[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime2", i), result[i], result[i])
	}
	g.carry(result, result)
	for i := range 5 {
		g.op("VMOVDQU64", x1[i], a[i])
		g.op("VPSUBQ", result[i], a[i], a[i])
		g.op("VPADDQ.BCST", word(f.name+"Prime4", i), a[i], a[i])
		g.op("VPSLLQ", "$2", a[i], a[i])
	}
	g.carry(a, a)
	g.store(a, slot(slotD+u))
	f.canonical(g, result, regs(acc))
	g.store(result, slot(slotX3+u))
}

// finishY subtracts the coefficient of y1 from Z5-Z9, which it makes canonical.
func (f *field) finishY(g *program, u int) {
	result := regs(acc + 5)
	y1 := slot(slotY1 + u)
	for i := range 5 {
		g.op("VPSUBQ", y1[i], result[i], result[i])
		g.op("VPADDQ", z(prime+i), result[i], result[i])
	}
	f.canonical(g, result, regs(acc))
}
