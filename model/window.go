package model

import (
	"errors"
	"slices"
)

// window is a kernel sliding over the spatial axes of an input, as convolution and
// pooling have it. All slices have one entry per spatial axis.
type window struct {
	in, kernel, out             []int
	strides, dilations          []int
	padBegin, padEnd            []int
	autoPad                     string
	pads                        []int // attribute: begins, then ends
	ceil                        bool
	inStrides, outStrides, taps []int
}

// span is a run of output positions that one kernel element maps to consecutive
// (by the last axis's stride) input positions inside the input.
type span struct{ out, in, n int }

// attrs are the attributes every sliding operator has, for Unpack.
func (w *window) attrs(more ...any) []any {
	return append([]any{
		"kernel_shape?", &w.kernel, "strides?", &w.strides, "dilations?", &w.dilations,
		"pads?", &w.pads, "auto_pad?", &w.autoPad,
	}, more...)
}

// init checks the attributes against the input's spatial axes and computes out.
func (w *window) init(in []int) error {
	rank := len(in)
	w.in = in
	if rank == 0 {
		return malformed("an input without spatial axes")
	}
	if w.strides == nil {
		w.strides = slices.Repeat([]int{1}, rank)
	}
	if w.dilations == nil {
		w.dilations = slices.Repeat([]int{1}, rank)
	}
	if w.pads == nil {
		w.pads = make([]int, 2*rank)
	}
	for _, a := range []struct {
		name   string
		v      []int
		n, min int
	}{
		{"kernel_shape", w.kernel, rank, 1},
		{"strides", w.strides, rank, 1},
		{"dilations", w.dilations, rank, 1},
		{"pads", w.pads, 2 * rank, 0},
	} {
		if len(a.v) != a.n {
			return malformed("%s %v, want %d values", a.name, a.v, a.n)
		}
		for _, v := range a.v {
			// The upper bound keeps sums and products of these inside int64.
			if v < a.min || v >= maxElements {
				return malformed("%s %v", a.name, a.v)
			}
		}
	}
	w.padBegin, w.padEnd = slices.Clone(w.pads[:rank]), slices.Clone(w.pads[rank:])
	w.out = make([]int, rank)
	for i := range rank {
		if err := w.initAxis(i); err != nil {
			return err
		}
	}
	w.inStrides, w.outStrides = stridesOf(w.in), stridesOf(w.out)
	w.taps = stridesOf(w.kernel)
	return errors.Join(checkShape(w.out), checkShape(w.kernel))
}

// initAxis sets out and the paddings of one axis.
func (w *window) initAxis(i int) error {
	in, stride := w.in[i], w.strides[i]
	extent := (w.kernel[i]-1)*w.dilations[i] + 1
	switch w.autoPad {
	case "", "NOTSET":
	case "VALID":
		w.padBegin[i], w.padEnd[i] = 0, 0
	case "SAME_UPPER", "SAME_LOWER":
		w.out[i] = (in + stride - 1) / stride
		total := max((w.out[i]-1)*stride+extent-in, 0)
		w.padBegin[i] = total / 2
		if w.autoPad == "SAME_LOWER" {
			w.padBegin[i] = total - total/2
		}
		w.padEnd[i] = total - w.padBegin[i]
		return nil
	default:
		return malformed("auto_pad %q", w.autoPad)
	}
	room := in + w.padBegin[i] + w.padEnd[i] - extent
	if room < 0 {
		return malformed("kernel %v does not fit into the input %v", w.kernel, w.in)
	}
	w.out[i] = room/stride + 1
	if w.ceil && room%stride != 0 && w.out[i]*stride < in+w.padBegin[i] {
		w.out[i]++ // a last window that starts inside the input or its left padding
	}
	return nil
}

// spans returns where kernel element tap (row-major index) meets the input.
func (w *window) spans(tap int) []span {
	var list []span
	rank := len(w.in)
	last := rank - 1
	lo, hi, first := w.overlap(last, tap/w.taps[last]%w.kernel[last])
	if lo >= hi {
		return nil
	}
	index := make([]int, last) // output row
	for {
		s := span{out: lo, in: first, n: hi - lo}
		inside := true
		for i, o := range index {
			p := o*w.strides[i] + tap/w.taps[i]%w.kernel[i]*w.dilations[i] - w.padBegin[i]
			inside = inside && p >= 0 && p < w.in[i]
			s.in += p * w.inStrides[i]
			s.out += o * w.outStrides[i]
		}
		if inside {
			list = append(list, s)
		}
		if !next(index, w.out[:last]) {
			return list
		}
	}
}

// overlap returns the output positions [lo,hi) of an axis at which kernel position
// k lies inside the input, and the input position at lo.
func (w *window) overlap(axis, k int) (lo, hi, first int) {
	stride := w.strides[axis]
	shift := k*w.dilations[axis] - w.padBegin[axis]
	if shift < 0 {
		lo = (-shift + stride - 1) / stride
	}
	if top := w.in[axis] - 1 - shift; top >= 0 {
		hi = min(w.out[axis], top/stride+1)
	}
	return lo, hi, lo*stride + shift
}

// next advances a row-major index and reports whether it is still inside shape.
func next(index, shape []int) bool {
	for i := len(index) - 1; i >= 0; i-- {
		if index[i]++; index[i] < shape[i] {
			return true
		}
		index[i] = 0
	}
	return false
}

// touchesInput reports whether every window holds some element of the input.
func (w *window) touchesInput() bool {
	for axis, n := range w.out {
		in, stride := w.in[axis], w.strides[axis]
		if n > 0 && (n-1)*stride-w.padBegin[axis] >= in {
			return false
		}
		for o := range n {
			start := o*stride - w.padBegin[axis]
			if start >= 0 {
				break // this one and the rest begin inside
			}
			if insideCount(start, w.dilations[axis], w.kernel[axis], 0, in) == 0 {
				return false
			}
		}
	}
	return true
}

// counts returns, per output position, the number of kernel elements inside the
// input or, if pads is set, inside the input and its padding.
func (w *window) counts(pads bool) []float64 {
	count := slices.Repeat([]float64{1}, product(w.out))
	for axis := range w.in {
		lo, hi := 0, w.in[axis]
		if pads {
			lo, hi = -w.padBegin[axis], hi+w.padEnd[axis]
		}
		for i := range count {
			start := i/w.outStrides[axis]%w.out[axis]*w.strides[axis] - w.padBegin[axis]
			count[i] *= float64(insideCount(start, w.dilations[axis], w.kernel[axis], lo, hi))
		}
	}
	return count
}

// insideCount counts the k in [0,n) with lo <= start+k*step < hi.
func insideCount(start, step, n, lo, hi int) int {
	first := 0
	if start < lo {
		first = (lo - start + step - 1) / step
	}
	end := 0
	if start < hi {
		end = min(n, (hi-1-start)/step+1)
	}
	return max(end-first, 0)
}
