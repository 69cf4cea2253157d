package quantize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// Evaluation compares what a program says with what it should say.
type Evaluation struct {
	Samples       int                    `json:"samples"`
	Rejected      []Rejection            `json:"rejected,omitempty"` // inputs outside the declared range
	RelativeError float64                `json:"relative_error"`     // L2, over all outputs of all samples
	Outputs       []circuits.OutputError `json:"outputs"`
	Mistaken      int                    `json:"mistaken,omitempty"`      // integer outputs (labels) that differ
	Integers      *float64               `json:"same_integers,omitempty"` // share of the elements of integer outputs that are the same, nil if there are none
	Agreement     float64                `json:"agreement,omitempty"`     // share of samples with the same class
	Accuracy      *float64               `json:"accuracy,omitempty"`      // share of samples whose class is the label
	FloatAccuracy *float64               `json:"float_accuracy,omitempty"`
	Worst         []Case                 `json:"worst"` // samples with the largest errors, the largest first

	Errors []float64 `json:"-"` // relative error of each sample, NaN of those rejected
}

// Rejection is an input that the program does not take.
type Rejection struct {
	Sample int    `json:"sample"`
	Reason string `json:"reason"`
}

// Case is the error of one sample.
type Case struct {
	Sample        int     `json:"sample"`
	RelativeError float64 `json:"relative_error"`
	Class         *int    `json:"class,omitempty"`
	FloatClass    *int    `json:"float_class,omitempty"`
	Label         *int    `json:"label,omitempty"`
}

// Comparison is what [Evaluate] needs beside a program.
type Comparison struct {
	Samples [][]*model.Tensor
	// Want returns what the program should say of sample i; it may be called from several
	// goroutines. If it is nil, nothing is compared but classes with labels.
	Want func(i int) ([]*model.Tensor, error)
	// Labels are the classes of the samples, nil if they are not known.
	Labels []int
	// Norms are of the outputs: how large a vector of an output is at least taken for, 0 for
	// as large as it is. nil is 0 for all.
	Norms []float64
	// Done is called after each sample, from one goroutine at a time. It may be nil.
	Done func(samples int)
}

// maxWorst bounds the cases that an evaluation names.
const maxWorst = 5

