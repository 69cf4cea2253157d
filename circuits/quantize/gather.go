package quantize

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// gather lowers the operators that put elements of their first input where constants say:
// Expand, Gather, Pad, Slice, Split and Tile. The node itself, run on the numbers of the
// elements, says which goes where; 0 is what it fills in.
func (l *lowerer) gather(n *model.Node) error {
	x := n.Inputs[0]
	v, err := l.value(x)
	if err != nil {
		return err
	}
	w, narrowed := l.narrowed[x]
	if narrowed {
		v = w
	}
	moved, fill, err := l.trace(n)
	if err != nil {
		return err
	}
	for i, name := range n.Outputs {
		if name == "" {
			continue
		}
		index := make([]int, len(moved[i].Int))
		for k, number := range moved[i].Int {
			index[k] = int(number) - 1
		}
		y, err := l.emit(n.Name, &circuits.Gather{Shape: slices.Clone(moved[i].Shape), Index: index}, v)
		if err == nil && fill != 0 {
			y, err = l.fill(n.Name, y, index, fill)
		}
		if err != nil {
			return err
		}
		l.set(name, y)
		if narrowed && fill == 0 {
			l.narrowed[name] = y
		}
	}
	return nil
}

// trace runs one node on the numbers 1, 2, … of its first input's elements and returns its
// outputs, and the constant that stands where they are 0.
func (l *lowerer) trace(n *model.Node) (moved []*model.Tensor, fill float64, err error) {
	for _, name := range n.Inputs[1:] {
		if name != "" && l.g.Const[name] == nil {
			return nil, 0, fmt.Errorf("operand %q is not constant: %w", name, model.ErrUnsupported)
		}
	}
	only, fill := *n, 0.
	if n.Op == "Pad" {
		only.Attrs, only.Inputs = maps.Clone(n.Attrs), slices.Clone(n.Inputs)
		if v, ok := n.Attrs["value"].(float32); ok {
			fill = float64(v)
			delete(only.Attrs, "value")
		}
		if len(n.Inputs) > 2 && n.Inputs[2] != "" {
			c, _, _ := l.constant(n.Inputs[2])
			fill, only.Inputs[2] = c[0], ""
		}
	}
	x := model.Value{Name: n.Inputs[0], Shape: l.g.Shapes[n.Inputs[0]], Type: model.Int64}
	numbers := &model.Tensor{Shape: x.Shape, Int: make([]int64, relation.Size(x.Shape))}
	for i := range numbers.Int {
		numbers.Int[i] = int64(i) + 1
	}
	g := &model.Graph{File: l.g.File, Inputs: []model.Value{x}, Nodes: []*model.Node{&only}, Const: l.g.Const}
	outputs := map[string]*model.Tensor{}
	if err := g.Trace([]*model.Tensor{numbers}, func(name string, t *model.Tensor) { outputs[name] = t }); err != nil {
		return nil, 0, err
	}
	for _, name := range n.Outputs {
		moved = append(moved, outputs[name])
	}
	return moved, fill, nil
}

// fill adds a constant wherever the index is -1.
func (l *lowerer) fill(node string, v int, index []int, constant float64) (int, error) {
	t := l.p.Type(v)
	q, err := integersOf([]float64{constant}, t.Exp)
	if err != nil {
		return 0, err
	}
	values := make(circuits.Ints, len(index))
	for i, k := range index {
		if k < 0 {
			values[i] = q[0]
		}
	}
	c, err := l.emit(node+"/value", &circuits.Constant{Shape: t.Shape, Exp: t.Exp, Values: values})
	if err != nil {
		return 0, err
	}
	return l.sum(node, v, c, 1)
}
