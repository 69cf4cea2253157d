package flat

import (
	"math/rand/v2"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// drawer draws systems of statements with integers that satisfy them.
type drawer struct {
	*rand.Rand
	b       *relation.Builder
	sources []relation.Tensor // of small integers
}

func (d *drawer) upTo(n int) int { return 1 + d.IntN(n) }

func (d *drawer) shape(axes, most int) []int {
	if axes < 3 && d.IntN(3) == 0 {
		most += 7
	}
	s := make([]int, axes)
	for i := range s {
		s[i] = d.upTo(most)
	}
	return s
}

func (d *drawer) ints(n int, lo, hi int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = lo + d.Int64N(hi-lo+1)
	}
	return out
}

// column adds a column of integers in [lo,hi].
func (d *drawer) column(lo, hi int64, shape ...int) relation.Tensor {
	x := d.ints(relation.Size(shape), lo, hi)
	t := d.b.Column("x", shape, func(*relation.Assignment) []int64 { return append([]int64{}, x...) })
	d.b.Range(t, fixedpoint.Interval{Lo: lo, Hi: hi})
	return t
}

// of adds a column with the integers of an expression.
func (d *drawer) of(shape []int, honest int64, f func(a *relation.Assignment) []int64) relation.Tensor {
	return d.b.Accumulator("y", shape, fixedpoint.Interval{Lo: -honest, Hi: honest}, f)
}

// tensor draws an expression of a shape.
func (d *drawer) tensor(shape ...int) relation.Tensor {
	t := d.seen(d.sources[d.IntN(len(d.sources))], shape)
	for d.IntN(3) == 0 {
		t = t.Plus(d.seen(d.sources[d.IntN(len(d.sources))], shape))
	}
	if d.IntN(4) == 0 {
		t = t.Times(int64(d.IntN(7)) - 3)
	}
	if d.IntN(4) == 0 {
		t = t.PlusConst(int64(d.IntN(9)) - 4)
	}
	if d.IntN(5) == 0 {
		t = t.Scaled(d.ints(t.Size(), -2, 2))
	}
	return t
}

// seen draws a view of a tensor.
func (d *drawer) seen(t relation.Tensor, shape []int) relation.Tensor {
	size := relation.Size(shape)
	if d.IntN(6) == 0 {
		t = t.PlusConst(2) // views make constants of their own of it
	}
	switch n := t.Size(); {
	case n == size && d.IntN(2) == 0:
		return t.Reshape(shape...)
	case d.IntN(5) == 0:
		index := make([]int, size)
		for i := range index {
			index[i] = d.IntN(n+1) - 1
		}
		return t.Gather(shape, index)
	case len(t.Shape) == len(shape) && d.IntN(2) == 0:
		start, step := make([]int, len(shape)), make([]int, len(shape))
		for i := range shape {
			start[i], step[i] = d.IntN(4)-1, d.upTo(2)
		}
		return t.Slice(start, step, shape)
	}
	v := &relation.View{In: t.Shape, Out: shape}
	for range t.Shape {
		v.Start = append(v.Start, d.IntN(3)-1)
		step := make([]int, len(shape))
		if len(shape) > 0 {
			step[d.IntN(len(shape))] = []int{-1, 0, 1, 1, 1, 2}[d.IntN(6)]
			if d.IntN(4) == 0 {
				step[d.IntN(len(shape))] = 1
			}
		}
		v.Step = append(v.Step, step)
	}
	return t.Apply(v)
}

// system draws a system of statements of all kinds.
func system(r *rand.Rand) (*relation.System, error) {
	d := &drawer{Rand: r, b: relation.NewBuilder()}
	for range 1 + d.IntN(3) {
		d.sources = append(d.sources, d.column(-4, 4, d.shape(1+d.IntN(4), 4)...))
	}
	if d.IntN(3) == 0 {
		shape := d.shape(2, 4)
		d.sources = append(d.sources, d.b.Weight("w", shape, d.ints(relation.Size(shape), -3, 3), fixedpoint.Interval{Lo: -3, Hi: 3}))
	}
	all := []func(*drawer){(*drawer).function, (*drawer).product, (*drawer).zero, (*drawer).contract, (*drawer).matMul, (*drawer).gather, (*drawer).member, (*drawer).expose}
	for range 2 + d.IntN(4) {
		all[d.IntN(len(all))](d)
	}
	return d.b.Finish()
}

// Each f reads its tensors again for every assignment.

func (d *drawer) function() {
	x := d.tensor(d.shape(1+d.IntN(3), 4)...)
	f := func(v int64) int64 { return v*v/3 - v }
	t := d.b.Function("f", fixedpoint.Interval{Lo: -100, Hi: 100}, f)
	y := d.b.Column("f", x.Shape, func(a *relation.Assignment) []int64 {
		v := a.Eval(x)
		for i := range v {
			v[i] = f(v[i])
		}
		return v
	})
	d.b.Lookup(t, x, y)
}

func (d *drawer) product() {
	shape := d.shape(1+d.IntN(3), 4)
	x, y := d.tensor(shape...), d.tensor(shape...)
	d.b.Mul("x·y", x, y)
}

func (d *drawer) zero() {
	x := d.tensor(d.shape(1+d.IntN(3), 4)...)
	y := d.b.Column("=", x.Shape, func(a *relation.Assignment) []int64 { return a.Eval(x) })
	d.b.Equals(y, x)
}

