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

	labels []string
}

func newAnswer(names []string, outputs [][]float64, labels []string) answer {
	a := answer{Outputs: outputs, Names: names, labels: labels}
	if len(outputs) == 1 && len(outputs[0]) > 1 {
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

func (a *answer) name(output, k int) string {
	if a.Class == nil || output > 0 {
		return ""
	}
	return a.label(k)
}
