package flat

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd"
	"github.com/nnark/nnark/verifier/flat"
)

// ranges is into how many parts of their addresses boxes are divided, for all cores to have work.
const ranges = 32

// run is the last loop of a box, or a part of it: where it begins and its steps.
type run struct {
	value, slot, side, factor int
	step                      flat.Loop
	n                         int
}

// visit calls f for the runs of a box whose addresses, slots if bySlot, else values, lie in [lo, hi).
func visit(b *flat.Box, bySlot bool, lo, hi int, f func(*run)) {
	at := func(value, slot int) int {
		if bySlot {
			return slot
		}
		return value
	}
	loops := b.Loops
	if len(loops) == 0 {
		loops = []flat.Loop{{Size: 1}}
	}
	span := make([]int, len(loops)+1)  // how far the loops from one on reach
	terms := make([]int, len(loops)+1) // how many terms they have
	terms[len(loops)] = 1
	for i := len(loops) - 1; i >= 0; i-- {
		span[i] = span[i+1] + at(loops[i].Value, loops[i].Slot)*(loops[i].Size-1)
		terms[i] = terms[i+1] * loops[i].Size
	}
	var r run
	var loop func(depth, value, slot, side, factor int)
	loop = func(depth, value, slot, side, factor int) {
		start := at(value, slot)
		if start >= hi || start+span[depth] < lo {
			return
		}
		l := loops[depth]
		step := at(l.Value, l.Slot)
		from, to := 0, l.Size
		if step > 0 {
			from, to = max(0, (lo-span[depth+1]-start+step-1)/step), min(l.Size, (hi-start+step-1)/step)
		}
		if depth == len(loops)-1 {
			if from < to {
				r = run{value + from*l.Value, slot + from*l.Slot, side + from*l.Side, factor + from, l, to - from}
				f(&r)
			}
			return
		}
		for i := from; i < to; i++ {
			loop(depth+1, value+i*l.Value, slot+i*l.Slot, side+i*l.Side, factor+i*terms[depth+1])
		}
	}
	loop(0, b.Value, b.Slot, b.Side, 0)
}

// apply adds to the slots what a claim's boxes and masks give them.
func (t *attempt) apply(k flat.Claim, out fr.Vector) {
	boxes := t.weighted(k)
	parts := min(ranges, len(out))
	inParallel(parts, func(i int) {
		lo, hi := len(out)*i/parts, len(out)*(i+1)/parts
		var s scratch
		for i := range boxes {
			b := &boxes[i]
			switch {
			case b.Constant():
				visit(b.Box, true, lo, hi, func(r *run) { s.add(out, r.slot, r.step.Slot, nil, 0, 0, b, r) })
			case b.Fold != 0:
				addWeights(out, t.weights, len(t.values), b, lo, hi)
			default:
				visit(b.Box, true, lo, hi, func(r *run) { s.add(out, r.slot, r.step.Slot, t.values, r.value, r.step.Value, b, r) })
			}
		}
	})
	t.masks.Slots(t.plan, k, func(slot int, w *fr.Element, address int) {
		x := *w
		if address >= 0 {
			x.Mul(&x, &t.values[address])
		}
		out[slot].Add(&out[slot], &x)
	})
}

// functional returns the coefficient that all claims together give each value.
func (t *attempt) functional() fr.Vector {
	e := newVector(len(t.values))
	powers := t.points.Powers()
	var tables [len(powers)]fr.Vector
	spent := map[flat.Claim]*fr.Vector{flat.Left: &t.a, flat.Right: &t.b, flat.Product: &t.c, flat.First: &t.first, flat.Second: &t.second}
	for k := range tables {
		tables[k] = fr.Vector{powers[k]}
		if p := t.points.Slots(flat.Claim(k)); p != nil {
			n := 1 << p.Dim()
			if old := spent[flat.Claim(k)]; old != nil && cap(*old) >= n { // the first sumcheck leaves their memory
				tables[k], *old = (*old)[:n], nil
			} else {
				tables[k] = newVector(n)
			}
			expand(tables[k], p.Coordinates(), &powers[k])
		}
	}
	var boxes [len(powers)][]weighted
	for k := range t.claim {
		boxes[k] = t.weighted(flat.Claim(k))
	}
	inParallel(ranges, func(i int) {
		lo, hi := len(e)*i/ranges, len(e)*(i+1)/ranges
		var s scratch
		for k := range boxes {
			for i := range boxes[k] {
				b := &boxes[k][i]
				if b.Constant() || b.Fold != 0 {
					continue
				}
				visit(b.Box, false, lo, hi, func(r *run) { s.add(e, r.value, r.step.Value, tables[k], r.slot, r.step.Slot, b, r) })
			}
		}
	})
	t.plan.FoldColumns(t.points, func(row int, k flat.Claim, weights []fr.Element) {
		scaleBy(e[row<<t.plan.Row:(row+1)<<t.plan.Row], weights, &powers[k])
	})
	t.masks.Apply(t.plan, t.points, func(k flat.Claim, address int, w fr.Element) {
		w.Mul(&w, &powers[k])
		e[address].Add(&e[address], &w)
	})
	return e
}

// weighted is a box with what multiplies its values beside the slots' weights.
type weighted struct {
	flat.Sided
	scale fr.Element
	table fr.Vector // of sides, nil for ones
	shift int
	sign  int // 1 or -1 if scale is that, else 0

	factors *simd.Factors // the table, of boxes of weights
}

