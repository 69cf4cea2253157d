package model

import (
	"slices"
	"strconv"
)

// Tree ensembles (ai.onnx.ml TreeEnsembleClassifier and TreeEnsembleRegressor, versions 1 to
// 3) are replaced by [Trees], or, where a node asks for equality, by sums: every inner node compares
// one feature with its threshold, a leaf is reached where all comparisons on its path agree, and
// exactly one leaf of a tree is.

// tree is an ensemble's attributes, node by node.
type tree struct {
	ids, trees, features, yes, no []int
	modes                         []string
	values                        []float32
	tracksTrue                    []int
}

// leafWeight adds to one score at a leaf.
type leafWeight struct {
	tree, node, score int
	weight            float32
}

type treeKey struct{ tree, node int }

// ensemble is what the comparisons and leaves of all trees are.
type ensemble struct {
	*tree
	at     map[treeKey]int // row of a node
	inner  []int           // rows that compare
	column map[int]int     // of an inner row among them
	roots  []treeKey
	leaves []treeKey
	paths  [][]step2 // of each leaf
}

// step2 is a comparison on a leaf's path, and its result there.
type step2 struct {
	column int
	yes    bool
}

const maxTreeNodes = 1 << 20

// treeAttrs reads the nodes.
func (e *expander) treeAttrs(more ...any) (*ensemble, error) {
	t := &tree{}
	pairs := append([]any{"nodes_nodeids", &t.ids, "nodes_treeids", &t.trees, "nodes_featureids", &t.features, "nodes_truenodeids", &t.yes,
		"nodes_falsenodeids", &t.no, "nodes_modes", &t.modes, "nodes_values", &t.values, "nodes_hitrates?", new([]float32),
		"nodes_missing_value_tracks_true?", &t.tracksTrue}, more...)
	if err := e.attrs.Unpack(pairs...); err != nil {
		return nil, err
	}
	n := len(t.ids)
	for _, l := range []int{len(t.trees), len(t.features), len(t.yes), len(t.no), len(t.modes), len(t.values)} {
		if l != n || n > maxTreeNodes {
			return nil, malformed("%d nodes with lists of %d", n, l)
		}
	}
	return newEnsemble(t)
}

