package circuits_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// unaryNode draws nodes of one input and the named attributes.
func unaryNode(name string, parameters ...string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		a := attrs{}
		for _, p := range parameters {
			if g.IntN(3) > 0 {
				a[p] = circuits.OneOf[float32](g.Rand, -1, -0.3, 0.2, 0.5, 1.5)
			}
		}
		return g.node(name, a, x)
	}
}

func jumpNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		g.jumps = true
		return g.node(name, nil, x)
	}
}

func binaryNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		in := []string{x, g.partner(x)}
		g.Shuffle(2, func(i, j int) { in[i], in[j] = in[j], in[i] })
		return g.node(name, nil, in...)
	}
}

func variadicNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		return g.node(name, nil, []string{x, g.partner(x), g.partner(x)}[:1+g.IntN(3)]...)
	}
}

func compareNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		g.jumps = true
		return g.node(name, nil, x, g.partner(x))
	}
}

func logicNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node { return g.node(name, nil, g.condition(), g.condition()) }
}

func axisNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		if g.rank(x) == 0 {
			return nil
		}
		return g.node(name, attrs{"axis": g.IntN(2*g.rank(x)) - g.rank(x)}, x)
	}
}

func argNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		g.jumps = true
		if g.rank(x) == 0 {
			return nil
		}
		return g.node(name, attrs{"axis": g.IntN(g.rank(x)), "keepdims": g.IntN(2), "select_last_index": g.IntN(2)}, x)
	}
}

func reduceNode(name string) drawNode {
	return func(g *graphGen, x string) *model.Node {
		if g.rank(x) == 0 {
			return nil
		}
		return g.node(name, attrs{"axes": circuits.Subset(g.Rand, g.rank(x), 3), "keepdims": g.IntN(2)}, x)
	}
}

// positive draws only for values that are positive in all samples.
func positive(draw drawNode) drawNode {
	return func(g *graphGen, x string) *model.Node {
		if lo, _ := g.limits(x); lo < 0.1 {
			return nil
		}
		return draw(g, x)
	}
}

// within1 draws only for values of at most a size.
func within1(most float64, draw drawNode) drawNode {
	return func(g *graphGen, x string) *model.Node {
		if lo, hi := g.limits(x); max(-lo, hi) > most {
			return nil
		}
		return draw(g, x)
	}
}

// node makes a node, or nil if an input is missing.
func (g *graphGen) node(name string, a attrs, in ...string) *model.Node {
	if slices.Contains(in, "") {
		return nil
	}
	g.made++
	n := op(name, strings.Join(in, " "), fmt.Sprintf("v%d", g.made), a)
	if name == "Gelu" {
		n.Opset = 20
	}
	return n
}

func (g *graphGen) shape(x string) []int { return g.g.Shapes[x] }
func (g *graphGen) rank(x string) int    { return len(g.shape(x)) }

// limits returns the least and the largest element on the samples.
func (g *graphGen) limits(x string) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, t := range g.values[x] {
		for _, v := range t.Floats() {
			lo, hi = min(lo, float64(v)), max(hi, float64(v))
		}
	}
	return lo, hi
}

// pick draws a value that passes, most often a late one, or "".
func (g *graphGen) pick(pass func(x string) bool) string {
	ok := slices.DeleteFunc(slices.Clone(g.names), func(x string) bool { return !pass(x) })
	switch {
	case len(ok) == 0:
		return ""
	case g.IntN(3) > 0:
		return ok[len(ok)-1]
	}
	return circuits.OneOf(g.Rand, ok...)
}

func (g *graphGen) isFloat(x string) bool { return g.values[x][0].Float != nil }

// condition draws a value of 0 and 1.
func (g *graphGen) condition() string {
	return g.pick(func(x string) bool {
		lo, hi := g.limits(x)
		return !g.isFloat(x) && lo >= 0 && hi <= 1 && !strings.HasPrefix(x, "x")
	})
}

// partner draws a value or a constant whose shape broadcasts with x's.
func (g *graphGen) partner(x string) string {
	if g.IntN(2) == 0 {
		return g.weights(g.part(g.shape(x)), circuits.OneOf[float32](g.Rand, 0.1, 1, 5))
	}
	return g.pick(func(y string) bool {
		_, err := circuits.BroadcastShape(g.shape(x), g.shape(y))
		return err == nil && g.isFloat(y)
	})
}

// part draws a shape that broadcasts to the given one.
func (g *graphGen) part(shape []int) []int {
	p := slices.Clone(shape[g.IntN(len(shape)+1):])
	for k := range p {
		if g.IntN(3) == 0 {
			p[k] = 1
		}
	}
	return p
}

// weights adds a constant of random values up to a size, now and then zeros, and names it.
func (g *graphGen) weights(shape []int, most float32) string {
	t := &model.Tensor{Shape: slices.Clone(shape), Float: make([]float32, relation.Size(shape))}
	zero := g.IntN(16) == 0
	for i := range t.Float {
		if !zero {
			t.Float[i] = most * (2*g.Float32() - 1)
		}
	}
	return g.constant(t)
}

func (g *graphGen) constant(t *model.Tensor) string {
	name := fmt.Sprintf("c%d", len(g.g.Const))
	g.g.Const[name], g.g.Shapes[name] = t, t.Shape
	return name
}

func (g *graphGen) intsConst(v ...int) string {
	t := &model.Tensor{Shape: []int{len(v)}, Int: []int64{}}
	for _, k := range v {
		t.Int = append(t.Int, int64(k))
	}
	return g.constant(t)
}

// op makes a node that reads and writes the named values.
func op(name, in, out string, attrs model.Attrs) *model.Node {
	return &model.Node{Name: name + " " + out, Op: name, Inputs: strings.Fields(in), Outputs: strings.Fields(out), Attrs: attrs, Opset: 13}
}

func floatConst(shape []int, v ...float32) *model.Tensor {
	return &model.Tensor{Shape: shape, Float: v}
}

type attrs = model.Attrs
