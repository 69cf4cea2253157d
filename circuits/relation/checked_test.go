package relation

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// edges are integers around which arithmetic wraps.
var edges = []int64{0, 1, -1, 2, 3, -7, 1 << 16, 1 << 31, -1 << 31, 1<<31 + 1, 1 << 32, 1<<53 - 1, -1 << 53, 1 << 61, -1 << 61, 1<<61 + 1,
	limit - 1, limit, limit + 1, 1 - limit, -limit, -limit - 1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1}

func small(x *big.Int) bool { return x.CmpAbs(big.NewInt(limit)) < 0 }

func TestCheckedArithmetic(t *testing.T) {
	for _, x := range edges {
		for _, y := range edges {
			bx, by := big.NewInt(x), big.NewInt(y)
			got, ok := times(x, y)
			want := new(big.Int).Mul(bx, by)
			require.Equal(t, small(want), ok, "%d·%d", x, y)
			require.True(t, !ok || want.IsInt64() && want.Int64() == got, "%d·%d", x, y)
			got, ok = plus(x, y)
			want.Add(bx, by)
			require.Equal(t, small(want) && small(bx) && small(by), ok, "%d+%d", x, y)
			require.True(t, !ok || want.Int64() == got, "%d+%d", x, y)
		}
	}
}

// exact is a tensor's element as it should be: coefficients of the block's elements, and the
// constant.
type exact struct {
	coef []*big.Int
	cst  *big.Int
}

func (e *exact) scaled(k int64) *exact {
	out := &exact{cst: new(big.Int).Mul(e.cst, big.NewInt(k))}
	for _, c := range e.coef {
		out.coef = append(out.coef, new(big.Int).Mul(c, big.NewInt(k)))
	}
	return out
}

func (e *exact) plus(f *exact) *exact {
	out := &exact{cst: new(big.Int).Add(e.cst, f.cst)}
	for i, c := range e.coef {
		out.coef = append(out.coef, new(big.Int).Add(c, f.coef[i]))
	}
	return out
}

