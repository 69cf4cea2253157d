package relation

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// runs visits what source computes, for views of all kinds.
func TestViewRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 3000 {
		v := &View{}
		for range r.IntN(4) {
			v.In = append(v.In, 1+r.IntN(4))
			v.Start = append(v.Start, r.IntN(5)-2)
		}
		for range r.IntN(4) {
			v.Out = append(v.Out, 1+r.IntN(4))
		}
		v.Step = zeros(len(v.In), len(v.Out))
		for _, s := range v.Step {
			for k := range s {
				s[k] = r.IntN(5) - 2
			}
		}
		if r.IntN(5) == 0 {
			for range Size(v.Out) {
				v.Index = append(v.Index, r.IntN(4)-1)
			}
		}
		var buf [16]int
		lo, hi := r.IntN(Size(v.Out)+1), r.IntN(Size(v.Out)+1)
		n := lo
		v.runs(lo, hi, func(i, source, step, count int) {
			require.Equal(t, n, i)
			require.LessOrEqual(t, i+count, hi)
			for k := range count {
				require.Equal(t, v.source(i+k, buf[:]), source+k*step)
			}
			n += count
		})
		require.Equal(t, max(lo, hi), n)
	}
	v := &View{In: []int{2}, Out: []int{0}, Start: []int{0}, Step: zeros(1, 1)}
	v.runs(0, 0, func(int, int, int, int) { t.Fatal("an element of nothing") })
}

// Eval computes what the expressions say, on one core or several.
func TestEvalIsExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		b := NewBuilder()
		rows, cols := 1+r.IntN(90), 1+r.IntN(90)
		x := b.Column("x", []int{rows, cols}, func(*Assignment) []int64 {
			v := make([]int64, rows*cols)
			for i := range v {
				v[i] = r.Int64N(2000) - 1000
			}
			return v
		})
		factors := make([]int64, rows*cols)
		for i := range factors {
			factors[i] = r.Int64N(5) - 2
		}
		y := x.PlusConst(7)
		for range r.IntN(4) {
			switch r.IntN(5) {
			case 0:
				y = y.Transpose(1, 0)
			case 1:
				y = y.Slice([]int{r.IntN(3) - 1, 0}, []int{1, 1 + r.IntN(2)}, []int{1 + r.IntN(80), 1 + r.IntN(80)})
			case 2:
				y = y.Slice([]int{0, 0}, []int{1, 1}, []int{1, y.Shape[1]}).Broadcast(y.Shape).Plus(y)
			case 3:
				y = y.Plus(y.Transpose(1, 0).Reshape(y.Shape...).Times(3))
			default:
				index := make([]int, 40)
				for i := range index {
					index[i] = r.IntN(y.Size()+1) - 1
				}
				y = y.Gather([]int{8, 5}, index)
			}
			if y.Size() <= len(factors) {
				y = y.Scaled(factors[:y.Size()])
			}
		}
		a := (&System{Blocks: b.sys.Blocks}).Assign(nil)
		got := a.Eval(y)
		require.NoError(t, a.Err())
		exprs := y.Exprs()
		require.Len(t, got, len(exprs))
		for i := range exprs {
			require.Equal(t, a.EvalExpr(&exprs[i]), got[i])
		}
	}
}
