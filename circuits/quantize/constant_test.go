package quantize

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// TestIsLiteral: what is a weight and what architecture.
func TestIsLiteral(t *testing.T) {
	l := &lowerer{g: &model.Graph{Const: map[string]*model.Tensor{
		"norm/literal epsilon": floatConst([]int{}, 1e-5), "integers": intConst(3, 4), "quarter": floatConst([]int{1}, 0.25), "minus two": floatConst([]int{}, -2),
		"zero": floatConst([]int{}, 0), "mask": floatConst([]int{3}, 0, 1, 0), "scores": floatConst([]int{3}, 0, -1e9, -3e38), "all masked": floatConst([]int{}, -1e9),
		"third": floatConst([]int{}, 1./3), "ones": floatConst([]int{2}, 1, 1), "zeros": floatConst([]int{2}, 0, 0), "scale": floatConst([]int{3}, 1, 2, 0.5),
		"steps": floatConst([]int{3}, 0, 1, 2), "odd mask": floatConst([]int{2}, 0, 0.3), "low": floatConst([]int{2}, -1e9, -2e9), "signs": floatConst([]int{2}, -1, 1)}}}
	for name := range l.g.Const {
		want := true
		switch name {
		case "third", "ones", "zeros", "scale", "steps", "odd mask", "low", "signs":
			want = false
		}
		require.Equal(t, want, l.isLiteral(name), name)
	}
}

// TestTrainedConstantsAreWeights: no operator that is architecture holds a trained constant.
func TestTrainedConstantsAreWeights(t *testing.T) {
	for _, c := range secretCases() {
		p, _ := c.quantized(t, circuits.Config{})
		for _, n := range p.Nodes {
			switch op := n.Op.(type) {
			case *circuits.Constant:
				require.LessOrEqual(t, len(op.Values), 1, "%s: %s", c.name, n.Name)
			case *circuits.Scale:
				require.LessOrEqual(t, len(op.Factors), 1, "%s: %s", c.name, n.Name)
			}
		}
	}
}