func (d *drawer) contract() {
	k := relation.Contract{X: d.tensor(d.shape(3, 4)...)}
	outs := d.upTo(4)
	shape := []int{outs}
	kernel := [2]int{}
	for i := range 2 {
		kernel[i], k.Stride[i], k.Dilation[i], k.Pad[i] = d.upTo(3), d.upTo(2), d.upTo(2), d.IntN(3)
		shape = append(shape, d.upTo(4))
	}
	w := []int{outs, k.X.Shape[0], kernel[0], kernel[1]}
	k.W = d.b.Param("w", w, d.ints(relation.Size(w), -3, 3))
	if d.IntN(2) == 0 {
		k.Bias = d.b.Param("b", []int{outs}, d.ints(outs, -9, 9))
	}
	fill := func(a *relation.Assignment) []int64 { return solve(a, &k) }
	if d.IntN(4) == 0 {
		k.Out = d.b.Deferred("out", shape, fill)
		d.b.Expose(relation.Expose{Name: "deferred", T: k.Out, Interval: fixedpoint.Interval{Lo: -5000, Hi: 5000}, Visibility: statement.Public})
	} else {
		// A requantisation: q·4 + r.
		q := d.of(shape, 5000, func(a *relation.Assignment) []int64 {
			v := fill(a)
			for i := range v {
				v[i] >>= 2
			}
			return v
		})
		rem := d.b.Column("r", shape, func(a *relation.Assignment) []int64 {
			v := fill(a)
			for i := range v {
				v[i] &= 3
			}
			return v
		})
		d.b.Range(rem, fixedpoint.Interval{Lo: 0, Hi: 3})
		k.Out = q.Times(4).Plus(rem)
	}
	d.b.Contract(k)
}

// solve computes a contraction's output.
func solve(a *relation.Assignment, k *relation.Contract) []int64 {
	out := make([]int64, k.Out.Size())
	x, w := a.Eval(k.X), a.Of(k.W)
	shape := k.Out.Shape
	for n := range out {
		o, i, j := n/(shape[1]*shape[2]), n/shape[2]%shape[1], n%shape[2]
		if k.Bias != nil {
			out[n] = a.Of(k.Bias)[o]
		}
		per := relation.Size(k.W.Shape[1:])
		for s := range per {
			c, p, q := s/(k.W.Shape[2]*k.W.Shape[3]), s/k.W.Shape[3]%k.W.Shape[2], s%k.W.Shape[3]
			y, z := i*k.Stride[0]+p*k.Dilation[0]-k.Pad[0], j*k.Stride[1]+q*k.Dilation[1]-k.Pad[1]
			if y >= 0 && y < k.X.Shape[1] && z >= 0 && z < k.X.Shape[2] {
				out[n] += w[o*per+s] * x[(c*k.X.Shape[1]+y)*k.X.Shape[2]+z]
			}
		}
	}
	return out
}

func (d *drawer) matMul() {
	m, k, n := d.upTo(4), d.upTo(5), d.upTo(4)
	x, y := d.tensor(m, k), d.tensor(k, n)
	out := d.of([]int{m, n}, 1<<16, func(a *relation.Assignment) []int64 {
		p, q, z := a.Eval(x), a.Eval(y), make([]int64, m*n)
		for o := range z {
			for i := range k {
				z[o] += p[o/n*k+i] * q[i*n+o%n]
			}
		}
		return z
	})
	d.b.MatMul(x, y, out)
}

func (d *drawer) gather() {
	rows, width, n := d.upTo(9), d.upTo(5), d.upTo(6)
	values := d.ints(rows*width, -9, 9)
	w := d.b.Param("rows", []int{rows, width}, values)
	key := d.column(0, int64(rows)-1, n)
	var cols []relation.Tensor
	for j := range width {
		col := d.b.Column("col", []int{n}, func(a *relation.Assignment) []int64 {
			v := a.Eval(key)
			for i := range v {
				v[i] = values[int(v[i])*width+j]
			}
			return v
		})
		d.b.Range(col, fixedpoint.Interval{Lo: -9, Hi: 9})
		cols = append(cols, col)
	}
	if d.IntN(2) == 0 && width > 1 { // the same columns as slices of one block
		own := slices.Clone(cols)
		block := d.b.Column("cols", []int{width, n}, func(a *relation.Assignment) []int64 {
			var v []int64
			for _, c := range own {
				v = append(v, a.Eval(c)...)
			}
			return v
		})
		for j := range width {
			view := block.Slice([]int{j, 0}, []int{1, 1}, []int{1, n}).Reshape(n)
			d.b.Equals(view, cols[j])
			cols[j] = view
		}
	}
	d.b.Gather(key, cols, w)
}

func (d *drawer) member() {
	rows := d.tensor(d.upTo(6))
	at := d.ints(d.upTo(5), 0, int64(rows.Size())-1)
	q := d.b.Column("query", []int{len(at)}, func(a *relation.Assignment) []int64 {
		v, out := a.Eval(rows), make([]int64, len(at))
		for i := range out {
			out[i] = v[at[i]]
		}
		return out
	})
	d.b.Member(q, rows)
}

func (d *drawer) expose() {
	v := []statement.Visibility{statement.Public, statement.Private}[d.IntN(2)]
	d.b.Expose(relation.Expose{Name: "t", T: d.tensor(d.shape(1+d.IntN(3), 4)...), Interval: fixedpoint.Interval{Lo: -1 << 20, Hi: 1 << 20}, Visibility: v})
}
