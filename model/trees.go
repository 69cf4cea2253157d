package model

import "math"

// Trees is what tree ensembles of ai.onnx.ml are replaced by (expand_tree.go); no file has it. Its
// input is [N, F], its output [N, scores]: the sums of what is at the leaves that rows reach.
const Trees = "nnark:Trees"

// TreeNodes is an ensemble as the attributes of [Trees] hold it: nodes in one list, of which node i
// asks whether x[Feature[i]] <= Threshold[i], or < where Strict[i] is 1, and goes to node Yes[i] or
// No[i]; a negative number n means leaf -1-n. Children come after their parents. Leaf l adds
// Value[l·Scores:][:Scores].
type TreeNodes struct {
	Scores                   int
	Roots                    []int // as children
	Feature, Strict, Yes, No []int
	Threshold, Value         []float32
}

func (t *TreeNodes) attrs() Attrs {
	return Attrs{"scores": t.Scores, "roots": t.Roots, "feature": t.Feature, "strict": t.Strict, "yes": t.Yes, "no": t.No,
		"threshold": t.Threshold, "value": t.Value}
}

// TreesOf reads the attributes of a [Trees] node for inputs of f features.
func TreesOf(a Attrs, f int) (*TreeNodes, error) {
	t := new(TreeNodes)
	err := a.Unpack("scores", &t.Scores, "roots", &t.Roots, "feature", &t.Feature, "strict", &t.Strict, "yes", &t.Yes, "no", &t.No,
		"threshold", &t.Threshold, "value", &t.Value)
	if err != nil {
		return nil, err
	}
	n := len(t.Feature)
	if t.Scores < 1 || len(t.Value) == 0 || len(t.Value)%t.Scores != 0 || len(t.Strict) != n || len(t.Yes) != n || len(t.No) != n || len(t.Threshold) != n {
		return nil, malformed("%d nodes and %d values for %d scores", n, len(t.Value), t.Scores)
	}
	leaves := len(t.Value) / t.Scores
	within := func(child, from int) bool { return child >= from && child < n || child < 0 && -1-child < leaves }
	for i := range n {
		if t.Feature[i] < 0 || t.Feature[i] >= f || t.Strict[i] != t.Strict[i]&1 || !within(t.Yes[i], i+1) || !within(t.No[i], i+1) || math.IsNaN(float64(t.Threshold[i])) {
			return nil, malformed("node %d asks for feature %d of %d and leads to %d and %d", i, t.Feature[i], f, t.Yes[i], t.No[i])
		}
	}
	for _, r := range t.Roots {
		if !within(r, 0) {
			return nil, malformed("a root %d of %d nodes", r, n)
		}
	}
	return t, nil
}

// reach returns the leaf that a row reaches from a root.
func (t *TreeNodes) reach(x []float32, at int) int {
	for at >= 0 {
		v := x[t.Feature[at]]
		if v < t.Threshold[at] || v == t.Threshold[at] && t.Strict[at] == 0 {
			at = t.Yes[at]
		} else {
			at = t.No[at]
		}
	}
	return -1 - at
}

// bindTrees binds Trees.
func bindTrees(c *call) (*kernel, error) {
	x := c.in[0].shape
	if len(x) != 2 {
		return nil, malformed("input of shape %v, want rows of features", x)
	}
	t, err := TreesOf(c.attrs, x[1])
	if err != nil {
		return nil, err
	}
	return returns([]int{x[0], t.Scores}, Float32, func(in []*Tensor, out *Tensor) {
		for n := range x[0] {
			row, sums := in[0].Float[n*x[1]:][:x[1]], make([]float64, t.Scores)
			for _, r := range t.Roots {
				l := t.reach(row, r)
				for k, v := range t.Value[l*t.Scores:][:t.Scores] {
					sums[k] += float64(v)
				}
			}
			for k, v := range sums {
				out.Float[n*t.Scores+k] = float32(v)
			}
		}
	}), nil
}