// Evaluate runs a program on all samples, on all processors. Samples are of one input each, also of a program
// for a batch of them. The error is that of the
// reference or of the context, or [circuits.ErrInput] for inputs that have not the program's
// form and for labels of answers that are no classes; inputs outside the declared ranges are
// part of the result.
func Evaluate(ctx context.Context, p *circuits.Program, c Comparison) (*Evaluation, error) {
	if c.Labels != nil && len(c.Labels) != len(c.Samples) {
		return nil, fmt.Errorf("%d labels for %d samples: %w", len(c.Labels), len(c.Samples), circuits.ErrInput)
	}
	if c.Labels != nil && !classifies(oneInput(p)) {
		return nil, fmt.Errorf("labels for answers that are no classes: %w", circuits.ErrInput)
	}
	one := make([]compared, len(c.Samples))
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	next, done, n := 0, 0, max(p.Batch, 1)
	for range min(runtime.GOMAXPROCS(0), (len(one)+n-1)/n) {
		wg.Go(func() {
			for {
				mu.Lock()
				i, end := next, min(next+n, len(one))
				next += n
				stop := i >= len(one) || failed != nil || ctx.Err() != nil
				mu.Unlock()
				if stop {
					return
				}
				err := c.compare(p, i, one[i:end])
				mu.Lock()
				done += end - i
				if err != nil {
					failed = errors.Join(failed, err)
				} else if c.Done != nil {
					c.Done(done)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(ctx.Err(), failed); err != nil {
		return nil, err
	}
	return c.summary(oneInput(p), one), nil
}

// oneInput is a program's inputs and outputs, as they are of one input of a batch.
func oneInput(p *circuits.Program) *circuits.Program {
	row := new(circuits.Program)
	row.Inputs, row.Outputs = p.Row()
	return row
}

// compared is one sample's share of an evaluation.
type compared struct {
	rejected          error
	outputs           []difference
	class, floatClass int // -1 if the output is not a vector of scores
}

// difference is of one output and sample.
type difference struct {
	square, norm float64 // of the difference and of what is wanted
	sum, most    float64 // of the absolute differences
	integer      bool    // then only equality counts
	other        int     // elements that differ
}

// compare runs a program on the samples from first on, as many as it takes at once or, of the last ones, fewer.
func (c *Comparison) compare(p *circuits.Program, first int, one []compared) error {
	row := oneInput(p)
	ints := make([][][]int64, len(one))
	var some [][]int64 // of those that are accepted, to fill a batch with
	for k := range one {
		var in [][]float64
		for _, t := range c.Samples[first+k] {
			in = append(in, t.Reals())
		}
		q, err := row.QuantizeReals(in)
		if errors.Is(err, circuits.ErrOutside) {
			one[k] = compared{rejected: err, class: -1, floatClass: -1}
			continue
		}
		if err != nil {
			return fmt.Errorf("sample %d: %w", first+k, err)
		}
		ints[k], some = q, q
	}
	if some == nil {
		return nil
	}
	all := make([][]int64, len(p.Inputs))
	for k := range max(p.Batch, 1) {
		q := some
		if k < len(one) && ints[k] != nil {
			q = ints[k]
		}
		for i := range all {
			all[i] = append(all[i], q[i]...)
		}
	}
	values, err := p.Eval(all)
	if err != nil {
		return fmt.Errorf("sample %d: %w", first, err)
	}
	for k := range one {
		if ints[k] == nil {
			continue
		}
		var out [][]int64
		for i, o := range p.Outputs {
			size := relation.Size(row.Outputs[i].Shape)
			out = append(out, values[o.Value][k*size:][:size])
		}
		if one[k], err = c.judge(row, first+k, out); err != nil {
			return fmt.Errorf("sample %d: %w", first+k, err)
		}
	}
	return nil
}

// judge compares the outputs of sample i with what is wanted.
func (c *Comparison) judge(p *circuits.Program, i int, out [][]int64) (compared, error) {
	r := compared{class: class(p, out), floatClass: -1}
	if c.Want == nil {
		return r, nil
	}
	want, err := c.Want(i)
	if err != nil {
		return r, err
	}
	if len(want) != len(p.Outputs) {
		return r, fmt.Errorf("%d outputs wanted, the program has %d: %w", len(want), len(p.Outputs), circuits.ErrInput)
	}
	for k, o := range p.Outputs {
		got, w := o.Floats(out[k]), want[k].Reals()
		if len(got) != len(w) {
			return r, fmt.Errorf("output %q: %d numbers wanted, the program has %d: %w", o.Name, len(w), len(got), circuits.ErrInput)
		}
		d := difference{integer: want[k].Float == nil}
		for j, v := range got {
			e := v - w[j]
			d.square, d.norm = d.square+e*e, d.norm+w[j]*w[j]
			d.sum, d.most, d.other = d.sum+math.Abs(e), max(d.most, math.Abs(e)), d.other+count(e != 0)
		}
		if c.Norms != nil {
			d.norm = max(d.norm, c.Norms[k])
		}
		r.outputs = append(r.outputs, d)
	}
	if labelOutput(p) < 0 && want[0].Float == nil { // indices are no scores
		r.class = -1
	}
	if r.class >= 0 {
		k := max(labelOutput(p), 0)
		if r.floatClass = circuits.Argmax(want[k].Floats()); len(want[k].Floats()) == 1 {
			r.floatClass = int(want[k].Floats()[0])
		}
	}
	return r, nil
}

// classifies reports whether a program's answers are classes.
func classifies(p *circuits.Program) bool {
	o := p.Outputs[0]
	return labelOutput(p) >= 0 || len(p.Outputs) == 1 && relation.Size(o.Shape) > 1 && classScores(o.Shape)
}

// class returns the class that a program's outputs name: the largest of its scores, or the
// label that it gives beside them; -1 if it is no classifier.
func class(p *circuits.Program, out [][]int64) int {
	if k := labelOutput(p); k >= 0 {
		return int(out[k][0])
	}
	if classifies(p) {
		return circuits.Argmax(p.Outputs[0].Floats(out[0]))
	}
	return -1
}

// labelOutput returns the only output that is one integer, -1 if none or several are.
func labelOutput(p *circuits.Program) int {
	at := -1
	for k, o := range p.Outputs {
		if relation.Size(o.Shape) == 1 && o.Exp == 0 && o.Range.Lo >= 0 && (len(p.Outputs) > 1 || o.Range.Hi > 1) {
			if at >= 0 {
				return -1
			}
			at = k
		}
	}
	return at
}

func (c *Comparison) summary(p *circuits.Program, one []compared) *Evaluation {
	e := &Evaluation{Samples: len(one), Outputs: make([]circuits.OutputError, len(p.Outputs))}
	var square, norm float64
	var agree, right, floatRight, classes, integers, same int
	for k := range e.Outputs {
		e.Outputs[k].Name = p.Outputs[k].Name
	}
	for i := range one {
		r := &one[i]
		if r.rejected != nil {
			e.Rejected = append(e.Rejected, Rejection{i, r.rejected.Error()})
			e.Errors = append(e.Errors, math.NaN())
			continue
		}
		var s, n float64
		for k, d := range r.outputs {
			size := float64(relation.Size(p.Outputs[k].Shape))
			o := &e.Outputs[k]
			o.Mean, o.Worst, o.Max = o.Mean+d.sum, max(o.Worst, d.sum/size), max(o.Max, d.most)
			if !d.integer {
				s, n = s+d.square, n+d.norm
				continue
			}
			e.Mistaken += count(d.other > 0)
			integers, same = integers+int(size), same+int(size)-d.other
		}
		square, norm = square+s, norm+n
		e.Errors = append(e.Errors, math.Sqrt(s/max(n, math.SmallestNonzeroFloat64)))
		if r.class < 0 {
			continue
		}
		classes++
		agree += count(r.class == r.floatClass)
		if c.Labels != nil {
			right += count(r.class == c.Labels[i])
			floatRight += count(r.floatClass == c.Labels[i])
		}
	}
	taken := len(one) - len(e.Rejected)
	for k := range e.Outputs {
		e.Outputs[k].Mean /= float64(max(taken, 1) * relation.Size(p.Outputs[k].Shape))
	}
	e.RelativeError = math.Sqrt(square / max(norm, 1e-300))
	if integers > 0 {
		share := float64(same) / float64(integers)
		e.Integers = &share
	}
	if classes > 0 {
		e.Agreement = float64(agree) / float64(classes)
	}
	if c.Labels != nil { // what is rejected is not answered
		a, f := float64(right)/float64(len(one)), float64(floatRight)/float64(max(classes, 1))
		if e.Accuracy = &a; c.Want != nil {
			e.FloatAccuracy = &f
		}
	}
	if c.Want == nil {
		e.Agreement, e.Outputs = 0, nil
		return e
	}
	e.worst(one, c.Labels)
	return e
}

// worst names the samples that are answered otherwise, and of these and the others those of
// the largest errors first.
func (e *Evaluation) worst(one []compared, labels []int) {
	var order []int
	for i := range one {
		if one[i].rejected == nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		other := func(k int) int { return count(one[k].class != one[k].floatClass) }
		return cmp.Or(other(j)-other(i), cmp.Compare(e.Errors[j], e.Errors[i]))
	})
	for _, i := range order[:min(len(order), maxWorst)] {
		w := Case{Sample: i, RelativeError: e.Errors[i]}
		if one[i].class >= 0 {
			w.Class, w.FloatClass = &one[i].class, &one[i].floatClass
			if labels != nil {
				w.Label = &labels[i]
			}
		}
		e.Worst = append(e.Worst, w)
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// classScores reports whether a shape is one vector of scores.
func classScores(shape []int) bool {
	for _, d := range shape[:max(len(shape)-1, 0)] {
		if d != 1 {
			return false
		}
	}
	return len(shape) > 0
}