func newEnsemble(t *tree) (*ensemble, error) {
	s := &ensemble{tree: t, at: map[treeKey]int{}, column: map[int]int{}}
	child := map[treeKey]bool{}
	for i, id := range t.ids {
		k := treeKey{t.trees[i], id}
		if _, ok := s.at[k]; ok {
			return nil, malformed("node %d of tree %d appears twice", id, k.tree)
		}
		s.at[k] = i
		if t.modes[i] != "LEAF" {
			s.column[i] = len(s.inner)
			s.inner = append(s.inner, i)
			child[treeKey{k.tree, t.yes[i]}], child[treeKey{k.tree, t.no[i]}] = true, true
		}
	}
	for i, id := range t.ids {
		if k := (treeKey{t.trees[i], id}); !child[k] {
			s.roots = append(s.roots, k)
			if err := s.walk(k); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// walk lists the leaves below a root with their paths.
func (s *ensemble) walk(root treeKey) error {
	type visit struct {
		key  treeKey
		path []step2
	}
	stack := []visit{{key: root}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		row, ok := s.at[v.key]
		if !ok {
			return malformed("no node %d in tree %d", v.key.node, v.key.tree)
		}
		if len(v.path) > 64 || len(s.leaves) > maxTreeNodes {
			return unsupported("a tree of more than 64 levels, or one that is none")
		}
		if s.modes[row] == "LEAF" {
			s.leaves, s.paths = append(s.leaves, v.key), append(s.paths, v.path)
			continue
		}
		c := s.column[row]
		stack = append(stack, visit{treeKey{v.key.tree, s.no[row]}, append(slices.Clone(v.path), step2{c, false})},
			visit{treeKey{v.key.tree, s.yes[row]}, append(slices.Clone(v.path), step2{c, true})})
	}
	return nil
}

// scores returns the sums of the weights of the leaves that rows reach, [N, count].
func (e *expander) treeScores(s *ensemble, weights []leafWeight, count int, base []float32) (string, error) {
	x, n, f, err := e.rows()
	if err != nil {
		return "", err
	}
	if count < 1 || count > 1<<16 || len(base) != 0 && len(base) != count {
		return "", malformed("%d base values for %d scores", len(base), count)
	}
	leaf := map[treeKey]int{}
	for i, k := range s.leaves {
		leaf[k] = i
	}
	w := make([]float32, len(s.leaves)*count)
	for _, v := range weights {
		i, ok := leaf[treeKey{v.tree, v.node}]
		if !ok || v.score < 0 || v.score >= count {
			return "", malformed("a weight of node %d of tree %d for score %d", v.node, v.tree, v.score)
		}
		w[i*count+v.score] += v.weight
	}
	if t := s.nodes(w, count, base, f); t != nil {
		return e.with(Trees, t.attrs(), x), nil
	}
	if len(s.inner) == 0 { // every tree is one leaf
		sums := slices.Repeat([]float32{0}, count)
		for i, v := range w {
			sums[i%count] += v
		}
		copy(sums[:len(base)], sums)
		for i, b := range base {
			sums[i] += b
		}
		return e.do("Expand", e.floats32([]int{1, count}, sums), e.list(n, count)), nil
	}
	hits, err := e.reached(s, x, n, f)
	if err != nil {
		return "", err
	}
	y := e.do("MatMul", hits, e.floats32([]int{len(s.leaves), count}, w))
	if len(base) > 0 {
		y = e.do("Add", y, e.floats32([]int{count}, base))
	}
	return y, nil
}

// nodes returns the ensemble as Trees has it, or nil if that is not possible. w are the leaves'
// weights; what is added to all scores is added to the leaves of the first tree.
func (s *ensemble) nodes(w []float32, count int, base []float32, features int) *TreeNodes {
	t := &TreeNodes{Scores: count, Value: slices.Clone(w)}
	if len(s.inner) == 0 {
		return nil
	}
	child := map[treeKey]int{}
	for l, k := range s.leaves {
		child[k] = -1 - l
	}
	queue := slices.Clone(s.roots)
	queue = slices.DeleteFunc(queue, func(k treeKey) bool { return child[k] < 0 })
	for i := 0; i < len(queue); i++ { // parents first
		row := s.at[queue[i]]
		child[queue[i]] = i
		for _, next := range []int{s.yes[row], s.no[row]} {
			k := treeKey{queue[i].tree, next}
			if child[k] == 0 {
				queue = append(queue, k)
			}
		}
		if len(queue) > len(s.inner) || s.features[row] < 0 || s.features[row] >= features {
			return nil // a node with two parents: a file that the other way refuses, or does not
		}
	}
	for _, k := range queue {
		row := s.at[k]
		yes, no := child[treeKey{k.tree, s.yes[row]}], child[treeKey{k.tree, s.no[row]}]
		strict := 0
		switch s.modes[row] {
		case "BRANCH_LEQ":
		case "BRANCH_LT":
			strict = 1
		case "BRANCH_GT":
			yes, no = no, yes
		case "BRANCH_GTE":
			yes, no, strict = no, yes, 1
		default:
			return nil
		}
		t.Feature, t.Strict, t.Yes, t.No, t.Threshold = append(t.Feature, s.features[row]), append(t.Strict, strict), append(t.Yes, yes), append(t.No, no), append(t.Threshold, s.values[row])
	}
	for _, k := range s.roots {
		t.Roots = append(t.Roots, child[k])
	}
	if len(base) > 0 {
		for l, k := range s.leaves {
			if k.tree != s.roots[0].tree {
				continue
			}
			for c, b := range base {
				t.Value[l*count+c] += b
			}
		}
	}
	return t
}

// decisions returns the comparisons of all inner nodes, 1 where they hold: [N, inner].
func (e *expander) decisions(s *ensemble, x string, f int) (string, error) {
	modes := map[string]string{"BRANCH_LEQ": "LessOrEqual", "BRANCH_LT": "Less", "BRANCH_GTE": "GreaterOrEqual", "BRANCH_GT": "Greater",
		"BRANCH_EQ": "Equal", "BRANCH_NEQ": "Equal"}
	var parts []string
	var order []int
	for _, mode := range []string{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"} {
		var columns []int
		var thresholds []float32
		for c, row := range s.inner {
			if s.modes[row] != mode {
				continue
			}
			if s.features[row] < 0 || s.features[row] >= f {
				return "", malformed("feature %d of %d", s.features[row], f)
			}
			columns, thresholds, order = append(columns, s.features[row]), append(thresholds, s.values[row]), append(order, c)
		}
		if columns == nil {
			continue
		}
		y := e.do(modes[mode], e.takeAxis(x, 1, columns), e.floats32([]int{len(columns)}, thresholds))
		if mode == "BRANCH_NEQ" {
			y = e.do("Not", y)
		}
		parts = append(parts, e.with("Cast", Attrs{"to": 1}, y))
	}
	if len(order) != len(s.inner) {
		return "", malformed("a mode of branches that does not exist")
	}
	back := make([]int, len(order))
	for i, c := range order {
		back[c] = i
	}
	return e.takeAxis(e.join(1, parts...), 1, back), nil
}

// reached returns which leaves rows reach, 1 for one leaf a tree: [N, leaves].
func (e *expander) reached(s *ensemble, x string, n, f int) (string, error) {
	d, err := e.decisions(s, x, f)
	if err != nil {
		return "", err
	}
	// A leaf is a product of decisions and their opposites: level by level, the nodes of one
	// level of all trees at once.
	not := e.do("Sub", e.float(1), d)
	both := e.with("Concat", Attrs{"axis": 1}, d, not)
	pick := func(p step2) int {
		if p.yes {
			return p.column
		}
		return len(s.inner) + p.column
	}
	// prefixes of paths, each made of the one before it and a decision.
	type prefix struct {
		parent, decision int
	}
	index := map[string]int{}
	var levels [][]prefix
	number := make([][2]int, len(s.leaves)) // level and place of each leaf's whole path; level -1: no comparison
	for l, path := range s.paths {
		number[l] = [2]int{-1, 0}
		key, parent := s.root(l), -1
		for depth, p := range path {
			key += strconv.Itoa(pick(p)) + "/"
			at, ok := index[key]
			if !ok {
				if depth == len(levels) {
					levels = append(levels, nil)
				}
				at = len(levels[depth])
				index[key] = at
				levels[depth] = append(levels[depth], prefix{parent, pick(p)})
			}
			parent = at
			number[l] = [2]int{depth, at}
		}
	}
	var made []string
	starts := []int{}
	total := 0
	for depth, level := range levels {
		var parents, picks []int
		for _, p := range level {
			parents, picks = append(parents, p.parent), append(picks, p.decision)
		}
		y := e.takeAxis(both, 1, picks)
		if depth > 0 {
			y = e.do("Mul", e.takeAxis(made[depth-1], 1, parents), y)
		}
		made = append(made, y)
		starts = append(starts, total)
		total += len(level)
	}
	all := e.with("Concat", Attrs{"axis": 1}, append(slices.Clone(made), e.do("Expand", e.float(1), e.list(n, 1)))...)
	at := make([]int, len(s.leaves))
	for l, p := range number {
		if at[l] = total; p[0] >= 0 {
			at[l] = starts[p[0]] + p[1]
		}
	}
	return e.takeAxis(all, 1, at), nil
}

// root names the tree of a leaf.
func (s *ensemble) root(l int) string { return strconv.Itoa(s.leaves[l].tree) + ":" }

// treeRegressor expands TreeEnsembleRegressor.
func (e *expander) treeRegressor() error {
	targets, aggregate, transform := 1, "SUM", "NONE"
	var ids, nodes, trees []int
	var weights, base []float32
	s, err := e.treeAttrs("target_ids", &ids, "target_nodeids", &nodes, "target_treeids", &trees, "target_weights", &weights, "base_values?", &base,
		"n_targets?", &targets, "aggregate_function?", &aggregate, "post_transform?", &transform)
	if err != nil {
		return err
	}
	leaves, err := leafWeights(ids, nodes, trees, weights)
	if err != nil {
		return err
	}
	switch aggregate {
	case "SUM":
	case "AVERAGE":
		count := map[int]bool{}
		for _, t := range s.trees {
			count[t] = true
		}
		for i := range leaves {
			leaves[i].weight /= float32(len(count))
		}
	default:
		return unsupported("aggregate_function %s", aggregate)
	}
	y, err := e.treeScores(s, leaves, targets, base)
	if err != nil {
		return err
	}
	y, err = e.transformed(y, transform)
	e.set(0, y)
	return err
}

func leafWeights(ids, nodes, trees []int, weights []float32) (out []leafWeight, err error) {
	if len(nodes) != len(ids) || len(trees) != len(ids) || len(weights) != len(ids) {
		return nil, malformed("%d weights for %d leaves", len(weights), len(ids))
	}
	for i, id := range ids {
		out = append(out, leafWeight{trees[i], nodes[i], id, weights[i]})
	}
	return out, nil
}

// treeClassifier expands TreeEnsembleClassifier.
func (e *expander) treeClassifier() error {
	transform := "NONE"
	var ids, nodes, trees []int
	var weights, base []float32
	s, err := e.treeAttrs("class_ids", &ids, "class_nodeids", &nodes, "class_treeids", &trees, "class_weights", &weights, "base_values?", &base,
		"post_transform?", &transform, "classlabels_int64s?", new([]int), "classlabels_strings?", new([]string))
	if err != nil {
		return err
	}
	l, err := e.classLabels()
	if err != nil {
		return err
	}
	leaves, err := leafWeights(ids, nodes, trees, weights)
	if err != nil {
		return err
	}
	_, n, _, err := e.rows()
	if err != nil {
		return err
	}
	one := l.count == 2 && (len(base) == 0 || len(base) == 1) && !slices.ContainsFunc(ids, func(id int) bool { return id != ids[0] })
	if !one {
		if len(base) == 1 {
			base = nil
		}
		y, err := e.treeScores(s, leaves, l.count, base)
		if err != nil {
			return err
		}
		return e.classified(y, n, l, transform)
	}
	// The weights are all of one class: the score is that of the second.
	threshold := 0.
	positive := true
	for i := range leaves {
		leaves[i].score = 0
		positive = positive && leaves[i].weight >= 0
	}
	if positive && transform == "NONE" {
		threshold = 0.5
	}
	y, err := e.treeScores(s, leaves, 1, base)
	if err != nil {
		return err
	}
	return e.binary(y, l, transform, threshold, !positive)
}
