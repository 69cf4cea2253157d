package circuits

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// TreeEnsemble is ONNX TreeEnsemble (ai.onnx.ml, https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html,
// versions 1 to 5) without its aggregation's mean and its transform: the sums, over all trees, of
// the leaves' values.
//
// x: [N, F] integers, out: [N, Scores]. Trees are private: what is asked of which feature, where
// that leads, thresholds and values are weights. Only how many rows there are is architecture.
//
// A row holds three nodes, the first and its two children, so that a path takes one row for every
// two comparisons. A row of height 0 ends in one of four leaves, a higher one leads to a row of the
// height below it. A row is
//
//	f0, u0, f1, u1, f2, u2, next    or, of height 0,    f0, u0, f1, u1, f2, u2, values
//
// Node (f, u) asks whether x[f] - lo < u, where lo is the least x; the first node's answer is b0,
// then node 1 answers b1 if b0 = 1, else node 2. What follows is number c = 3 - 2·b0 - b1: row
// next + c, or of the values, 4·Scores, those from c·Scores on. A path begins in the first rows of
// its tree's height.
//
// Cost: 17 constraints a row of a path, and the first row of a tree one less (of features below
// 2^30 in size; two for each ten bits more), 10 more for the last and each score (of values below
// 2^19, and two where digits hold more than those); one a row of the ensemble, or two where its
// values are many; and tables. So a hundred trees of 63 nodes take about 10,000, where the
// comparisons of all nodes alone take 25,000.
//
// Soundness: a row is gathered by its key, of which there is one row only, whatever the weights
// (relation.Gather); its node is t = f·S + u - 1 for a step S so large that of the features' own
// numbers f·S + x[f] - lo only that of f can be within M of it: the features are within their range,
// also where a layer with larger weights than declared makes them. The number q that the prover
// names is one of these (relation.Member), and t = q + e - (1-b)·M for digits e in [0, M) and b
// in {0, 1}: so q is feature f's, and b is the answer, for t - q has one such form. Of the two
// children the product b0·(σ-ρ) says which is asked, the other one has a range of its own, so that
// the row's columns are bounded and one packed row means one set of them. Keys, answers and values
// therefore follow from x and the weights. What a dishonest committer may commit to is another
// such walk, which is some function still.
type TreeEnsemble struct {
	Features int   `json:"features"`
	Scores   int   `json:"scores"`
	Exp      int   `json:"value_exp"`
	Bits     int   `json:"value_bits"` // values are from -2^Bits to 2^Bits - 1
	Trees    []int `json:"trees"`      // how many have their first row at each height
	Counts   []int `json:"counts"`     // rows of each height
	Rows     Ints  `json:"rows"`       // from height 0 up

	in, out Type
	first   []int // element of Rows with which each height begins
}

const (
	maxTreeBits   = 24      // of values: four of them, and what packs them, stay integers
	maxTreeHeight = 64      // twice as many comparisons
	maxTreeRows   = 1 << 20 // of one height
)

// width returns how many integers a row of a height has.
func (o *TreeEnsemble) width(height int) int {
	if height == 0 {
		return 6 + 4*o.Scores
	}
	return 7
}

// Infer implements Op.
func (o *TreeEnsemble) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	x := in[0]
	if len(x.Shape) != 2 || x.Shape[1] != o.Features || o.Scores < 1 || o.Scores > 1<<12 || o.Bits < 1 || o.Bits > maxTreeBits {
		return Type{}, fmt.Errorf("%d features of %v, %d scores of %d bits: %w", o.Features, x.Shape, o.Scores, o.Bits, ErrProgram)
	}
	if n := len(o.Counts); n < 1 || n > maxTreeHeight || len(o.Trees) != n {
		return Type{}, fmt.Errorf("%d heights of rows, %d of trees: %w", n, len(o.Trees), ErrProgram)
	}
	total, trees := 0, 0
	o.first = nil
	for h, n := range o.Counts {
		o.first = append(o.first, total)
		if n < 1 || n > maxTreeRows || o.Trees[h] < 0 || o.Trees[h] > n || n*o.width(h) > maxElements {
			return Type{}, fmt.Errorf("%d trees and %d rows of height %d: %w", o.Trees[h], n, h, ErrProgram)
		}
		trees += o.Trees[h]
		total += n * o.width(h)
	}
	if trees < 1 || trees*x.Shape[0] > maxElements || len(o.Rows) != total {
		return Type{}, fmt.Errorf("%d trees, rows of %d integers, want %d: %w", trees, len(o.Rows), total, ErrProgram)
	}
	if x.Range.Width() > 1<<46 || o.Features > 1<<16 || bits.Len(uint(o.Features))+2+o.modulus(x) > 58 {
		return Type{}, fmt.Errorf("%d features in %v: %w", o.Features, x.Range, ErrBound)
	}
	o.in = x
	if err := o.checkRows(); err != nil {
		return Type{}, err
	}
	o.out = Type{Shape: []int{x.Shape[0], o.Scores}, Exp: o.Exp, Range: fixedpoint.Interval{Lo: int64(-trees) << o.Bits, Hi: int64(trees) * (1<<o.Bits - 1)}}
	return o.out, nil
}

