package model

import (
	"fmt"
	"testing"
)

// TestWindowSpans compares spans and counts with the definition, position by
// position, for every combination of small attributes.
func TestWindowSpans(t *testing.T) {
	tested := 0
	for _, in := range [][]int{{5}, {1}, {4, 5}, {3, 2, 4}} {
		for kernel := 1; kernel <= 3; kernel++ {
			for stride := 1; stride <= 3; stride++ {
				for dilation := 1; dilation <= 2; dilation++ {
					for pads := range 9 {
						for _, ceil := range []bool{false, true} {
							w := uniformWindow(len(in), kernel, stride, dilation, pads/3, pads%3)
							w.ceil = ceil
							if w.init(in) == nil {
								checkWindow(t, w)
								tested++
							}
						}
					}
				}
			}
		}
	}
	if tested < 500 {
		t.Errorf("%d windows tested", tested)
	}
}

func uniformWindow(rank, kernel, stride, dilation, begin, end int) *window {
	w := &window{}
	for range rank {
		w.kernel = append(w.kernel, kernel)
		w.strides = append(w.strides, stride)
		w.dilations = append(w.dilations, dilation)
		w.pads = append(w.pads, begin)
	}
	for range rank {
		w.pads = append(w.pads, end)
	}
	return w
}

// checkWindow asserts that the spans of each kernel element hold exactly the pairs
// of output and input position that it connects.
func checkWindow(t *testing.T, w *window) {
	t.Helper()
	name := fmt.Sprintf("in %v kernel %v strides %v dilations %v pads %v", w.in, w.kernel, w.strides, w.dilations, w.pads)
	stride := w.strides[len(w.strides)-1]
	count := make([]float64, product(w.out))
	padded := make([]float64, product(w.out))
	for tap := range product(w.kernel) {
		got := map[[2]int]bool{}
		for _, s := range w.spans(tap) {
			for i := range s.n {
				got[[2]int{s.out + i, s.in + i*stride}] = true
			}
		}
		want := 0
		for o := range product(w.out) {
			from, inside, inPads := 0, true, true
			for axis, n := range w.in {
				p := o/w.outStrides[axis]%w.out[axis]*w.strides[axis] +
					tap/w.taps[axis]%w.kernel[axis]*w.dilations[axis] - w.padBegin[axis]
				inside = inside && p >= 0 && p < n
				inPads = inPads && p < n+w.padEnd[axis]
				from += p * w.inStrides[axis]
			}
			if inPads {
				padded[o]++
			}
			if inside {
				count[o]++
				want++
				if !got[[2]int{o, from}] {
					t.Fatalf("%s: output %d does not read %d through %d", name, o, from, tap)
				}
			}
		}
		if len(got) != want {
			t.Fatalf("%s: %d pairs through %d, want %d", name, len(got), tap, want)
		}
	}
	empty := false
	for o := range count {
		empty = empty || count[o] == 0
		if w.counts(false)[o] != count[o] || w.counts(true)[o] != padded[o] {
			t.Fatalf("%s: counts of output %d", name, o)
		}
	}
	if w.touchesInput() == empty {
		t.Fatalf("%s: touchesInput %v", name, !empty)
	}
}

func TestNodeWindow(t *testing.T) {
	n := &Node{Op: "Conv", Attrs: Attrs{"auto_pad": "SAME_UPPER", "strides": []int{2, 2}, "group": 3}}
	w, err := n.Window([]int{5, 6}, []int{3, 3})
	want := "&{[3 3] [2 2] [1 1] [1 0] [1 1] [3 3] false false}"
	if got := fmt.Sprint(w); err != nil || got != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
	n.Attrs["pad"] = []int{1}
	if _, err := n.Window([]int{5, 6}, []int{3, 3}); err == nil || err.Error() != "attribute pad (did you mean pads?): unsupported" {
		t.Errorf("unknown attribute: %v", err)
	}
}
