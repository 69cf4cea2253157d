package flat

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// plain returns a plan without boxes.
func plain(values, row int) *Plan {
	p := &Plan{Values: values, Row: row, Products: 4, Sums: 4, Outputs: 3, Zeros: 3, Columns: 2, Tables: 2, Rows: make([]Kind, 1<<(values-row))}
	for i := range p.Rows {
		p.Rows[i] = []Kind{Witness, Inverse, Model}[i%3]
		if i&(i-1) == 0 {
			p.Rows[i] = Witness
		}
	}
	return p
}

// Each of these boxes and plans is refused, and is not but for one thing.
func TestCheck(t *testing.T) {
	require.NoError(t, plain(12, 8).Check())
	for name, change := range map[string]func(p *Plan){
		"few values":        func(p *Plan) { p.Values = p.Row },
		"many values":       func(p *Plan) { p.Values = MaxValues + 1 },
		"short rows":        func(p *Plan) { p.Row = MinRow - 1 },
		"long rows":         func(p *Plan) { p.Row = MaxRow + 1 },
		"few products":      func(p *Plan) { p.Products = 1 },
		"many products":     func(p *Plan) { p.Products = MaxValues + 1 },
		"few sums":          func(p *Plan) { p.Sums = 2 },
		"many sums":         func(p *Plan) { p.Sums = MaxValues + 1 },
		"negative outputs":  func(p *Plan) { p.Outputs = -1 },
		"many outputs":      func(p *Plan) { p.Outputs = MaxValues + 1 },
		"negative zeros":    func(p *Plan) { p.Zeros = -1 },
		"many zeros":        func(p *Plan) { p.Zeros = MaxValues + 1 },
		"negative columns":  func(p *Plan) { p.Columns = -1 },
		"many columns":      func(p *Plan) { p.Columns = MaxValues + 1 },
		"negative tables":   func(p *Plan) { p.Tables = -1 },
		"many tables":       func(p *Plan) { p.Tables = maxTables + 1 },
		"a row more":        func(p *Plan) { p.Rows = append(p.Rows, Unused) },
		"a row less":        func(p *Plan) { p.Rows = p.Rows[1:] },
		"no rows":           func(p *Plan) { p.Rows = nil },
		"unknown kind":      func(p *Plan) { p.Rows[5] = numKinds },
		"masks of a model":  func(p *Plan) { p.Rows[0] = Model },
		"pairs of a model":  func(p *Plan) { p.Rows[4] = Model },
		"late pairs":        func(p *Plan) { p.Rows[8] = Inverse },
		"exposed with more": func(p *Plan) { p.Exposes = []Box{{Claim: Zero, Value: -1, Coef: -1, Factors: []int64{1}}} },
		"exposed twice":     func(p *Plan) { p.Exposes = []Box{{Claim: Zero, Value: -1, Coef: -2}} },
		"exposed values":    func(p *Plan) { p.Exposes = []Box{{Claim: Zero, Value: 300, Coef: -1}} },
		"exposed elsewhere": func(p *Plan) { p.Exposes = []Box{{Claim: Left, Value: -1, Coef: -1}} },
	} {
		t.Run(name, func(t *testing.T) {
			p := plain(12, 8)
			change(p)
			require.Error(t, p.Check())
		})
	}
	p := plain(12, 8)
	p.Exposes = []Box{{Claim: Zero, Value: -1, Coef: -1}}
	require.NoError(t, p.Check())
}