// checkRows makes sure that no walk leaves the rows, and that they are as small as declared.
func (o *TreeEnsemble) checkRows() error {
	values := fixedpoint.Interval{Lo: -1 << o.Bits, Hi: 1<<o.Bits - 1}
	for h, n := range o.Counts {
		for j := range n {
			row := o.row(h, j)
			for k := 0; k < 6; k += 2 {
				if f, u := row[k], row[k+1]; f < 0 || f >= int64(o.Features) || u < 0 || u > int64(o.in.Range.Width())+1 {
					return fmt.Errorf("row %d of height %d asks for feature %d below %d: %w", j, h, f, u, ErrBound)
				}
			}
			for _, v := range row[6:] {
				if h == 0 && !values.Contains(v) || h > 0 && (v < 0 || v > int64(max(0, o.Counts[h-1]-4))) {
					return fmt.Errorf("row %d of height %d leads to %d: %w", j, h, v, ErrBound)
				}
			}
			if h > 0 && o.Counts[h-1] < 4 {
				return fmt.Errorf("%d rows of height %d, want 4 at least: %w", o.Counts[h-1], h-1, ErrProgram)
			}
		}
	}
	return nil
}

// row returns a row's integers.
func (o *TreeEnsemble) row(height, j int) []int64 {
	w := o.width(height)
	return o.Rows[o.first[height]+j*w:][:w]
}

// visit is a row on a path: which it is and what it is asked.
type visit struct {
	row            []int64
	key            int
	value          [2]int64 // x[f] - lo of the first node and of its child
	node           [2]int   // 0, and 1 or 2
	b              [2]int64
	features, less [2]int64 // f and u
}

// walk calls f for every row of all paths through one row of features, height by height, and in
// each the trees that came from above first.
func (o *TreeEnsemble) walk(x []int64, f func(height int, v *visit)) {
	var keys []int
	for h := len(o.Counts) - 1; h >= 0; h-- {
		for i := range o.Trees[h] {
			keys = append(keys, i)
		}
		for i, key := range keys {
			v := visit{row: o.row(h, key), key: key}
			for k := range 2 {
				if k == 1 {
					v.node[1] = int(2 - v.b[0])
				}
				v.features[k], v.less[k] = v.row[2*v.node[k]], v.row[2*v.node[k]+1]
				v.value[k] = x[v.features[k]] - o.in.Range.Lo
				if v.value[k] < v.less[k] {
					v.b[k] = 1
				}
			}
			f(h, &v)
			if h > 0 {
				keys[i] = int(v.row[6]) + v.exit()
			}
		}
	}
}

// exit is c.
func (v *visit) exit() int { return int(3 - 2*v.b[0] - v.b[1]) }

// Eval implements Op.
func (o *TreeEnsemble) Eval(in [][]int64) []int64 {
	out := make([]int64, 0, o.out.Size())
	for x := in[0]; len(x) > 0; x = x[o.Features:] {
		sums := make([]int64, o.Scores)
		o.walk(x[:o.Features], func(height int, v *visit) {
			if height == 0 {
				for k := range sums {
					sums[k] += v.row[6+v.exit()*o.Scores+k]
				}
			}
		})
		out = append(out, sums...)
	}
	return out
}

func (*TreeEnsemble) enforces() bool { return true }

func (o *TreeEnsemble) withoutParams() parametrised {
	d := *o
	d.Rows = nil
	return &d
}

func (o *TreeEnsemble) params() []*Ints { return []*Ints{&o.Rows} }

// digitsOf returns the number of digits of a difference, and their width: one table serves them,
// and M is 2^(their product).
func (o *TreeEnsemble) digitsOf(x Type) (n, width int) {
	b := max(1, bits.Len64(x.Range.Width()))
	n = (b + 9) / 10
	return n, (b + n - 1) / n
}

