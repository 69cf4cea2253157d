package relation

import (
	"testing"

	"github.com/nnark/nnark/fixedpoint"
)

// A range check must not be hosted in a table whose flat run is broken by the rows added
// to lengthen it: the rows (x, c) would then hold for x outside the run.
func TestHostBrokenRun(t *testing.T) {
	dent := func(x int64) int64 { // 0 but for a dent at -6 and a rise above 0
		if x == -6 {
			return 5
		}
		return max(0, x)
	}
	b := NewBuilder()
	ones := func(*Assignment) []int64 { return make([]int64, 1000) }
	x, y, z := b.Column("x", []int{1000}, ones), b.Column("y", []int{1000}, ones), b.Column("z", []int{1000}, ones)
	b.Lookup(b.Function("dent", fixedpoint.Interval{Lo: -4, Hi: 4}, dent), x, y)
	b.NonNegative(z, 300) // two digits for each of 1000 elements cost more than 296 rows
	sys, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range sys.Lookups {
		if l.Node == "" && l.Table.Name == "dent" && l.Cols[1].IsConst() {
			t.Errorf("z is looked up in %s over %v", l.Table.Name, l.Table.Domain)
		}
	}
	if r := sys.Bounds[z.Block().ID][0]; r.Lo != 0 {
		t.Errorf("z is bounded by %v, want a lower bound of 0", r)
	}
}

// A table that hosts range checks must not be lengthened for later ones, of elements that no
// statement bounds: the rows added would be values below 0 of what was checked before.
func TestHostKeepsItsLength(t *testing.T) {
	b := NewBuilder()
	zeros := func(*Assignment) []int64 { return make([]int64, 1000) }
	x, y, z := b.Column("x", []int{1000}, zeros), b.Column("y", []int{1000}, zeros), b.Column("z", []int{1000}, zeros)
	b.Lookup(b.Function("relu", fixedpoint.Interval{Lo: -256, Hi: 255}, func(x int64) int64 { return max(0, x) }), x, y)
	b.NonNegative(z, 200)                                                               // hosted
	b.Accumulator("unread", []int{1000}, fixedpoint.Interval{Lo: -256, Hi: 255}, zeros) // two digits each cost more than 255 rows
	sys, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if r := sys.Bounds[z.Block().ID][0]; r.Lo != 0 || r.Hi != 256 {
		t.Errorf("z is bounded by %v, want [0,256]", r)
	}
}
