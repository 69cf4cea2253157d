package gadget

import (
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// packed is a system whose outputs are all products of one input, 1, with weights: of a
// contraction with n channels, and of a matrix product with n columns. All is private, so
// only the packed equations can notice a false output. Output k lies in [0, most[k]].
func packed(t *testing.T, values, most []int64) *relation.System {
	t.Helper()
	n := len(values)
	b := relation.NewBuilder()
	column := func(name string, shape []int, v []int64) relation.Tensor {
		return b.Column(name, shape, func(*relation.Assignment) []int64 { return v })
	}
	x := column("x", []int{1, 1, 1}, []int64{1})
	y, row, out := column("y", []int{n, 1, 1}, values), column("row", []int{1, n}, values), column("out", []int{1, n}, values)
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 1})
	for k, hi := range most {
		for _, v := range []relation.Tensor{y, row, out} {
			b.Range(v.Reshape(n).Slice([]int{k}, []int{1}, []int{1}), fixedpoint.Interval{Lo: 0, Hi: hi})
		}
	}
	b.Contract(relation.Contract{X: x, Out: y, W: b.Param("w", []int{n, 1, 1, 1}, values), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	b.MatMul(x.Reshape(1, 1), row, out)
	sys, err := b.Finish()
	require.NoError(t, err)
	return sys
}

// lieAbout returns the honest witness with a block's values replaced and all counts
// repaired.
func lieAbout(p *Plan, w *Witness, block int, values []int64) *Witness {
	lie := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
	one := fr.One()
	for k, to := range values {
		at := &lie.Secret[p.blocks[block]+k]
		from := at.Uint64()
		at.SetInt64(to)
		for _, l := range p.Sys.Lookups {
			for _, e := range l.Cols[0].Exprs() {
				if m := e.Terms[0]; m.Block.ID != block || m.Index != k {
					continue
				}
				first := p.tables[slices.Index(p.Sys.Tables, l.Table)]
				before, after := &lie.Secret[first+int(from)], &lie.Secret[first+int(to)]
				before.Sub(before, &one)
				after.Add(after, &one)
			}
		}
	}
	return lie
}

// refusesOutputs checks that neither of the two products accepts false outputs, in the
// strategies that are chosen for them.
func refusesOutputs(t *testing.T, honest, most []int64, lies ...[]int64) {
	t.Helper()
	for _, cfg := range []Config{{}, {Plonk: true}, {Baked: true}} {
		p, err := New(packed(t, honest, most), cfg)
		require.NoError(t, err)
		ccs := build(t, p)
		w := assign(t, p)
		require.NoError(t, solve(t, p, ccs, w))
		for _, lie := range lies {
			require.NotEqual(t, honest, lie)
			for block, name := range map[int]string{1: "contraction", 3: "matrix product"} {
				v := lieAbout(p, w, block, lie)
				require.Error(t, solve(t, p, ccs, v), "%+v: %s gives %v as %v", cfg, name, honest, lie)
			}
		}
	}
}

// TestPackedDigitsBelowTheModulus: as many digits as fit below 2^253 share an element. One
// more, and the digits of r itself would be as good as zeros.
func TestPackedDigitsBelowTheModulus(t *testing.T) {
	for _, base := range []int64{256, 1 << 10, 1 << 13, 3} {
		var digits []int64
		for r := fr.Modulus(); r.Sign() > 0; {
			var d big.Int
			r.DivMod(r, big.NewInt(base), &d)
			digits = append(digits, d.Int64())
		}
		most := make([]int64, len(digits))
		for i := range most {
			most[i] = base - 1
		}
		k := digitsPerElement(big.NewInt(base))
		require.Negative(t, new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(k)), nil).Cmp(fr.Modulus()))
		refusesOutputs(t, make([]int64, len(digits)), most, digits)
	}
}

// TestBaseOfTheWidestOutput: outputs of different ranges share an element in the base of
// the widest. In a smaller one, digits would carry.
func TestBaseOfTheWidestOutput(t *testing.T) {
	refusesOutputs(t, []int64{0, 2, 0, 1}, []int64{1, 200, 200, 1}, []int64{0, 0, 1, 1}, []int64{0, 6, 0, 0}, []int64{0, 4, 1, 0})
	refusesOutputs(t, []int64{1, 0, 2, 0}, []int64{200, 1, 200, 1}, []int64{3, 1, 1, 0}, []int64{1, 0, 0, 1}, []int64{3, 1, 0, 1})
}