// modulus returns the logarithm of M.
func (o *TreeEnsemble) modulus(x Type) int {
	n, width := o.digitsOf(x)
	return n * width
}

// number returns what a node is in a row.
func (o *TreeEnsemble) number(f, u int64) int64 { return f<<(o.modulus(o.in)+2) + u - 1 }

// Relate implements Op.
func (o *TreeEnsemble) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	n := o.in.Shape[0]
	r := treeRelation{o: o, b: b, x: in[0].Reshape(n, o.Features)}
	b.Within(r.x, o.in.Range)
	step := int64(4) << o.modulus(o.in)
	numbers := make([]int64, n*o.Features)
	for i := range numbers {
		numbers[i] = int64(i%o.Features)*step - o.in.Range.Lo
	}
	r.numbers = r.x.Plus(relation.Constants(r.x.Shape, numbers))
	var above relation.Tensor // keys of the rows that those of the height before lead to
	came := 0
	for h := len(o.Counts) - 1; h >= 0; h-- {
		trees := came + o.Trees[h]
		if trees == 0 {
			continue
		}
		start := make([]int64, n*trees)
		index := make([]int, n*trees)
		for i := range start {
			if t := i % trees; t < came {
				index[i] = i/trees*came + t
			} else {
				start[i], index[i] = int64(t-came), -1
			}
		}
		key := relation.Constants([]int{n, trees}, start)
		if came > 0 {
			key = key.Plus(above.Gather([]int{n, trees}, index))
		}
		above = r.height(h, trees, key)
		came = trees
	}
	var sums []relation.Tensor
	for _, v := range r.values {
		for t := range came {
			sums = append(sums, v.Slice([]int{0, t}, []int{1, 1}, []int{n, 1}))
		}
		column := relation.Sum(sums...)
		sums = nil
		r.scores = append(r.scores, column)
	}
	for k, s := range r.scores {
		b.Equals(out.Reshape(n, o.Scores).Slice([]int{0, k}, []int{1, 1}, []int{n, 1}), s)
	}
}

// treeRelation makes the statements of an ensemble.
type treeRelation struct {
	o          *TreeEnsemble
	b          *relation.Builder
	x, numbers relation.Tensor
	values     []relation.Tensor // of the leaves, for each score
	scores     []relation.Tensor
}

// column adds columns for the paths' rows of one height.
func (r *treeRelation) column(height, trees int, name string, of func(v *visit) int64) relation.Tensor {
	shape := []int{r.x.Shape[0], trees}
	return r.b.Column(fmt.Sprintf("%s, height %d", name, height), shape, func(a *relation.Assignment) []int64 {
		var all []int64
		for x := a.Eval(r.x); len(x) > 0; x = x[r.o.Features:] {
			r.o.walk(x[:r.o.Features], func(h int, v *visit) {
				if h == height {
					all = append(all, of(v))
				}
			})
		}
		return all
	})
}

// answer adds the columns of a comparison and returns its answer, and the node's number.
func (r *treeRelation) answer(height, trees, k int) (answer, node relation.Tensor) {
	o, name := r.o, []string{"first", "second"}[k]
	n, width := o.digitsOf(o.in)
	step, m := int64(4)<<o.modulus(o.in), int64(1)<<o.modulus(o.in)
	feature := r.column(height, trees, name+" feature", func(v *visit) int64 { return v.features[k]*step + v.value[k] })
	for s := range r.x.Shape[0] {
		r.b.Member(feature.Slice([]int{s, 0}, []int{1, 1}, []int{1, trees}), r.numbers.Slice([]int{s, 0}, []int{1, 1}, []int{1, o.Features}))
	}
	answer = r.column(height, trees, name+" answer", func(v *visit) int64 { return v.b[k] })
	r.b.Range(answer, fixedpoint.Interval{Lo: 0, Hi: 1})
	node = feature.Plus(answer.Times(m)).PlusConst(-m)
	for i := range n {
		d := r.column(height, trees, fmt.Sprintf("%s digit %d", name, i), func(v *visit) int64 {
			return (v.less[k] - 1 - v.value[k] + (1-v.b[k])*m) >> (i * width) & (1<<width - 1)
		})
		r.b.Range(d, fixedpoint.Interval{Lo: 0, Hi: 1<<width - 1})
		node = node.Plus(d.Times(1 << (i * width)))
	}
	return answer, node
}