// TestCoefficientsAreExactOrRefused builds random expressions with factors up to 2^63 and
// repeats every step with big integers: either the expressions agree, or a statement of
// them is refused.
func TestCoefficientsAreExactOrRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	const n = 4
	refused, exactly, large := 0, 0, 0
	for range 20000 {
		b := NewBuilder()
		b.Node("some node")
		x := b.Column("x", []int{n}, func(*Assignment) []int64 { return []int64{1, 0, -1, 1} })
		b.Range(x, interval(-1, 1))
		var got []Tensor
		var want [][]*exact
		unit := make([]*exact, n)
		for i := range unit {
			unit[i] = &exact{cst: new(big.Int)}
			for k := range n {
				unit[i].coef = append(unit[i].coef, big.NewInt(int64(1-min(1, max(i-k, k-i)))))
			}
		}
		got, want = append(got, x), append(want, unit)
		constant := func(k int64) *exact {
			return unit[0].scaled(0).plus(&exact{cst: big.NewInt(k), coef: unit[0].scaled(0).coef})
		}
		draw := func() int64 {
			if rng.IntN(6) == 0 {
				return edges[rng.IntN(len(edges))]
			}
			return (1 - 2*rng.Int64N(2)) * rng.Int64N(1<<rng.IntN(21)+1)
		}
		for range 1 + rng.IntN(6) {
			at := rng.IntN(len(got))
			g, w := got[at], append([]*exact{}, want[at]...)
			switch rng.IntN(6) {
			case 0:
				k := draw()
				g = g.Times(k)
				for i := range w {
					w[i] = w[i].scaled(k)
				}
			case 1:
				k := draw()
				g = g.PlusConst(k)
				for i := range w {
					w[i] = w[i].plus(constant(k))
				}
			case 2:
				k := rng.IntN(len(got))
				g = g.Plus(got[k])
				for i := range w {
					w[i] = w[i].plus(want[k][i])
				}
			case 3:
				k := rng.IntN(len(got))
				g = g.Minus(got[k])
				for i := range w {
					w[i] = w[i].plus(want[k][i].scaled(-1))
				}
			case 4:
				factors := []int64{draw(), draw(), draw(), draw()}
				g = g.Scaled(factors)
				for i := range w {
					w[i] = w[i].scaled(factors[i])
				}
			case 5:
				index := []int{rng.IntN(n), -1, rng.IntN(n), rng.IntN(n)}
				g = g.Gather([]int{n}, index)
				moved := make([]*exact, n)
				for i, from := range index {
					if moved[i] = constant(0); from >= 0 {
						moved[i] = w[from]
					}
				}
				w = moved
			}
			got, want = append(got, g), append(want, w)
		}
		g, w := got[len(got)-1], want[len(want)-1]
		b.Zero(g)
		sys, err := b.Finish()
		if err != nil {
			require.ErrorIs(t, err, ErrRange)
			require.ErrorContains(t, err, "some node")
			refused++
			continue
		}
		exactly++
		for i, e := range g.Exprs() {
			sum := exact{cst: big.NewInt(e.Const), coef: constant(0).coef}
			for _, m := range e.Terms {
				sum.coef[m.Index].Add(sum.coef[m.Index], big.NewInt(m.Coef))
				if m.Coef > 1<<40 {
					large++
				}
			}
			require.Equal(t, fmt.Sprint(w[i].cst, w[i].coef), fmt.Sprint(sum.cst, sum.coef))
			a := sys.Assign(nil)
			value := new(big.Int).Set(w[i].cst)
			for k, c := range w[i].coef {
				value.Add(value, new(big.Int).Mul(c, big.NewInt(a.Of(x.Block())[k])))
			}
			require.Equal(t, value.Int64(), a.EvalExpr(&e))
			require.Equal(t, value.Int64(), a.Eval(g)[i])
			require.NoError(t, a.Err())
		}
	}
	require.Greater(t, refused, 1000)
	require.Greater(t, exactly, 1000)
	require.Greater(t, large, 500)
}

// TestWrapsToNothing builds tensors that would be x alone modulo 2^64, each by another
// operation.
func TestWrapsToNothing(t *testing.T) {
	ways := map[string]func(x, y Tensor) Tensor{
		"Times":           func(x, y Tensor) Tensor { return x.Plus(y.Times(1 << 32).Times(1 << 32)) },
		"Times of Const":  func(x, _ Tensor) Tensor { return x.Plus(Const(x.Shape, 1<<61).Times(8)) },
		"Times, negated":  func(x, y Tensor) Tensor { return x.Plus(y.Times(math.MinInt64)).Plus(y.Times(math.MinInt64)) },
		"PlusConst":       func(x, _ Tensor) Tensor { return x.PlusConst(math.MaxInt64).PlusConst(math.MaxInt64).PlusConst(2) },
		"PlusConst twice": func(x, _ Tensor) Tensor { return x.PlusConst(math.MinInt64).PlusConst(math.MinInt64) },
		"Const":           func(x, _ Tensor) Tensor { return x.Plus(Const(x.Shape, math.MinInt64)).PlusConst(math.MinInt64) },
		"Sum of terms": func(x, y Tensor) Tensor {
			y = y.Times(1 << 61)
			return Sum(x, y, y, y, y, y, y, y, y)
		},
		"Sum of constants": func(x, _ Tensor) Tensor {
			c := Const(x.Shape, 1<<61)
			return Sum(x, c, c, c, c, c, c, c, c)
		},
		"Scaled": func(x, y Tensor) Tensor {
			return x.Plus(y.Scaled([]int64{1 << 32, 1 << 32}).Scaled([]int64{1 << 32, 1 << 32}))
		},
		"Scaled constants": func(x, _ Tensor) Tensor { return x.Plus(Const(x.Shape, 1<<61).Scaled([]int64{8, 8})) },
		"sum of views": func(x, y Tensor) Tensor {
			for range 8 {
				x = x.Plus(y.Times(1<<61).Gather([]int{2}, []int{1, 0}))
			}
			return x
		},
		"sum of constant views": func(x, _ Tensor) Tensor {
			for range 8 {
				x = x.Plus(Const(x.Shape, 1<<61).Gather([]int{2}, []int{1, 0}))
			}
			return x
		},
		"times zero": func(x, y Tensor) Tensor { return x.Plus(y.Times(1 << 32).Times(1 << 32).Times(0)) },
	}
	for name, way := range ways {
		b := NewBuilder()
		x, y := b.Column("x", []int{2}, none), b.Column("y", []int{2}, none)
		b.Range(x, interval(0, 1))
		b.Range(y, interval(0, 1))
		b.Zero(way(x, y))
		_, err := b.Finish()
		require.ErrorIs(t, err, ErrRange, name)
		require.ErrorContains(t, err, "a coefficient", name) // and not an interval
	}
}

