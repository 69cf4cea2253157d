package simd

import "github.com/consensys/gnark-crypto/ecc/bn254/fp"

// invertAll replaces the elements of v, none of them zero, by their inverses
// at the price of one inversion and three products each (Montgomery's trick).
// The products are taken between the halves of v, so that each level of their
// tree is one vector operation. tree is scratch space of at least 2·len(v).
func invertAll(v, tree fp.Vector) {
	n := len(v)
	if n <= 4 {
		invertFew(v)
		return
	}
	h := (n + 1) / 2 // the upper half holds m = h or h-1 elements
	m := n - h
	up, rest := tree[:h], tree[h:]
	mulVector(up[:m], v[:m], v[h:])
	copy(up[m:], v[m:h])
	invertAll(up, rest)
	low := rest[:m]
	mulVector(low, up[:m], v[h:])
	mulVector(v[h:], up[:m], v[:m])
	copy(v[:m], low)
	copy(v[m:h], up[m:])
}

// invertFew is the plain form of the trick for up to four elements.
func invertFew(v fp.Vector) {
	var prefix [4]fp.Element
	acc := fp.One()
	for i := range v {
		prefix[i] = acc
		acc.Mul(&acc, &v[i])
	}
	acc.Inverse(&acc)
	for i := len(v) - 1; i >= 0; i-- {
		next := v[i]
		v[i].Mul(&acc, &prefix[i])
		acc.Mul(&acc, &next)
	}
}

func mulVector(res, a, b fp.Vector) { res.Mul(a, b) }
func addVector(res, a, b fp.Vector) { res.Add(a, b) }
func subVector(res, a, b fp.Vector) { res.Sub(a, b) }