// weighted returns the boxes of a claim.
func (t *attempt) weighted(k flat.Claim) []weighted {
	out := make([]weighted, len(t.claim[k]))
	factors := map[*fr.Element]*simd.Factors{} // of tables, which boxes share
	for i, b := range t.claim[k] {
		w := &out[i]
		var table []fr.Element
		w.Sided = b
		w.scale, table, w.shift = t.points.Sides(b)
		w.table, w.sign = table, signOf(&w.scale)
		if b.Fold != 0 && len(table) > 0 {
			if factors[&table[0]] == nil {
				factors[&table[0]] = simd.NewFactors(table)
			}
			w.factors = factors[&table[0]]
		}
	}
	return out
}

func signOf(x *fr.Element) int {
	var minus fr.Element
	switch {
	case x.IsOne():
		return 1
	case minus.Neg(x).IsOne():
		return -1
	}
	return 0
}

// scratch is a worker's memory.
type scratch struct{ v fr.Vector }

// longRun is the length from which vector operations pay.
const longRun = 16

// add adds to dst, from index d in steps of ds, for each term of a run the product of its weight
// and of src's element, from index a in steps of as; nil stands for ones.
func (s *scratch) add(dst fr.Vector, d, ds int, src fr.Vector, a, as int, w *weighted, r *run) {
	scale, sign := w.scale, w.sign
	table, side, steps := w.table, 0, 0
	if table != nil {
		side, steps = r.side>>w.shift&(len(table)-1), r.step.Side>>w.shift
		if steps == 0 {
			scale.Mul(&scale, &table[side])
			table, sign = nil, 0
		}
	}
	if src != nil && as == 0 { // one element for all
		if sign != 1 {
			scale.Mul(&scale, &src[a])
		} else {
			scale = src[a]
		}
		src, sign = nil, 0
	}
	if src == nil && table != nil { // the table takes its place
		src, a, as, table = table, side, steps, nil
	}
	var x fr.Element
	switch {
	case w.Factors != nil:
		for i := range r.n {
			x.SetInt64(w.Factors[r.factor+i]).Mul(&x, &scale)
			if src != nil {
				x.Mul(&x, &src[a+i*as])
			}
			if table != nil {
				x.Mul(&x, &table[side+i*steps])
			}
			dst[d+i*ds].Add(&dst[d+i*ds], &x)
		}
	case src == nil && ds == 1 && r.n >= longRun:
		s.addAll(dst[d:d+r.n], &scale)
	case src == nil:
		for i := range r.n {
			dst[d+i*ds].Add(&dst[d+i*ds], &scale)
		}
	case ds == 0:
		var sum fr.Element
		switch {
		case table == nil:
			for i := range r.n {
				sum.Add(&sum, &src[a+i*as])
			}
		case as == 1 && steps == 1 && r.n >= longRun:
			sum = dot(src[a:a+r.n], table[side:side+r.n])
		default:
			for i := range r.n {
				sum.Add(&sum, x.Mul(&src[a+i*as], &table[side+i*steps]))
			}
		}
		dst[d].Add(&dst[d], sum.Mul(&sum, &scale))
	case table == nil && ds == 1 && as == 1 && r.n >= longRun:
		out, in := dst[d:d+r.n], src[a:a+r.n]
		switch sign {
		case 1:
			out.Add(out, in)
		case -1:
			out.Sub(out, in)
		default:
			s.scaled(out, in, &scale)
		}
	default:
		for i := range r.n {
			x = src[a+i*as]
			if table != nil {
				x.Mul(&x, &table[side+i*steps])
			}
			switch sign {
			case 1:
				dst[d+i*ds].Add(&dst[d+i*ds], &x)
			case -1:
				dst[d+i*ds].Sub(&dst[d+i*ds], &x)
			default:
				dst[d+i*ds].Add(&dst[d+i*ds], x.Mul(&x, &scale))
			}
		}
	}
}

// addAll adds x to all elements.
func (s *scratch) addAll(out fr.Vector, x *fr.Element) {
	if s.v == nil {
		s.v = make(fr.Vector, chunk)
	}
	v := s.v[:min(len(out), chunk)]
	for i := range v {
		v[i] = *x
	}
	for len(out) > 0 {
		n := min(len(out), chunk)
		add(out[:n], out[:n], v[:n])
		out = out[n:]
	}
}

// scaled adds scale·in to out.
func (s *scratch) scaled(out, in fr.Vector, scale *fr.Element) {
	if s.v == nil {
		s.v = make(fr.Vector, chunk)
	}
	for len(out) > 0 {
		n := min(len(out), chunk)
		v := s.v[:n]
		v.ScalarMul(in[:n], scale)
		add(out[:n], out[:n], v)
		out, in = out[n:], in[n:]
	}
}

// invert sets the values of inverses to c/b of their slots.
func (t *attempt) invert() error {
	failed := make([]bool, ranges)
	type memory struct {
		at   []int
		d, c fr.Vector
	}
	free := sync.Pool{New: func() any { return new(memory) }}
	inParallel(ranges, func(k int) {
		m := free.Get().(*memory)
		at, d, c := m.at[:0], m.d[:0], m.c[:0]
		for _, b := range t.claim[flat.Left] {
			if b.Constant() || b.Fold != 0 || t.plan.Rows[b.Value>>t.plan.Row] != flat.Inverse {
				continue
			}
			visit(b.Box, false, len(t.values)*k/ranges, len(t.values)*(k+1)/ranges, func(r *run) {
				for i := range r.n {
					slot := r.slot + i*r.step.Slot
					at, d, c = append(at, r.value+i*r.step.Value), append(d, t.b[slot]), append(c, t.c[slot])
					failed[k] = failed[k] || t.b[slot].IsZero()
				}
			})
		}
		invertAll(d)
		d.Mul(d, c)
		for i, a := range at {
			t.values[a] = d[i]
		}
		*m = memory{at, d, c}
		free.Put(m)
	})
	for _, f := range failed {
		if f {
			return errAgain
		}
	}
	return nil
}
