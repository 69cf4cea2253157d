package quantize

import (
	"math"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// valueBits is the width of what is at the leaves of trees. A label depends on the last bits of a
// sum; with the sign these are two digits of ten bits, and two values four.
const valueBits = 19

// trees lowers an ensemble: thresholds become the integers that give the same answers.
func (l *lowerer) trees(n *model.Node) error {
	v, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	x := l.p.Type(v)
	t, err := model.TreesOf(n.Attrs, x.Shape[1])
	if err != nil {
		return err
	}
	op, err := l.ensemble(t, x, l.rounded(n.Inputs[0], x.Exp))
	if err != nil {
		return err
	}
	y, err := l.emit(n.Name, op, v)
	return l.done(n, y, err)
}

// ofTrees reports whether a value is the scores of trees, whose labels are decided exactly.
func (l *lowerer) ofTrees(name string) bool {
	n := l.makers[name]
	for n != nil && is(n, passes|whole) {
		n = l.makers[n.Inputs[0]]
	}
	return n != nil && n.Op == model.Trees
}

// scored is narrow, but for scores of trees, which keep their width.
func (l *lowerer) scored(name string) (int, error) {
	if l.ofTrees(name) {
		return l.value(name)
	}
	return l.narrow(name)
}

// ensemble packs trees into rows of three nodes, for integers x that were rounded or are exact.
func (l *lowerer) ensemble(t *model.TreeNodes, x circuits.Type, rounded bool) (*circuits.TreeEnsemble, error) {
	exp := circuits.MaxExp
	for _, v := range t.Value {
		if v != 0 {
			_, e := math.Frexp(math.Abs(float64(v)))
			exp = min(exp, valueBits-e)
		}
	}
	if exp == circuits.MaxExp {
		exp = valueBits
	}
	reals := make([]float64, len(t.Value))
	for i, v := range t.Value {
		reals[i] = float64(v)
	}
	values, err := integersOf(reals, exp)
	if err != nil {
		return nil, err
	}
	p := &treePacker{t: t, x: x, rounded: rounded, values: values}
	heights, trees := make([]int, len(t.Roots)), []int{}
	for i, r := range t.Roots {
		heights[i] = max(0, (p.depth(r)+1)/2-1)
		for len(trees) <= heights[i] {
			trees = append(trees, 0)
		}
		trees[heights[i]]++
	}
	p.rows, p.waiting = make([][]circuits.Ints, len(trees)), make([][]subtree, len(trees))
	for h, n := range trees { // a tree's path begins in one of the first rows
		p.rows[h] = make([]circuits.Ints, n)
	}
	for i, r := range t.Roots {
		h := heights[i]
		p.waiting[h] = append(p.waiting[h], subtree{r, len(p.waiting[h])})
	}
	op := &circuits.TreeEnsemble{Features: x.Shape[1], Scores: t.Scores, Exp: exp, Bits: valueBits, Trees: trees, Counts: make([]int, len(trees))}
	for h := len(trees) - 1; h >= 0; h-- {
		for _, s := range p.waiting[h] {
			p.rows[h][s.row] = p.row(h, s.root)
		}
		if h < len(trees)-1 {
			for range 3 { // a row leads to any of four
				p.rows[h] = append(p.rows[h], p.unused(h))
			}
		}
		if h > 0 && len(p.rows[h-1]) == 0 {
			p.rows[h-1] = append(p.rows[h-1], p.unused(h-1))
		}
		op.Counts[h] = len(p.rows[h])
	}
	for _, rows := range p.rows {
		for _, r := range rows {
			op.Rows = append(op.Rows, r...)
		}
	}
	return op, nil
}

// treePacker makes rows of trees.
type treePacker struct {
	t       *model.TreeNodes
	x       circuits.Type
	rounded bool
	values  circuits.Ints
	rows    [][]circuits.Ints // by height
	waiting [][]subtree       // rows to be made
}

// subtree is a node, or a leaf, and the row that begins with it.
type subtree struct{ root, row int }

// depth returns how many comparisons lie below a node at most.
func (p *treePacker) depth(node int) int {
	below := make([]int, len(p.t.Feature)) // children come after their parents
	at := func(child int) int {
		if child < 0 {
			return 0
		}
		return below[child]
	}
	for i := len(below) - 1; i >= max(node, 0); i-- {
		below[i] = 1 + max(at(p.t.Yes[i]), at(p.t.No[i]))
	}
	return at(node)
}

// nobody marks an end that no path reaches.
const nobody = math.MinInt

// row returns the row of a height that begins with a node or a leaf, and queues those behind it.
func (p *treePacker) row(height, root int) circuits.Ints {
	row, yes, no := p.node(nil, root)
	row, end0, end1 := p.node(row, yes)
	row, end2, end3 := p.node(row, no)
	ends := [4]int{end0, end1, end2, end3}
	if height == 0 {
		for _, leaf := range ends {
			if leaf == nobody {
				row = append(row, make(circuits.Ints, p.t.Scores)...)
			} else {
				row = append(row, p.values[(-1-leaf)*p.t.Scores:][:p.t.Scores]...)
			}
		}
		return row
	}
	first := len(p.rows[height-1])
	for c, end := range ends {
		if end == nobody {
			continue
		}
		for len(p.rows[height-1]) <= first+c {
			p.rows[height-1] = append(p.rows[height-1], p.unused(height-1))
		}
		p.waiting[height-1] = append(p.waiting[height-1], subtree{end, first + c})
	}
	return append(row, int64(first))
}

// node appends a comparison, and returns what follows either answer. A leaf is reached by one that
// everything passes.
func (p *treePacker) node(row circuits.Ints, at int) (longer circuits.Ints, yes, no int) {
	if at < 0 {
		return append(row, 0, int64(p.x.Range.Width())+1), at, nobody
	}
	t := math.Ldexp(float64(p.t.Threshold[at]), p.x.Exp)
	switch strict := p.t.Strict[at] == 1; {
	case p.rounded: // as x was, so that a value at the threshold stays there
		t = math.Floor(t + 0.5)
		if strict {
			t--
		}
	case strict:
		t = math.Ceil(t) - 1
	default:
		t = math.Floor(t)
	}
	t = min(max(t, float64(p.x.Range.Lo-1)), float64(p.x.Range.Hi))
	return append(row, int64(p.t.Feature[at]), int64(t)-p.x.Range.Lo+1), p.t.Yes[at], p.t.No[at]
}

// unused returns a row that no path reaches.
func (p *treePacker) unused(height int) circuits.Ints {
	if height == 0 {
		return make(circuits.Ints, 6+4*p.t.Scores)
	}
	return make(circuits.Ints, 7)
}