// TestRequantizeChains: the quotient of k divisions by 2^16 has the coefficient 2^16k.
func TestRequantizeChains(t *testing.T) {
	chain := func(shifts ...int) error {
		b := NewBuilder()
		b.Node("chain")
		x := b.Column("x", []int{1}, none)
		b.Range(x, interval(-3, 3))
		for _, s := range shifts {
			rem := b.Column("remainder", []int{1}, none)
			b.Range(rem, interval(0, 1<<s-1))
			x = x.Times(1 << s).Plus(rem).PlusConst(-1 << (s - 1))
		}
		out := b.Column("out", []int{1}, none)
		b.Range(out, interval(0, 1))
		b.Product(x, out, Const([]int{1}, 0))
		_, err := b.Finish()
		return err
	}
	require.NoError(t, chain(16, 16, 16))
	require.NoError(t, chain(16, 16, 16, 11))
	for _, shifts := range [][]int{{16, 16, 16, 14}, {16, 16, 16, 16}, {16, 16, 16, 16, 16}, {15, 15, 15, 15, 4}, {8, 8, 8, 8, 8, 8, 8, 8}, {16, 16, 16, 15}} {
		err := chain(shifts...)
		require.ErrorIs(t, err, ErrRange, "%v", shifts)
		require.ErrorContains(t, err, "chain")
	}
}

