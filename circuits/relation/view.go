package relation

import "slices"

// View is the linear map all others are made of: element o of the result is element
// Start + Step·o of the source, or zero where that index lies outside the source.
// Transposition, slicing, padding, broadcasting and the taps of a window are views. Maps
// that have no such form list what they read instead.
type View struct {
	In, Out []int
	Start   []int   // for each axis of In
	Step    [][]int // Step[i][o]: how far axis i of In moves with axis o of Out

	Index  []int   // if set: flat source index of each element of Out, or -1
	Factor []int64 // if set: what each element of Out is multiplied by
}

// source returns the flat source index of flat output index o, or -1 outside.
func (v *View) source(o int, buf []int) int {
	if v.Index != nil {
		return v.Index[o]
	}
	out := buf[:len(v.Out)]
	for k := len(v.Out) - 1; k >= 0; k-- {
		out[k] = o % v.Out[k]
		o /= v.Out[k]
	}
	flat := 0
	for i, d := range v.In {
		x := v.Start[i]
		for k, s := range v.Step[i] {
			if s != 0 {
				x += s * out[k]
			}
		}
		if x < 0 || x >= d {
			return -1
		}
		flat = flat*d + x
	}
	return flat
}

// runs calls f for elements lo to hi-1 of the result, in order, some at a time: elements i to i+n-1 are
// source, source+step, … of the source, or outside where source is -1. It is what [View.source] returns,
// with counters in the place of divisions.
func (v *View) runs(lo, hi int, f func(i, source, step, n int)) {
	if v.Index != nil {
		for i := lo; i < hi; i++ {
			f(i, v.Index[i], 0, 1)
		}
		return
	}
	if lo >= hi {
		return
	}
	last := len(v.Out) - 1
	if last < 0 {
		f(0, v.source(0, nil), 0, 1)
		return
	}
	counters, at := make([]int, len(v.Out)), slices.Clone(v.Start)
	for k, o := last, lo; k >= 0; k-- {
		counters[k], o = o%v.Out[k], o/v.Out[k]
		for axis := range at {
			at[axis] += counters[k] * v.Step[axis][k]
		}
	}
	inside, step := v.inside(), v.strides(last)
	for i := lo; i < hi; {
		n := 1
		if inside {
			n = min(hi-i, v.Out[last]-counters[last])
		}
		f(i, v.flat(at), step, n)
		i += n
		for k := last; k >= 0 && n > 0; k-- { // carry
			by := n
			if counters[k] += n; counters[k] == v.Out[k] {
				by, counters[k], n = n-v.Out[k], 0, 1
			} else {
				n = 0
			}
			for axis := range at {
				at[axis] += by * v.Step[axis][k]
			}
		}
	}
}

// flat returns the flat index of an element of the source, or -1 outside.
func (v *View) flat(at []int) int {
	flat := 0
	for k, d := range v.In {
		if x := at[k]; x < 0 || x >= d {
			return -1
		}
		flat = flat*d + at[k]
	}
	return flat
}

// strides returns how far the flat source index moves with an axis of the result.
func (v *View) strides(axis int) (step int) {
	for i, d := range v.In {
		step = step*d + v.Step[i][axis]
	}
	return step
}

// inside reports whether no element of the result is outside the source.
func (v *View) inside() bool {
	for i, d := range v.In {
		lo, hi := v.Start[i], v.Start[i]
		for k, s := range v.Step[i] {
			lo, hi = lo+min(s, 0)*(v.Out[k]-1), hi+max(s, 0)*(v.Out[k]-1)
		}
		if lo < 0 || hi >= d {
			return false
		}
	}
	return true
}