func TestCheckBox(t *testing.T) {
	good := Box{Claim: First, Coef: 3, Value: 3<<8 + 5, Slot: 2, Side: 1, Sides: 7, Loops: []Loop{{3, 16, 4, 0}, {2, 1, 0, 2}}}
	check := func(b Box) error {
		p := plain(12, 8)
		p.Boxes = []Box{b}
		return p.Check()
	}
	require.NoError(t, check(good))
	for name, change := range map[string]func(b *Box){
		"claim of masks":        func(b *Box) { b.Claim = masking },
		"hiding claim":          func(b *Box) { b.Claim = hiding },
		"value below -1":        func(b *Box) { b.Value = -2 },
		"negative slot":         func(b *Box) { b.Slot = -1 },
		"negative side":         func(b *Box) { b.Side = -1 },
		"huge value":            func(b *Box) { b.Value = math.MaxInt },
		"huge slot":             func(b *Box) { b.Slot = math.MaxInt },
		"huge side":             func(b *Box) { b.Side = math.MaxInt },
		"gamma of a factor":     func(b *Box) { b.Symbol = Gamma },
		"negative symbol":       func(b *Box) { b.Symbol = -1 },
		"no such table":         func(b *Box) { b.Claim, b.Symbol, b.Side, b.Sides, b.Loops[1].Side = Right, Beta+2, 0, 0, 0 },
		"empty loop":            func(b *Box) { b.Loops[0].Size = 0 },
		"loop of one":           func(b *Box) { b.Loops[0].Size = 1 },
		"negative loop":         func(b *Box) { b.Loops[0].Size = -3 },
		"negative value step":   func(b *Box) { b.Loops[0].Value = -1 },
		"negative slot step":    func(b *Box) { b.Loops[0].Slot = -1 },
		"negative side step":    func(b *Box) { b.Loops[0].Side = -1 },
		"long value step":       func(b *Box) { b.Loops[0].Value = 1 << 62 },
		"long slot step":        func(b *Box) { b.Loops[0].Slot = 1 << 62 },
		"long side step":        func(b *Box) { b.Loops[0].Side = 1 << 62 },
		"steps that wrap":       func(b *Box) { b.Loops = []Loop{{1 << 26, 1 << 25, 0, 0}, {1 << 26, 1 << 25, 0, 0}} },
		"step of constants":     func(b *Box) { b.Value = -1 },
		"value outside":         func(b *Box) { b.Value = 1<<12 - 33 },
		"slot outside":          func(b *Box) { b.Slot = 16 - sumMasks - 8 },
		"side outside":          func(b *Box) { b.Side = 6 },
		"a factor more":         func(b *Box) { b.Factors = make([]int64, 7) },
		"a factor less":         func(b *Box) { b.Factors = make([]int64, 5) },
		"no factors":            func(b *Box) { b.Factors = []int64{} },
		"side bits outside":     func(b *Box) { b.Sides = 8 },
		"negative side bits":    func(b *Box) { b.Sides = -1 },
		"moved without weight":  func(b *Box) { b.Sides = 5 },
		"in the row of masks":   func(b *Box) { b.Value = 1<<8 - 1 },
		"many terms":            func(b *Box) { b.Loops = []Loop{{Size: 1 << 14}, {Size: 1 << 14}} },
		"a mask":                func(b *Box) { *b = Box{Claim: Left, Value: 200} },
		"a pair's first":        func(b *Box) { *b = Box{Claim: Left, Value: 1 << 10} },
		"a pair's second":       func(b *Box) { *b = Box{Claim: Left, Value: 1<<10 + 1} },
		"begins on a pair":      func(b *Box) { b.Value = 1 << 9 },
		"begins on the other":   func(b *Box) { b.Value = 1<<9 + 1 },
		"reaches a pair":        func(b *Box) { b.Value = 1<<11 - 32 },
		"reaches another":       func(b *Box) { b.Value = 1<<11 - 31 },
		"many loops":            func(b *Box) { b.Loops = make([]Loop, maxLoops+1) },
		"product's masks":       func(b *Box) { *b = Box{Claim: Product, Value: 800, Slot: 14} },
		"product's masks, left": func(b *Box) { *b = Box{Claim: Left, Value: 800, Slot: 15} },
		"right":                 func(b *Box) { *b = Box{Claim: Right, Value: 800, Slot: 14} },
		"right column":          func(b *Box) { *b = Box{Claim: Right, Value: 800, Side: 4} },
		"second":                func(b *Box) { *b = Box{Claim: Second, Value: 800, Slot: 12} },
		"output's slot":         func(b *Box) { *b = Box{Claim: Output, Value: 800, Slot: 1} },
		"output":                func(b *Box) { *b = Box{Claim: Output, Value: 800, Side: 8} },
		"zero":                  func(b *Box) { *b = Box{Claim: Zero, Value: 800, Slot: 8} },
		"zero's side":           func(b *Box) { *b = Box{Claim: Zero, Value: 800, Side: 1} },
		"tables' slot":          func(b *Box) { *b = Box{Claim: Tables, Value: 800, Slot: 1} },
		"left's side bits":      func(b *Box) { *b = Box{Claim: Left, Value: 800, Sides: 1} },
	} {
		t.Run(name, func(t *testing.T) {
			b := good
			b.Loops = append([]Loop{}, good.Loops...)
			change(&b)
			require.Error(t, check(b))
		})
	}
}

// A start near the end of the integers, so that adding steps to it wraps.
func TestCheckAddressesThatWrap(t *testing.T) {
	for name, b := range map[string]Box{
		"value": {Claim: Left, Value: math.MaxInt, Loops: []Loop{{2, 1, 0, 0}}},
		"slot":  {Claim: Left, Value: -1, Slot: math.MaxInt, Loops: []Loop{{2, 0, 1, 0}}},
		"side":  {Claim: Right, Value: -1, Side: math.MaxInt, Sides: 3, Loops: []Loop{{2, 0, 0, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := plain(12, 8)
			p.Boxes = []Box{b}
			require.Error(t, p.Check())
		})
	}
}

// What evaluating a plan costs, in time and in memory, is bounded.
func TestCheckBoundsWork(t *testing.T) {
	big := func() *Plan {
		p := plain(26, 20)
		p.Products, p.Sums, p.Zeros = 26, 26, 26
		return p
	}
	require.NoError(t, big().Check())
	crossing := func(i int) Box { // two steps that carry through many bits
		return Box{Claim: Left, Coef: 1, Value: -1, Slot: 1<<25 - 1<<i, Loops: []Loop{{2, 0, 1 << i, 0}}}
	}
	for name, change := range map[string]func(p *Plan){
		"long factors": func(p *Plan) {
			for range 2 {
				p.Boxes = append(p.Boxes, Box{Claim: Left, Value: -1, Factors: make([]int64, 1<<23+1), Loops: []Loop{{1<<23 + 1, 0, 1, 0}}})
			}
		},
		"a long table": func(p *Plan) { p.Boxes = []Box{crossing(0)} },
		"many tables": func(p *Plan) {
			for i := range 20 {
				p.Boxes = append(p.Boxes, crossing(i+3))
			}
		},
		"public integers": func(p *Plan) {
			for range 2 {
				p.Exposes = append(p.Exposes, Box{Claim: Zero, Coef: -1, Value: -1, Loops: []Loop{{1 << 12, 0, 1, 0}, {1 << 12, 0, 1 << 12, 0}}})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := big()
			change(p)
			require.Error(t, p.Check())
		})
	}
}