// height states the rows of one height, and returns the keys to which they lead.
func (r *treeRelation) height(height, trees int, key relation.Tensor) (next relation.Tensor) {
	o, b := r.o, r.b
	b0, first := r.answer(height, trees, 0)
	b1, asked := r.answer(height, trees, 1)
	spare := func(v *visit) int64 { // the child that is not asked
		k := 3 - v.node[1]
		return o.number(v.row[2*k], v.row[2*k+1])
	}
	other := r.column(height, trees, "other child", spare)
	b.NonNegative(other.PlusConst(1), o.number(int64(o.Features), 0))
	swap := r.column(height, trees, "children", func(v *visit) int64 {
		return v.b[0] * (o.number(v.features[1], v.less[1]) - spare(v))
	})
	b.Product(b0, asked.Minus(other), swap)
	columns := []relation.Tensor{first, other.Plus(swap), asked.Minus(swap)}
	if height > 0 {
		lead := r.column(height, trees, "next", func(v *visit) int64 { return v.row[6] })
		next = lead.Minus(b0.Times(2)).Minus(b1).PlusConst(3)
		columns = append(columns, lead)
	} else {
		for k := range o.Scores {
			columns = append(columns, r.leaves(trees, k, b0, b1)...)
		}
	}
	b.Gather(key, columns, r.rows(height))
	return next
}

// leaves adds the columns of four leaves' values of a score: those behind the child that is asked,
// of which one is reached, and the two behind the other child, packed. It returns the halves of the
// row: values 0 and 1, and 2 and 3, packed.
//
// Soundness: a half is low + base·high, which fixes both only if low is one of base integers: so it
// has a check on either side. (A half of which neither value is held below the base can be read with
// one more of high for base less of low.)
func (r *treeRelation) leaves(trees, k int, b0, b1 relation.Tensor) []relation.Tensor {
	o, b := r.o, r.b
	base := int64(2) << o.Bits
	value := func(v *visit, c int) int64 { return v.row[6+c*o.Scores+k] }
	half := func(v *visit, c int) int64 { return value(v, c) + base*value(v, c+1) }
	asked := func(v *visit) int { return 2 * int(1-v.b[0]) } // the first value behind the child that is asked
	name := func(s string) string { return fmt.Sprintf("%s of score %d", s, k) }
	low := r.column(0, trees, name("low leaf"), func(v *visit) int64 { return value(v, asked(v)) })
	high := r.column(0, trees, name("high leaf"), func(v *visit) int64 { return value(v, asked(v)+1) })
	others := r.column(0, trees, name("other leaves"), func(v *visit) int64 { return half(v, 2*int(v.b[0])) })
	least := int64(1) << o.Bits
	b.NonNegative(low.PlusConst(least), base-1)
	b.Within(low, fixedpoint.Interval{Lo: -least, Hi: least - 1})
	b.NonNegative(high.PlusConst(least), base-1)
	b.NonNegative(others.PlusConst(least+base*least), base*base-1)
	choice := r.column(0, trees, name("leaves"), func(v *visit) int64 { return v.b[1] * (value(v, asked(v)) - value(v, asked(v)+1)) })
	b.Product(b1, low.Minus(high), choice)
	mine := low.Plus(high.Times(base)) // the value of b1 = 1 first
	halves := r.column(0, trees, name("halves"), func(v *visit) int64 { return v.b[0] * (half(v, asked(v)) - half(v, 2*int(v.b[0]))) })
	b.Product(b0, mine.Minus(others), halves)
	r.values = append(r.values, high.Plus(choice))
	return []relation.Tensor{others.Plus(halves), mine.Minus(halves)}
}

// rows adds the rows of one height as parameters: each as its columns.
func (r *treeRelation) rows(height int) *relation.Block {
	o := r.o
	var flat []int64
	base := int64(2) << o.Bits
	for j := range o.Counts[height] {
		row := o.row(height, j)
		for k := 0; k < 6; k += 2 {
			flat = append(flat, o.number(row[k], row[k+1]))
		}
		if height > 0 {
			flat = append(flat, row[6])
			continue
		}
		for k := range o.Scores {
			v := row[6+k:]
			flat = append(flat, v[0]+base*v[o.Scores], v[2*o.Scores]+base*v[3*o.Scores])
		}
	}
	return r.b.Param(fmt.Sprintf("rows of height %d", height), []int{o.Counts[height], len(flat) / o.Counts[height]}, slices.Clip(flat))
}
