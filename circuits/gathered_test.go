package circuits

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/relation"
)

// gathered is where the multiplicities of a matrix's rows begin, and how many parts a row has.
type gathered struct{ at, parts int }

// parts returns how many field elements a row of a matrix takes: the widths of the columns, from
// the first on, as many as fit 2^253.
func (k *testCircuit) parts(w *relation.Block) int {
	parts, product := 0, new(big.Int)
	for c := range w.Shape[1] {
		base := big.NewInt(1)
		for _, s := range k.Plan.Sys.Gathers {
			if s.W != w {
				continue
			}
			exprs := s.Cols[c].Exprs()
			for i := range exprs {
				r, _ := k.Plan.Sys.Interval(&exprs[i])
				if width := big.NewInt(r.Hi - r.Lo + 1); width.Cmp(base) > 0 {
					base = width
				}
			}
		}
		product.Mul(product, base)
		if c == 0 || product.BitLen() > 254 || product.BitLen() == 254 && product.TrailingZeroBits() < 253 {
			parts, product = parts+1, base
		}
	}
	return parts
}

// recountGathered is recount for rows of parameters and for members.
func (k *testCircuit) recountGathered(secret fr.Vector) {
	one := fr.One()
	for w, g := range k.gathered {
		clear(secret[g.at:][:g.parts*w.Shape[0]])
	}
	for _, s := range k.Plan.Sys.Gathers {
		g, keys := k.gathered[s.W], s.Key.Exprs()
		for n := range keys {
			v := k.expr(&keys[n], secret)
			if q, ok := smallInt(&v); ok && q >= 0 && q < int64(s.W.Shape[0]) {
				for p := range g.parts {
					m := &secret[g.at+int(q)*g.parts+p]
					m.Add(m, &one)
				}
			}
		}
	}
	for i, s := range k.Plan.Sys.Members {
		query, rows := s.Query.Exprs(), s.Rows.Exprs()
		clear(secret[k.members[i]:][:len(rows)])
		for n := range query {
			v := k.expr(&query[n], secret)
			for j := range rows {
				if k.expr(&rows[j], secret) == v {
					secret[k.members[i]+j].Add(&secret[k.members[i]+j], &one)
					break
				}
			}
		}
	}
}
