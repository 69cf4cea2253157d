package quantize

import (
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// activationRange is the range of a graph value as an activation of the given bits:
// unsigned if the samples show no negative value.
func (l *lowerer) activationRange(name string, bits int) fixedpoint.Interval {
	if v := l.values[name]; v == nil || v.lo < 0 {
		return fixedpoint.Interval{Lo: -1 << bits, Hi: 1<<bits - 1}
	}
	return fixedpoint.Interval{Lo: 0, Hi: 1<<bits - 1}
}

// exp is the exponent a graph value has as an activation of the given bits.
func (l *lowerer) exp(name string, bits int) int {
	v := l.values[name]
	if v == nil || v.lo == 0 && v.hi == 0 {
		return bits // nothing is known: values up to 1
	}
	r := l.activationRange(name, bits)
	return v.exp(r.Lo, r.Hi)
}

// rescale returns the value at exponent e, or at its own where that is coarser.
func (l *lowerer) rescale(node string, v, e int) (int, error) {
	for l.p.Type(v).Exp > e {
		if w, ok := l.rescaled[[2]int{v, e}]; ok {
			return w, nil
		}
		t, s := l.p.Type(v), min(l.p.Type(v).Exp-e, circuits.MaxShift)
		if t.Range.RoundShift(uint(s)) == fixedpoint.Point(0) { // and so at every coarser exponent
			return l.emit(node+"/zero", &circuits.Constant{Shape: t.Shape, Exp: e, Values: make(circuits.Ints, t.Size())})
		}
		s = stepOf(t.Size(), s)
		w, err := l.emit(node+"/requantize", &circuits.Requantize{Shift: s}, v)
		if err != nil {
			return 0, err
		}
		if l.p.Type(w).Exp == e {
			l.rescaled[[2]int{v, e}] = w
		}
		v = w
	}
	return v, nil
}

// stepOf returns how much of a shift one step takes.
func stepOf(size, shift int) int {
	s := min(shift, circuits.MaxShift)
	if s > largeShift && size < 1<<s/8 || s > smallShift && size < 1<<s/64 { // a table of all remainders would cost more than two steps
		return smallShift
	}
	return s
}

// smallShift is a shift whose remainders other layers have too; the table of one past
// largeShift is for large layers only.
const smallShift, largeShift = 8, 12

// saturate returns value v clamped to out, by a table or by Clip; f is "Identity" or "Relu".
func (l *lowerer) saturate(node, f string, v int, out fixedpoint.Interval) (int, error) {
	t := l.p.Type(v)
	if f == "Relu" {
		out.Lo = max(out.Lo, 0)
	}
	if out.Covers(t.Range) {
		return l.enclose(node, v)
	}
	width := t.Range.Hi - t.Range.Lo + 1
	l.domains = append(l.domains, width)
	if width > l.clipAt || width > circuits.MaxTable {
		return l.emit(node, &circuits.Clip{Interval: out}, v)
	}
	return l.emit(node, &circuits.Function{Name: f, OutExp: t.Exp, Out: out}, v)
}

// enclose returns value v with its range enforced, by a Clip that never clips if nothing
// else does it: integers whose range is only what honest provers reach may be anything.
func (l *lowerer) enclose(node string, v int) (int, error) {
	if l.enforced[v] {
		return v, nil
	}
	r := l.p.Type(v).Range
	r.Hi = max(r.Hi, r.Lo+1)
	return l.emit(node+"/range", &circuits.Clip{Interval: r}, v)
}

// narrow returns the graph value as an activation: bounded integers of the program's
// width, which is what products and sums take.
func (l *lowerer) narrow(name string) (int, error) {
	if v := l.values[name]; v != nil && v.roomy {
		return l.narrowTo(name, l.bits+1)
	}
	return l.narrowTo(name, l.width(name))
}

// width returns the bits of a value as an activation: more where it is part of a normalisation, and
// has elements that outgrow the others. What is squared has fewer, for squares are added up.
func (l *lowerer) width(name string) int {
	most := l.bits
	switch {
	case l.normalised(name):
		most = 16
	case l.isQuotient(name):
		most = 16
	}
	return max(l.bits, min(l.bits+l.values[name].outgrown(), most))
}

// outgrown is how many bits more than other activations a value has that is divided by its own
// deviation: where one element outgrows the others a hundredfold, these are what counts. The largest
// of many random numbers are seven or eight times their median size.
func (v *observed) outgrown() int {
	if v == nil {
		return 0
	}
	var n, half float64
	for _, c := range v.sizes {
		n += c.n
	}
	for _, c := range v.sizes {
		if half += c.n; 2*half >= n && c.n > 0 {
			_, bits := math.Frexp(max(v.hi, -v.lo) / (8 * c.sum / c.n))
			return min(max(bits, 0), 6)
		}
	}
	return 0
}

// normalised reports whether a value is divided by a root, as in a LayerNormalization, or is part of
// a sum that is, and no layer's input.
func (l *lowerer) normalised(name string) bool { return l.leadsToNorm(name, 0) }

// isQuotient reports whether a value is what was divided by a root, before its trained scales.
func (l *lowerer) isQuotient(name string) bool {
	n := l.makers[name]
	return n != nil && n.Op == "Div" && l.madeBy(n.Inputs[1], "Sqrt") &&
		!slices.ContainsFunc(l.consumers[name], func(n *model.Node) bool { return n.Op != "Mul" && n.Op != "Add" })
}

func (l *lowerer) leadsToNorm(name string, depth int) (leads bool) {
	for _, n := range l.consumers[name] {
		switch n.Op {
		case "Div":
			leads = leads || n.Inputs[0] == name && l.madeBy(n.Inputs[1], "Sqrt")
		case "Add", "Sub":
			leads = leads || depth < 4 && l.leadsToNorm(n.Outputs[0], depth+1)
		case "Mul", "Pow", "ReduceMean":
		default:
			return false
		}
	}
	return leads
}

func (l *lowerer) narrowTo(name string, bits int) (int, error) {
	if v, ok := l.narrowed[name]; ok {
		return v, nil
	}
	v, err := l.value(name)
	if err != nil {
		return 0, err
	}
	r, seen := l.p.Type(v).Range, l.values[name]
	if r.Hi-r.Lo < 2<<bits || seen != nil && seen.integer && l.p.Type(v).Exp == 0 { // integers stay what they are
		return l.enclose(name, v)
	}
	if v, err = l.rescale(name, v, l.exp(name, bits)); err != nil {
		return 0, err
	}
	if v, err = l.saturate(name, "Identity", v, l.activationRange(name, bits)); err != nil {
		return 0, err
	}
	l.narrowed[name] = v
	return v, nil
}
