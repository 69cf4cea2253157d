package circuits_test

import (
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// windowAttrs draws a window over the spatial axes of x.
func (g *graphGen) windowAttrs(x string) attrs {
	kernel, strides, dilations, pads := []int{}, []int{}, []int{}, []int{}
	for range g.rank(x) - 2 {
		kernel, strides, dilations = append(kernel, circuits.UpTo(g.Rand, 3)), append(strides, circuits.UpTo(g.Rand, 3)), append(dilations, circuits.OneOf(g.Rand, 1, 1, 2))
	}
	for range 2 {
		for _, k := range kernel {
			pads = append(pads, g.IntN(k))
		}
	}
	a := attrs{"kernel_shape": kernel, "strides": strides, "dilations": dilations}
	switch g.IntN(4) {
	case 0:
		a["auto_pad"] = circuits.OneOf(g.Rand, "SAME_UPPER", "SAME_LOWER", "VALID")
	case 1, 2:
		a["pads"] = pads
	}
	return a
}

func (g *graphGen) maxPool(x string) *model.Node {
	if g.rank(x) != 3 && g.rank(x) != 4 {
		return nil
	}
	a := g.windowAttrs(x)
	if a["auto_pad"] == nil {
		a["ceil_mode"] = g.IntN(2)
	}
	return g.node("MaxPool", a, x)
}

func (g *graphGen) averagePool(x string) *model.Node {
	n := g.maxPool(x)
	if n == nil {
		return nil
	}
	n.Op, n.Name, n.Opset = "AveragePool", "AveragePool "+n.Outputs[0], 19
	if n.Attrs["ceil_mode"] == 0 {
		n.Attrs["count_include_pad"] = g.IntN(2)
	}
	return n
}

func (g *graphGen) conv(x string) *model.Node {
	if g.rank(x) != 3 && g.rank(x) != 4 {
		return nil
	}
	a := g.windowAttrs(x)
	c, group := g.shape(x)[1], 1
	if g.IntN(2) == 0 {
		group = c
	}
	a["group"] = group
	out := group * circuits.UpTo(g.Rand, 2)
	in := []string{x, g.weights(append([]int{out, c / group}, a["kernel_shape"].([]int)...), 1)}
	if g.IntN(2) == 0 {
		in = append(in, g.weights([]int{out}, circuits.OneOf[float32](g.Rand, 1, 20)))
	}
	return g.node("Conv", a, in...)
}

func (g *graphGen) batchNorm(x string) *model.Node {
	if g.rank(x) < 2 {
		return nil
	}
	c := []int{g.shape(x)[1]}
	variance := &model.Tensor{Shape: c}
	for range c[0] {
		variance.Float = append(variance.Float, 0.2+g.Float32())
	}
	return g.node("BatchNormalization", nil, x, g.weights(c, 2), g.weights(c, 1), g.weights(c, 1), g.constant(variance))
}

func (g *graphGen) instanceNorm(x string) *model.Node {
	if g.rank(x) < 3 {
		return nil
	}
	c := []int{g.shape(x)[1]}
	return g.node("InstanceNormalization", attrs{"epsilon": float32(0.1)}, x, g.weights(c, 2), g.weights(c, 1))
}

func (g *graphGen) layerNorm(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	axis := g.IntN(g.rank(x))
	s := g.shape(x)[axis:]
	return g.node("LayerNormalization", attrs{"axis": axis, "epsilon": float32(0.1)}, []string{x, g.weights(s, 2), g.weights(s, 1)}[:2+g.IntN(2)]...)
}

func (g *graphGen) matMul(x string) *model.Node {
	s := g.shape(x)
	if len(s) < 2 {
		return nil
	}
	inner := s[len(s)-1]
	switch g.IntN(4) {
	case 0:
		return g.node("MatMul", nil, x, g.pick(func(y string) bool { return g.rank(y) >= 2 && g.isFloat(y) && g.shape(y)[g.rank(y)-2] == inner }))
	case 1:
		return g.node("MatMul", nil, g.weights([]int{circuits.UpTo(g.Rand, 3), s[len(s)-2]}, 1), x)
	}
	return g.node("MatMul", nil, x, g.weights([]int{inner, circuits.UpTo(g.Rand, 4)}, 1))
}

func (g *graphGen) gemm(x string) *model.Node {
	s := g.shape(x)
	if len(s) != 2 {
		return nil
	}
	a, inner, rows, out := attrs{}, s[1], s[0], circuits.UpTo(g.Rand, 4)
	if g.IntN(3) == 0 {
		a["transA"], inner, rows = 1, s[0], s[1]
	}
	w := []int{inner, out}
	if g.IntN(2) == 0 {
		a["transB"], w = 1, []int{out, inner}
	}
	if g.IntN(2) == 0 {
		a["alpha"], a["beta"] = circuits.OneOf[float32](g.Rand, -1, 0.5, 2), circuits.OneOf[float32](g.Rand, -1, 0.5, 2)
	}
	return g.node("Gemm", a, []string{x, g.weights(w, 1), g.weights(g.part([]int{rows, out}), 1)}[:2+g.IntN(2)]...)
}

func (g *graphGen) div(x string) *model.Node {
	if g.IntN(2) == 0 {
		c := &model.Tensor{Shape: g.part(g.shape(x))}
		for range relation.Size(c.Shape) {
			c.Float = append(c.Float, circuits.OneOf[float32](g.Rand, 0.5, -2, 3, 1.7))
		}
		return g.node("Div", nil, x, g.constant(c))
	}
	return g.node("Div", nil, x, g.pick(func(y string) bool {
		lo, hi := g.limits(y)
		_, err := circuits.BroadcastShape(g.shape(x), g.shape(y))
		return err == nil && g.isFloat(y) && (lo > 0.1 || hi < -0.1)
	}))
}

// integers draws a value of integers.
func (g *graphGen) integers() string { return g.pick(func(x string) bool { return !g.isFloat(x) }) }

// wholeNode draws nodes of two integers.
func wholeNode(name string) drawNode {
	return func(g *graphGen, _ string) *model.Node {
		x := g.integers()
		if x == "" {
			return nil
		}
		g.jumps = true
		y := g.constant(&model.Tensor{Shape: []int{}, Int: []int64{circuits.OneOf[int64](g.Rand, 1, -3, 6, 9)}})
		if g.IntN(2) == 0 {
			y = g.pick(func(y string) bool {
				_, err := circuits.BroadcastShape(g.shape(x), g.shape(y))
				return err == nil && !g.isFloat(y)
			})
		}
		return g.node(name, nil, x, y)
	}
}

// mod draws Mod of integers, their division, or Mod of floats.
func (g *graphGen) mod(x string) *model.Node {
	g.jumps = true
	if n := wholeNode(circuits.OneOf(g.Rand, "Mod", "Mod", "Div"))(g, x); n != nil && g.IntN(3) > 0 {
		if n.Op == "Mod" {
			n.Attrs = attrs{"fmod": g.IntN(2)}
		}
		return n
	}
	return g.node("Mod", attrs{"fmod": 1}, x, g.constant(floatConst([]int{}, circuits.OneOf[float32](g.Rand, 0.5, -1, 1.7))))
}

func (g *graphGen) bitwiseNot(string) *model.Node {
	g.jumps = true
	return g.node("BitwiseNot", attrs{"elem_type": int(model.Int64)}, g.integers())
}

func (g *graphGen) bitShift(string) *model.Node {
	g.jumps = true
	x := g.pick(func(x string) bool {
		lo, hi := g.limits(x)
		return !g.isFloat(x) && lo >= 0 && hi <= 255
	})
	by := g.constant(&model.Tensor{Shape: []int{}, Int: []int64{int64(g.IntN(10))}})
	if g.IntN(3) == 0 {
		by = x
	}
	return g.node("BitShift", attrs{"elem_type": int(model.Uint8), "direction": circuits.OneOf(g.Rand, "LEFT", "RIGHT")}, x, by)
}

func (g *graphGen) pow(x string) *model.Node {
	p := circuits.OneOf[float32](g.Rand, 1, 2, 3)
	if lo, _ := g.limits(x); lo > 0.1 {
		p = circuits.OneOf[float32](g.Rand, 0.5, 2, -1, 1.5)
	}
	return g.node("Pow", nil, x, g.constant(floatConst([]int{}, p)))
}

func (g *graphGen) clip(x string) *model.Node {
	lo := circuits.OneOf[float32](g.Rand, -1, -0.5, 0, 0.25)
	return g.node("Clip", nil, x, g.constant(floatConst([]int{}, lo)), g.constant(floatConst([]int{}, lo+circuits.OneOf[float32](g.Rand, 0.25, 1, 6))))
}

func (g *graphGen) cast(x string) *model.Node {
	if g.IntN(2) == 0 {
		return g.node("Cast", attrs{"to": 1}, g.pick(func(y string) bool { return !g.isFloat(y) }))
	}
	g.jumps = true
	return g.node("Cast", attrs{"to": 9}, x)
}

func (g *graphGen) concat(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	axis := g.IntN(g.rank(x))
	y := g.pick(func(y string) bool {
		same := g.rank(y) == g.rank(x) && g.isFloat(y)
		for k := 0; same && k < g.rank(x); k++ {
			same = k == axis || g.shape(y)[k] == g.shape(x)[k]
		}
		return same
	})
	return g.node("Concat", attrs{"axis": axis}, x, y)
}

func (g *graphGen) expand(x string) *model.Node {
	s := slices.Clone(g.shape(x))
	for k, d := range s {
		if d == 1 {
			s[k] = circuits.UpTo(g.Rand, 3)
		}
	}
	if g.IntN(2) == 0 {
		s = append([]int{2}, s...)
	}
	return g.node("Expand", nil, x, g.intsConst(s...))
}

func (g *graphGen) gather(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	axis := g.IntN(g.rank(x))
	d := g.shape(x)[axis]
	index := []int{g.IntN(2*d) - d}
	for range g.IntN(3) {
		index = append(index, g.IntN(d))
	}
	return g.node("Gather", attrs{"axis": axis}, x, g.intsConst(index...))
}

func (g *graphGen) pad(x string) *model.Node {
	var pads []int
	for range 2 * g.rank(x) {
		pads = append(pads, g.IntN(3)*g.IntN(2))
	}
	if len(pads) == 0 {
		return nil
	}
	return g.node("Pad", nil, []string{x, g.intsConst(pads...), g.constant(floatConst([]int{}, circuits.OneOf[float32](g.Rand, 0, 0.75, -1)))}[:2+g.IntN(2)]...)
}

func (g *graphGen) reduceSum(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	return g.node("ReduceSum", attrs{"keepdims": g.IntN(2)}, x, g.intsConst(circuits.Subset(g.Rand, g.rank(x), 3)...))
}

func (g *graphGen) reshape(x string) *model.Node {
	n := relation.Size(g.shape(x))
	return g.node("Reshape", nil, x, circuits.OneOf(g.Rand, g.intsConst(n), g.intsConst(1, -1), g.intsConst(1, 1, n, 1), g.intsConst(1, n, 1)))
}

func (g *graphGen) slice(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	axis := g.IntN(g.rank(x))
	d := g.shape(x)[axis]
	from := g.IntN(d)
	if g.IntN(3) == 0 {
		return g.node("Slice", nil, x, g.intsConst(from), g.intsConst(-d-1), g.intsConst(axis), g.intsConst(-circuits.UpTo(g.Rand, 2)))
	}
	return g.node("Slice", nil, x, g.intsConst(from), g.intsConst(from+circuits.UpTo(g.Rand, d)), g.intsConst(axis), g.intsConst(circuits.UpTo(g.Rand, 2)))
}

func (g *graphGen) split(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	axis := g.IntN(g.rank(x))
	d := g.shape(x)[axis]
	if d < 2 {
		return nil
	}
	k := circuits.UpTo(g.Rand, d-1)
	n := g.node("Split", attrs{"axis": axis}, x, g.intsConst(k, d-k))
	n.Outputs = append(n.Outputs, n.Outputs[0]+"b")
	return n
}

func (g *graphGen) tile(x string) *model.Node {
	if g.rank(x) == 0 {
		return nil
	}
	var repeats []int
	for range g.rank(x) {
		repeats = append(repeats, circuits.OneOf(g.Rand, 1, 1, 2))
	}
	return g.node("Tile", nil, x, g.intsConst(repeats...))
}

func (g *graphGen) where(x string) *model.Node {
	c := g.condition()
	if c == "" || g.IntN(2) == 0 {
		t := &model.Tensor{Shape: g.part(g.shape(x)), Int: []int64{}}
		for range relation.Size(t.Shape) {
			t.Int = append(t.Int, int64(g.IntN(2)))
		}
		c = g.constant(t)
	}
	in := []string{x, g.partner(x)}
	g.Shuffle(2, func(i, j int) { in[i], in[j] = in[j], in[i] })
	return g.node("Where", nil, c, in[0], in[1])
}

// oneHot draws which of a value's elements along an axis is the largest.
func (g *graphGen) oneHot(x string) *model.Node {
	n := argNode("ArgMax")(g, x)
	if n == nil || !g.run(n, math.Inf(1)) {
		return nil
	}
	_, hi := g.limits(n.Outputs[0])
	values := g.constant(&model.Tensor{Shape: []int{2}, Float: []float32{float32(g.IntN(3) - 1), float32(g.IntN(3) + 1)}})
	depth := g.constant(&model.Tensor{Shape: []int{}, Int: []int64{max(1, int64(hi)+int64(g.IntN(3)))}})
	return g.node("OneHot", attrs{"axis": g.IntN(g.rank(n.Outputs[0]) + 1)}, n.Outputs[0], depth, values)
}

// softmax draws a softmax, now and then of scores of which a mask excludes some.
func (g *graphGen) softmax(x string) *model.Node {
	if g.IntN(2) == 0 {
		low := circuits.OneOf(g.Rand, -50, -1e9, -math.MaxFloat32, float32(math.Inf(-1)))
		keep := &model.Tensor{Shape: g.part(g.shape(x)), Int: []int64{}}
		added := &model.Tensor{Shape: keep.Shape, Float: []float32{}}
		for range relation.Size(keep.Shape) {
			k := g.IntN(3)
			keep.Int, added.Float = append(keep.Int, int64(min(k, 1))), append(added.Float, []float32{low, 0, 0}[k])
		}
		n := g.node("Where", nil, g.constant(keep), x, g.constant(floatConst([]int{}, low)))
		if g.IntN(2) == 0 {
			n = g.node("Add", nil, x, g.constant(added))
		}
		if !g.run(n, math.Inf(1)) {
			return nil
		}
		x = n.Outputs[0]
	}
	return axisNode("Softmax")(g, x)
}