// TestEveryExpressionNeedsAnInterval states each kind of statement with an expression whose
// columns are bounded, and which is not.
func TestEveryExpressionNeedsAnInterval(t *testing.T) {
	one := []int{1, 1, 1}
	kinds := map[string]func(b *Builder, x, y Tensor){
		"lookup": func(b *Builder, x, _ Tensor) { b.Range(x, interval(0, 255)) },
		"second of a tuple": func(b *Builder, x, y Tensor) {
			b.Lookup(b.Function("f", interval(0, 3), func(x int64) int64 { return x }), y, x)
		},
		"zero":           func(b *Builder, x, _ Tensor) { b.Zero(x) },
		"first factor":   func(b *Builder, x, y Tensor) { b.Product(x, y, y) },
		"second factor":  func(b *Builder, x, y Tensor) { b.Product(y, x, y) },
		"factor of zero": func(b *Builder, x, y Tensor) { b.Product(y, x, Const(one, 0)) },
		"product":        func(b *Builder, x, y Tensor) { b.Product(y, y, x) },
		"contraction's input": func(b *Builder, x, y Tensor) {
			b.Contract(Contract{X: x, Out: y, W: b.Param("w", []int{1, 1, 1, 1}, []int64{1}), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
		},
		"contraction's output": func(b *Builder, x, y Tensor) {
			b.Contract(Contract{X: y, Out: x, W: b.Param("w", []int{1, 1, 1, 1}, []int64{1}), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
		},
		"left matrix":    func(b *Builder, x, y Tensor) { b.MatMul(x.Reshape(1, 1), y.Reshape(1, 1), y.Reshape(1, 1)) },
		"right matrix":   func(b *Builder, x, y Tensor) { b.MatMul(y.Reshape(1, 1), x.Reshape(1, 1), y.Reshape(1, 1)) },
		"matrix product": func(b *Builder, x, y Tensor) { b.MatMul(y.Reshape(1, 1), y.Reshape(1, 1), x.Reshape(1, 1)) },
		"exposed":        func(b *Builder, x, _ Tensor) { b.Expose(Expose{Name: "this one", T: x, Interval: interval(0, 9)}) },
		"exposed interval": func(b *Builder, x, y Tensor) {
			b.Expose(Expose{Name: "this one", T: y, Interval: interval(math.MinInt64, int64(x.Size()))})
		},
	}
	for name, state := range kinds {
		for _, shift := range []int{40, 56} {
			b := NewBuilder()
			x, y := b.Column("x", one, none), b.Column("y", one, none)
			b.Range(x, interval(-128, 127))
			b.Range(y, interval(0, 3))
			b.Node("this one")
			state(b, x.Times(1<<shift).Plus(y), y) // up to 2^47, or 2^63
			_, err := b.Finish()
			if shift == 40 && name != "exposed interval" {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorIs(t, err, ErrRange, name)
			require.ErrorContains(t, err, "this one", name)
		}
	}
}

// TestManyWideTerms: the terms' absolute values are added up without a wrap.
func TestManyWideTerms(t *testing.T) {
	for n := 1; n <= 9; n++ {
		b := NewBuilder()
		sum := Const([]int{1}, 0)
		for range n {
			x := b.Column("x", []int{1}, none)
			b.Range(x, interval(0, 1))
			sum = sum.Plus(x.Times(1 << 61))
		}
		b.Zero(sum)
		_, err := b.Finish()
		require.Equal(t, n > 1, errors.Is(err, ErrRange), "%d terms", n)
	}
}

// TestUnboundedColumnsTestZeroOnly: the columns that a test of zero multiplies up have no
// interval, so they can be used for nothing else.
func TestUnboundedColumnsTestZeroOnly(t *testing.T) {
	build := func(use func(b *Builder, z, x Tensor)) error {
		b := NewBuilder()
		var xs []Tensor
		for range 4 {
			x := b.Column("x", []int{1}, none)
			b.NonNegative(x, 1<<50)
			xs = append(xs, x)
		}
		z := b.product(xs[:2])
		use(b, z, xs[2])
		_, err := b.Finish()
		return err
	}
	require.NoError(t, build(func(b *Builder, z, x Tensor) { b.Product(z, x, Const([]int{1}, 0)) }))
	require.NoError(t, build(func(b *Builder, z, x Tensor) { b.Product(b.product([]Tensor{z, x}), x, Const([]int{1}, 0)) }))
	for name, use := range map[string]func(b *Builder, z, x Tensor){
		"a product that is one":      func(b *Builder, z, x Tensor) { b.Product(z, x, Const([]int{1}, 1)) },
		"a product that is a column": func(b *Builder, z, x Tensor) { b.Product(z, x, x) },
		"the second factor":          func(b *Builder, z, x Tensor) { b.Product(x, z, x) },
		"an expression":              func(b *Builder, z, x Tensor) { b.Product(z.PlusConst(1), x, Const([]int{1}, 0)) },
		"a zero of two terms":        func(b *Builder, z, x Tensor) { b.Zero(z.Times(2).Minus(x)) },
		"exposed":                    func(b *Builder, z, x Tensor) { b.Expose(Expose{T: z, Interval: interval(0, 1)}) },
		"a matrix":                   func(b *Builder, z, x Tensor) { b.MatMul(z.Reshape(1, 1), x.Reshape(1, 1), x.Reshape(1, 1)) },
	} {
		require.ErrorIs(t, build(use), ErrRange, name)
	}
}
