package model

import "slices"

// treeEnsemble expands TreeEnsemble (ai.onnx.ml, version 5), whose inner nodes and leaves are lists of
// their own, to Trees.
func (e *expander) treeEnsemble() error {
	v := &treeLists{targets: 1, aggregate: 1}
	err := e.attrs.Unpack("nodes_featureids", &v.features, "nodes_splits", &v.splits, "nodes_modes", &v.modes, "nodes_truenodeids", &v.yes, "nodes_falsenodeids", &v.no,
		"nodes_trueleafs", &v.yesLeaf, "nodes_falseleafs", &v.noLeaf, "tree_roots", &v.roots, "leaf_targetids", &v.leafTargets, "leaf_weights", &v.weights,
		"n_targets?", &v.targets, "aggregate_function?", &v.aggregate, "post_transform?", &v.transform, "nodes_hitrates?", new(*Tensor),
		"nodes_missing_value_tracks_true?", new([]int), "membership_values?", &v.members)
	if err != nil {
		return err
	}
	x, _, f, err := e.rows()
	if err != nil {
		return err
	}
	t, err := v.nodes(f)
	if err != nil {
		return err
	}
	names := []string{"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"}
	if v.transform < 0 || v.transform >= len(names) {
		return malformed("post_transform %d", v.transform)
	}
	y, err := e.transformed(e.with(Trees, t.attrs(), x), names[v.transform])
	e.set(0, y)
	return err
}

// treeLists are the operator's attributes.
type treeLists struct {
	features, yes, no, yesLeaf, noLeaf, roots, leafTargets []int
	splits, modes, weights, members                        *Tensor
	targets, aggregate, transform                          int
}

// nodes returns the trees with parents before their children.
func (v *treeLists) nodes(features int) (*TreeNodes, error) {
	n, leaves := len(v.features), len(v.leafTargets)
	if v.splits == nil || v.modes == nil || v.weights == nil || n > maxTreeNodes || leaves > maxTreeNodes || v.targets < 1 || v.targets > 1<<12 ||
		len(v.splits.Float) != n || len(v.modes.Int) != n || len(v.yes) != n || len(v.no) != n || len(v.yesLeaf) != n || len(v.noLeaf) != n ||
		leaves == 0 || len(v.weights.Float) != leaves || len(v.roots) == 0 {
		return nil, malformed("%d nodes and %d leaves with lists of other lengths", n, leaves)
	}
	share := float32(1)
	switch v.aggregate {
	case 0:
		share = 1 / float32(len(v.roots))
	case 1:
	default:
		return nil, unsupported("aggregate_function %d", v.aggregate)
	}
	t := &TreeNodes{Scores: v.targets, Value: make([]float32, leaves*v.targets)}
	for l, k := range v.leafTargets {
		if k < 0 || k >= v.targets {
			return nil, malformed("a leaf for target %d of %d", k, v.targets)
		}
		t.Value[l*v.targets+k] = v.weights.Float[l] * share
	}
	var order []int // of the nodes, parents first
	place := make([]int, n)
	for i := range place {
		place[i] = -1
	}
	visit := func(i int) error {
		if i < 0 || i >= n || place[i] >= 0 {
			return malformed("node %d is not there, or has two parents", i)
		}
		place[i] = len(order)
		order = append(order, i)
		return nil
	}
	for _, r := range v.roots {
		if err := visit(r); err != nil {
			return nil, err
		}
		t.Roots = append(t.Roots, place[r])
	}
	for k := 0; k < len(order); k++ {
		i := order[k]
		for side, child := range []int{v.yes[i], v.no[i]} {
			if [2]int{v.yesLeaf[i], v.noLeaf[i]}[side] != 0 {
				if child < 0 || child >= leaves {
					return nil, malformed("leaf %d of %d", child, leaves)
				}
			} else if err := visit(child); err != nil {
				return nil, err
			}
		}
	}
	for _, i := range order {
		child := func(leaf, at int) int {
			if leaf != 0 {
				return -1 - at
			}
			return place[at]
		}
		yes, no, strict := child(v.yesLeaf[i], v.yes[i]), child(v.noLeaf[i], v.no[i]), 0
		switch v.modes.Int[i] { // LEQ, LT, GTE, GT, EQ, NEQ, MEMBER
		case 0:
		case 1:
			strict = 1
		case 2:
			yes, no, strict = no, yes, 1
		case 3:
			yes, no = no, yes
		default:
			return nil, unsupported("nodes that ask for equality or membership")
		}
		t.Feature, t.Strict, t.Yes, t.No, t.Threshold = append(t.Feature, v.features[i]), append(t.Strict, strict), append(t.Yes, yes), append(t.No, no), append(t.Threshold, v.splits.Float[i])
	}
	if slices.ContainsFunc(t.Feature, func(f int) bool { return f < 0 || f >= features }) {
		return nil, malformed("a feature that is not one of %d", features)
	}
	return t, nil
}