// TestProjectedMatrices tells two outputs of a projected product apart by one monomial
// each: moved against each other, one up and one down, any two of them must be noticed.
func TestProjectedMatrices(t *testing.T) {
	const rows, cols = 3, 5
	a, b, y := []int64{2, 3, 5}, []int64{1, 4, 2, 3, 7}, []int64{}
	for _, u := range a {
		for _, v := range b {
			y = append(y, u*v)
		}
	}
	s := relation.NewBuilder()
	column := func(shape []int, v []int64) relation.Tensor {
		x := s.Column("m", shape, func(*relation.Assignment) []int64 { return v })
		s.Range(x, fixedpoint.Interval{Lo: 0, Hi: 63})
		return x
	}
	s.MatMul(column([]int{rows, 1}, a), column([]int{1, cols}, b), column([]int{rows, cols}, y))
	sys, err := s.Finish()
	require.NoError(t, err)
	for _, cfg := range []Config{{}, {Plonk: true}} {
		p, err := New(sys, cfg)
		require.NoError(t, err)
		m := p.MatMuls[0]
		m.projected, m.rows, m.cols = true, 1, 1
		ccs := build(t, p)
		w := assign(t, p)
		require.NoError(t, solve(t, p, ccs, w))
		require.NoError(t, solve(t, p, ccs, lieAbout(p, w, 2, y)), "the truth")
		tried := 0
		for up := range y {
			for down := range y {
				if up == down {
					continue
				}
				lie := append([]int64{}, y...)
				lie[up]++
				lie[down]--
				require.Error(t, solve(t, p, ccs, lieAbout(p, w, 2, lie)), "outputs %d and %d", up, down)
				tried++
			}
		}
		require.Equal(t, rows*cols*(rows*cols-1), tried)
	}
}

// TestPacksFit: no strategy that a plan chooses packs more digits into an element than stay
// unique, however many there are to pack.
func TestPacksFit(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 253)
	full := map[bool]bool{} // an element was as full as can be, projected or not
	for _, hi := range []int64{1, 100, 1<<13 - 1, 1 << 16} {
		for _, n := range []int{3, 40, 300} {
			for _, side := range []int{1, 12} {
				sys := wide(t, n, side, hi)
				for _, cfg := range []Config{{}, {Plonk: true}, {Baked: true}} {
					p, err := New(sys, cfg)
					require.NoError(t, err)
					check := func(base *big.Int, digits int, projected bool) {
						size := new(big.Int).Exp(base, big.NewInt(int64(digits)), nil)
						require.LessOrEqual(t, size.Cmp(limit), 0, "%d digits of base %v", digits, base)
						full[projected] = full[projected] || digits == digitsPerElement(base)
					}
					for _, c := range p.Contracts {
						check(c.base, c.rows*c.cols, c.projected)
					}
					for _, m := range p.MatMuls {
						check(m.base, m.rows*m.cols, m.projected)
					}
				}
			}
		}
	}
	require.True(t, full[true] && full[false])
}

// wide is a system of a convolution with n channels and of a matrix product with n columns,
// of outputs in [0, hi].
func wide(t *testing.T, n, side int, hi int64) *relation.System {
	t.Helper()
	b := relation.NewBuilder()
	column := func(name string, hi int64, shape ...int) relation.Tensor {
		x := b.Column(name, shape, func(*relation.Assignment) []int64 { return make([]int64, relation.Size(shape)) })
		b.Range(x.Reshape(relation.Size(shape)), fixedpoint.Interval{Lo: 0, Hi: hi})
		return x
	}
	x, y := column("x", 1, 2, side, side), column("y", hi, n, side, side)
	b.Contract(relation.Contract{X: x, Out: y, W: b.Param("w", []int{n, 2, 1, 1}, make([]int64, 2*n)), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	b.MatMul(column("a", 1, side, 3), column("b", 1, 3, n), column("c", hi, side, n))
	sys, err := b.Finish()
	require.NoError(t, err)
	return sys
}

// TestHonestMistakes: integers that break a statement are an error, not a witness.
func TestHonestMistakes(t *testing.T) {
	for name, value := range map[string]int64{"above": 4, "below": -1, "not exposed": 3} {
		b := relation.NewBuilder()
		x := b.Column("x", []int{2}, func(*relation.Assignment) []int64 { return []int64{1, value} })
		b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 3})
		b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: 0, Hi: 2}, Visibility: statement.Public})
		sys, err := b.Finish()
		require.NoError(t, err, name)
		p, err := New(sys, Config{})
		require.NoError(t, err, name)
		_, err = p.Witness(sys.Assign(nil), p.PackedWeights(fr.NewElement(99)), fr.NewElement(5), func() (fr.Element, error) { return fr.NewElement(7), nil })
		require.ErrorIs(t, err, relation.ErrRange, name)
	}
	b := relation.NewBuilder()
	x := b.Column("x", []int{1}, func(*relation.Assignment) []int64 { return []int64{2} })
	y := b.Column("y", []int{1}, func(*relation.Assignment) []int64 { return []int64{5} }) // 2² is 4
	b.Lookup(b.Function("square", fixedpoint.Interval{Lo: 0, Hi: 3}, func(v int64) int64 { return v * v }), x, y)
	sys, err := b.Finish()
	require.NoError(t, err)
	p, err := New(sys, Config{})
	require.NoError(t, err)
	_, err = p.Witness(sys.Assign(nil), p.PackedWeights(fr.NewElement(99)), fr.NewElement(5), func() (fr.Element, error) { return fr.NewElement(7), nil })
	require.ErrorIs(t, err, relation.ErrRange)
}
