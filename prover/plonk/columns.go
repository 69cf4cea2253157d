package plonk

import (
	"context"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
)

// The fixed columns: selectors, the selector of committed values, the permutation, and the
// polynomial that is 1 on the first row and 0 on the others.
const (
	ql = iota
	qr
	qm
	qo
	qk
	qcp
	s1
	s2
	s3
	first
	columnCount
)

// columns are the fixed columns of a circuit by coefficients in natural order (but for
// first), and by their values on each coset; and the permutation by its values on the rows:
// 42 elements a row.
type columns struct {
	sigma        [3]fr.Vector
	coefficients [first]fr.Vector
	onCoset      [cosetCount][columnCount]fr.Vector
}

// columnValues returns the columns' values on the rows, but for first.
func columnValues(t *gplonk.Trace, n int) [first]fr.Vector {
	v := [first]fr.Vector{
		ql: t.Ql.Coefficients(), qr: t.Qr.Coefficients(), qm: t.Qm.Coefficients(), qo: t.Qo.Coefficients(),
		qk: t.Qk.Coefficients(), s1: t.S1.Coefficients(), s2: t.S2.Coefficients(), s3: t.S3.Coefficients(),
	}
	if len(t.Qcp) > 0 {
		v[qcp] = t.Qcp[0].Coefficients()
	} else {
		v[qcp] = make(fr.Vector, n)
	}
	return v
}

// newColumns transforms the columns' values.
func newColumns(ctx context.Context, c *cosets, values [first]fr.Vector) (*columns, error) {
	out := &columns{sigma: [3]fr.Vector(values[s1 : s3+1])}
	for i := range columnCount {
		v := make(fr.Vector, c.n)
		if i == first {
			v[0].SetOne()
		} else {
			v = values[i]
		}
		p := c.coefficients(v)
		if i < first {
			out.coefficients[i] = append(fr.Vector(nil), p...)
			c.domain.reorder(out.coefficients[i])
		}
		for k := range cosetCount {
			if err := c.next(ctx, p); err != nil {
				return nil, err
			}
			out.onCoset[k][i] = c.values(k, p, nil)
		}
	}
	return out, nil
}
