package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/nnark/nnark/circuits"
)

// answer is what a network says: floats, flat, one list for each output, nil for one that
// is not shown.
type answer struct {
	Outputs [][]float64 `json:"outputs"`
	Names   []string    `json:"output_names"`
	Class   *int        `json:"class,omitempty"` // lowest index of the largest value, if there is one list of several
	Label   string      `json:"label,omitempty"` // of the class

	Classes []int    `json:"classes,omitempty"`      // of a batch: of each input, in place of the class
	Called  []string `json:"class_labels,omitempty"` // and their labels

	labels []string
}

// batchOf returns how many inputs the tensors of a network hold by their shapes: the first axis that all inputs and
// outputs have in common; else 1.
func batchOf(shapes [][]int) int {
	n := 0
	for i, s := range shapes {
		if len(s) < 2 || i > 0 && s[0] != n {
			return 1
		}
		n = s[0]
	}
	return max(n, 1)
}

// newAnswer is the answer of a batch of so many inputs.
func newAnswer(names []string, outputs [][]float64, labels []string, batch int) answer {
	a := answer{Outputs: outputs, Names: names, labels: labels}
	switch {
	case len(outputs) != 1:
	case batch > 1 && len(outputs[0]) > batch:
		size := len(outputs[0]) / batch
		for scores := range slices.Chunk(outputs[0], size) {
			a.Classes = append(a.Classes, circuits.Argmax(scores))
			if len(labels) == size {
				a.Called = append(a.Called, labels[a.Classes[len(a.Classes)-1]])
			}
		}
	case len(outputs[0]) > 1:
		class := circuits.Argmax(outputs[0])
		a.Class, a.Label = &class, a.label(class)
	}
	return a
}

func (a *answer) label(i int) string {
	if len(a.labels) == len(a.Outputs[0]) {
		return a.labels[i]
	}
	return ""
}

// maxShown bounds the values of one output in a table.
const maxShown = 10

// text prints the largest values of each output; beside, which may be nil, holds another
// column of them with its title.
func (a *answer) text(w io.Writer, title string, beside [][]float64) {
	if a.Classes != nil {
		a.batchText(w, title, beside)
		return
	}
	for i, out := range a.Outputs {
		head := []any{a.Names[i], "value"}
		if beside != nil {
			head = append(head, title)
		}
		row(w, head...)
		if out == nil {
			row(w, "  not shown")
		}
		order := make([]int, len(out))
		for k := range order {
			order[k] = k
		}
		if a.Class != nil {
			slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(out[y], out[x]) })
		}
		for _, k := range order[:min(len(order), maxShown)] {
			cells := []any{fmt.Sprintf("  %d %s", k, a.name(i, k)), fmt.Sprintf("%.6g", out[k])}
			if beside != nil {
				cells = append(cells, fmt.Sprintf("%.6g", beside[i][k]))
			}
			row(w, cells...)
		}
		if more := len(order) - maxShown; more > 0 {
			row(w, fmt.Sprintf("  … %d more", more))
		}
	}
}

// batchText prints the class of each input of a batch, and its score.
func (a *answer) batchText(w io.Writer, title string, beside [][]float64) {
	head := []any{a.Names[0], "class", "value"}
	if beside != nil {
		head = append(head, title)
	}
	row(w, head...)
	size := len(a.Outputs[0]) / len(a.Classes)
	for i, class := range a.Classes[:min(len(a.Classes), maxShown)] {
		name := fmt.Sprint(class)
		if a.Called != nil {
			name += " " + a.Called[i]
		}
		cells := []any{fmt.Sprintf("  input %d", i), name, fmt.Sprintf("%.6g", a.Outputs[0][i*size+class])}
		if beside != nil {
			cells = append(cells, fmt.Sprintf("%.6g", beside[0][i*size+class]))
		}
		row(w, cells...)
	}
	if more := len(a.Classes) - maxShown; more > 0 {
		row(w, fmt.Sprintf("  … %d more", more))
	}
}

func (a *answer) name(output, k int) string {
	if a.Class == nil || output > 0 {
		return ""
	}
	return a.label(k)
}
