package model

import (
	"errors"
	"testing"
)

// TestSequences: sequences are made, changed, read and joined while the network is read.
func TestSequences(t *testing.T) {
	x := floatTensor([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	index := func(v ...int64) *Tensor { return &Tensor{Shape: []int{}, Int: v} }
	base := func() *file {
		return newFile(17).input("x", x).init("first", index(0)).init("last", index(-1)).init("two", index(2)).
			init("sizes", &Tensor{Shape: []int{2}, Int: []int64{1, 2}})
	}
	for name, c := range map[string]struct {
		f    *file
		want *Tensor
	}{
		"single entries": {base().node("SplitToSequence", []string{"x"}, []string{"s"}, attr("axis", 1), attr("keepdims", 0)).
			node("SequenceAt", []string{"s", "last"}, []string{"y"}), floatTensor([]int{2}, 3, 6)},
		"equal parts": {base().node("SplitToSequence", []string{"x", "two"}, []string{"s"}, attr("axis", -1)).
			node("SequenceAt", []string{"s", "last"}, []string{"y"}), floatTensor([]int{2, 1}, 3, 6)},
		"parts": {base().node("SplitToSequence", []string{"x", "sizes"}, []string{"s"}, attr("axis", 1)).
			node("SequenceAt", []string{"s", "last"}, []string{"y"}), floatTensor([]int{2, 2}, 2, 3, 5, 6)},
		"stacked": {base().node("Neg", []string{"x"}, []string{"n"}).node("SequenceConstruct", []string{"x", "n"}, []string{"s"}).
			node("ConcatFromSequence", []string{"s"}, []string{"y"}, attr("axis", 0), attr("new_axis", 1)),
			floatTensor([]int{2, 2, 3}, 1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6)},
		"inserted and erased": {base().node("Neg", []string{"x"}, []string{"n"}).node("SequenceEmpty", nil, []string{"e"}).
			node("SequenceInsert", []string{"e", "x"}, []string{"a"}).node("SequenceInsert", []string{"a", "n", "first"}, []string{"b"}).
			node("SequenceErase", []string{"b"}, []string{"c"}).node("ConcatFromSequence", []string{"c"}, []string{"y"}, attr("axis", 0)),
			floatTensor([]int{2, 3}, -1, -2, -3, -4, -5, -6)},
		"length": {base().node("SplitToSequence", []string{"x"}, []string{"s"}, attr("axis", 1)).node("SequenceLength", []string{"s"}, []string{"n"}).
			node("Cast", []string{"n"}, []string{"f"}, attr("to", 1)).node("Mul", []string{"x", "f"}, []string{"y"}), floatTensor([]int{2, 3}, 3, 6, 9, 12, 15, 18)},
	} {
		out, err := runBody(t, c.f.output("y"), x)
		if err != nil || !near(out[0], c.want, 0) {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	for name, f := range map[string]*file{
		"a sequence as a tensor": base().node("SequenceConstruct", []string{"x"}, []string{"s"}).node("Relu", []string{"s"}, []string{"y"}),
		"a tensor as a sequence": base().node("SequenceAt", []string{"x", "first"}, []string{"y"}),
		"no such position":       base().node("SequenceConstruct", []string{"x"}, []string{"s"}).node("SequenceAt", []string{"s", "two"}, []string{"y"}),
		"nothing to join":        base().node("SequenceEmpty", nil, []string{"s"}).node("ConcatFromSequence", []string{"s"}, []string{"y"}, attr("axis", 0)),
		"nothing to erase":       base().node("SequenceEmpty", nil, []string{"s"}).node("SequenceErase", []string{"s"}, []string{"y"}),
		"too large parts":        base().node("SplitToSequence", []string{"x", "sizes"}, []string{"s"}, attr("axis", 0)).node("SequenceAt", []string{"s", "first"}, []string{"y"}),
		"no outputs":             base().node("SequenceConstruct", []string{"x"}, nil).node("SequenceAt", []string{"x", "two"}, []string{"y"}),
		"a sequence as output":   base().node("SequenceConstruct", []string{"x"}, []string{"y"}),
	} {
		if _, err := runBody(t, f.output("y"), x); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
