package relation

import "github.com/nnark/nnark/fixedpoint"

// Table is a fixed set of rows: (x, f(x)) or (x) for every x of its domain, at most
// [MaxRows], all of them below 2^62.
type Table struct {
	Name   string
	Domain fixedpoint.Interval

	f    func(int64) int64
	seen seen
}

// seen is what was found out about a table over one domain: many statements ask.
type seen struct {
	domain    fixedpoint.Interval
	column    *found
	plateau   *found
	preimages map[int64]found
}

// found is an interval, a value where there is one, and whether there is an interval.
type found struct {
	r  fixedpoint.Interval
	c  int64
	ok bool
}

// over returns what is known over the present domain.
func (t *Table) over() *seen {
	if t.seen.preimages == nil || t.seen.domain != t.Domain {
		t.seen = seen{domain: t.Domain, preimages: map[int64]found{}}
	}
	return &t.seen
}

// Len returns the number of rows.
func (t *Table) Len() int { return int(t.Domain.Hi-t.Domain.Lo) + 1 }

// IsFunction reports whether the table has a second column.
func (t *Table) IsFunction() bool { return t.f != nil }

// At returns f(x).
func (t *Table) At(x int64) int64 { return t.f(x) }

func (t *Table) columns() int {
	if t.IsFunction() {
		return 2
	}
	return 1
}

// column returns the interval of column k's values; ok is false if one reaches the limit.
func (t *Table) column(k int) (r fixedpoint.Interval, ok bool) {
	if k == 0 {
		return t.Domain, true
	}
	known := t.over()
	if known.column == nil {
		known.column = t.values()
	}
	return known.column.r, known.column.ok
}

// values returns the interval of f's values.
func (t *Table) values() *found {
	r := fixedpoint.Point(t.f(t.Domain.Lo))
	for x := t.Domain.Lo; x <= t.Domain.Hi; x++ {
		y := t.f(x)
		r.Lo, r.Hi = min(r.Lo, y), max(r.Hi, y)
	}
	return &found{r: r, ok: inside(r.Lo) && inside(r.Hi)}
}

// preimage returns the smallest interval that holds every x of the domain with f(x) = c.
func (t *Table) preimage(c int64) (r fixedpoint.Interval, ok bool) {
	if p, known := t.over().preimages[c]; known {
		return p.r, p.ok
	}
	defer func() { t.over().preimages[c] = found{r: r, ok: ok} }()
	for x := t.Domain.Lo; x <= t.Domain.Hi; x++ {
		if t.f(x) != c {
			continue
		}
		if !ok {
			r.Lo, ok = x, true
		}
		r.Hi = x
	}
	return r, ok
}

// plateau returns the run [lo,hi] at one end of the domain on which f is the constant c,
// the longer of the two, provided f takes the value c nowhere else: then the rows (x, c)
// are exactly a range check of x. A range table is all plateau.
func (t *Table) plateau() (r fixedpoint.Interval, c int64, ok bool) {
	if !t.IsFunction() {
		return t.Domain, 0, true
	}
	known := t.over()
	if known.plateau == nil {
		known.plateau = t.flat()
	}
	return known.plateau.r, known.plateau.c, known.plateau.ok
}

// flat looks for the plateau of a function.
func (t *Table) flat() *found {
	lo, hi := t.Domain.Lo, t.Domain.Hi
	for lo < t.Domain.Hi && t.f(lo+1) == t.f(t.Domain.Lo) {
		lo++
	}
	for hi > t.Domain.Lo && t.f(hi-1) == t.f(t.Domain.Hi) {
		hi--
	}
	r, c := fixedpoint.Interval{Lo: t.Domain.Lo, Hi: lo}, t.f(t.Domain.Lo)
	if t.Domain.Hi-hi > r.Hi-r.Lo {
		r, c = fixedpoint.Interval{Lo: hi, Hi: t.Domain.Hi}, t.f(t.Domain.Hi)
	}
	all, _ := t.preimage(c)
	return &found{r, c, all == r}
}
