package circuits

import (
	"fmt"
	"sync"

	"github.com/nnark/nnark/fixedpoint"
)

// Correct rounding takes microseconds a value, and layers, widths that are tried and steps of
// a recurrent network ask for the same functions again and again. So a process computes each
// value once.

// values are those of one function of integers, over one interval that grows.
type values struct {
	f           fixedpoint.Function
	inExp, outE int
	out         fixedpoint.Interval

	mu sync.Mutex
	lo int64
	t  []int64
}

const (
	maxFunctions = 256     // of which values are kept
	maxValues    = 1 << 18 // kept of one function
	growth       = 256     // values computed beside one that is asked for
)

var known struct {
	mu        sync.Mutex
	functions map[string]*values
}

// valuesOf returns the values of round(f(x·2^-inExp)·2^outExp), clamped to out.
func valuesOf(f fixedpoint.Function, inExp int, out fixedpoint.Interval, outExp int, params []float64) *values {
	key := fmt.Sprint(f.Name, params, inExp, out, outExp)
	known.mu.Lock()
	defer known.mu.Unlock()
	v := known.functions[key]
	if v == nil {
		if len(known.functions) >= maxFunctions || known.functions == nil {
			known.functions = map[string]*values{}
		}
		v = &values{f: f, inExp: inExp, outE: outExp, out: out}
		known.functions[key] = v
	}
	return v
}

// over returns the values over a domain.
func (v *values) over(domain fixedpoint.Interval) ([]int64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.cover(domain); err != nil {
		return nil, err
	}
	from := domain.Lo - v.lo
	return v.t[from : from+int64(domain.Width())+1 : from+int64(domain.Width())+1], nil
}

// at returns one value.
func (v *values) at(x int64) (int64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := int64(len(v.t)); n == 0 || x < v.lo-growth || x >= v.lo+n+growth || n+growth > maxValues {
		if n > 0 && x >= v.lo && x < v.lo+n {
			return v.t[x-v.lo], nil
		}
		return v.f.At(x, v.inExp, v.out, v.outE)
	}
	if err := v.cover(fixedpoint.Point(x)); err != nil {
		return 0, err
	}
	return v.t[x-v.lo], nil
}

// cover computes what is missing of a domain, and a few values more.
func (v *values) cover(d fixedpoint.Interval) error {
	n := int64(len(v.t))
	if n == 0 || d.Lo > v.lo+n || d.Hi < v.lo-1 { // nothing to join
		t, err := v.f.Table(d, v.inExp, v.out, v.outE)
		v.lo, v.t = d.Lo, t
		return err
	}
	if d.Hi >= v.lo+n {
		t, err := v.f.Table(fixedpoint.Interval{Lo: v.lo + n, Hi: max(d.Hi, v.lo+n+growth-1)}, v.inExp, v.out, v.outE)
		if err != nil {
			return err
		}
		v.t = append(v.t[:n:n], t...)
	}
	if d.Lo < v.lo {
		lo := min(d.Lo, v.lo-growth)
		t, err := v.f.Table(fixedpoint.Interval{Lo: lo, Hi: v.lo - 1}, v.inExp, v.out, v.outE)
		if err != nil {
			return err
		}
		v.lo, v.t = lo, append(t, v.t...)
	}
	return nil
}
