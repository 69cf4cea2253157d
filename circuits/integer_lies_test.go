package circuits

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// TestIntegersExhaustive proves every pair of small integers.
func TestIntegersExhaustive(t *testing.T) {
	all := func(lo, hi int64) (x []int64) {
		for ; lo <= hi; lo++ {
			x = append(x, lo)
		}
		return x
	}
	for _, c := range []struct {
		op   Op
		x, y [2]int64
	}{
		{&Div{Floor: true}, [2]int64{-40, 40}, [2]int64{1, 17}},
		{new(Mod), [2]int64{-40, 40}, [2]int64{1, 17}},
		{new(Mod), [2]int64{0, 20}, [2]int64{3, 40}},
		{&Bitwise{Name: "And"}, [2]int64{-20, 20}, [2]int64{-33, 33}},
		{&Bitwise{Name: "And"}, [2]int64{-20, 20}, [2]int64{0, 17}},
		{&Bitwise{Name: "Or"}, [2]int64{-20, 20}, [2]int64{-33, 33}},
		{&Bitwise{Name: "Or"}, [2]int64{3, 20}, [2]int64{5, 33}},
		{&Bitwise{Name: "Xor"}, [2]int64{-20, 20}, [2]int64{-33, 33}},
		{&Bitwise{Name: "Xor"}, [2]int64{0, 3}, [2]int64{0, 17}},
	} {
		x, y := all(c.x[0], c.x[1]), all(c.y[0], c.y[1])
		p := newProgram(t, Config{}, []Port{whole(0, c.x[0], c.x[1], len(x), 1), whole(1, c.y[0], c.y[1], len(y))}, []Node{node(c.op, 0, 1)})
		checkReference(t, p, [][]int64{x, y})
		compile(t, p).accepts([][]int64{x, y})
	}
}

// TestFractionsOfQuotients moves the quotient of an integer division by k/d and the remainder by
// -k, so that their equation holds over the field: by a fraction for k = 1, by one for k = d, and
// to no remainder at all.
func TestFractionsOfQuotients(t *testing.T) {
	var n tally
	for name, columns := range map[string][2]string{
		"floor div": {"Div[0 1]/out", "/remainder"}, "floor div by a number": {"Div[0 1]/out", ""}, "floor div by a large number": {"Div[0 1]/out", ""},
		"mod": {"/quotient", "Mod[0 1]/out"}, "mod of small": {"/quotient", "Mod[0 1]/out"}, "mod by a number": {"/quotient", "Mod[0 1]/out"},
		"mod by numbers": {"/quotient", "Mod[0 1]/out"}, "mod by a large number": {"/quotient", "Mod[0 1]/out"}, "mod of wide": {"/quotient", "Mod[0 1]/out"},
	} {
		k := caseNamed(t, name, Config{})
		inputs := k.randomInputs(seeded(t))
		w := k.honest(inputs)
		require.NoError(t, k.solve(w))
		values, err := k.Program.Eval(inputs)
		require.NoError(t, err)
		node := k.Program.Nodes[len(k.Program.Nodes)-1]
		types := k.Program.types
		quotient, size := k.column(columns[0])
		for i := range size {
			at := index(i, types[len(types)-1].Shape)
			x, d := broadcastAt(values[node.In[0]], types[node.In[0]].Shape, at), broadcastAt(values[node.In[1]], types[node.In[1]].Shape, at)
			rem := ((x % d) + d) % d
			for _, by := range []int64{1, -1, d, -d, rem, rem - d, 1 << 20} {
				if by == 0 {
					continue
				}
				lie := clone(w)
				var e, divisor fr.Element
				e.Div(e.SetInt64(by), divisor.SetInt64(d))
				lie.Secret[quotient+i].Add(&lie.Secret[quotient+i], &e)
				if columns[1] != "" { // else the remainder is an expression
					first, _ := k.column(columns[1])
					addTo(lie, first+i, -by)
				}
				k.refuses(&n, lie, w, "%s: %d by %d, quotient moved by %d/%d", name, x, d, by, d)
			}
		}
	}
	n.report(t, 300)
}

// TestRemaindersOfOtherQuotients takes one quotient less, of dividends that are multiples too, and d
// more that is left, where no range of an output would notice: what follows is honest.
func TestRemaindersOfOtherQuotients(t *testing.T) {
	var n tally
	for _, name := range []string{"mod of a mod", "mod of a large mod", "mod of a large remainder"} {
		k := caseNamed(t, name, Config{})
		d := k.Program.Nodes[0].Op.(*Constant).Values[0]
		r := k.Program.Inputs[0].Range
		inputs := k.randomInputs(seeded(t))
		for i, x := range inputs[0] {
			if m := ((x % d) + d) % d; i%2 == 0 && x-m >= r.Lo {
				inputs[0][i] -= m
			}
		}
		w := k.honest(inputs)
		require.NoError(t, k.solve(w))
		quotient, size := k.column("Mod[0 1]/quotient")
		for i := range size {
			for _, by := range []int64{-1, 1, -2} {
				values, ok := lyingEval(k.Program, inputs, 2, func(x []int64) { x[i] -= by * d })
				require.True(t, ok)
				lie, ok := k.lyingWitness(values, w)
				require.True(t, ok)
				addTo(lie, quotient+i, by)
				k.refuses(&n, lie, w, "%s: quotient of %d by %d moved by %d", name, inputs[0][i], d, by)
			}
		}
	}
	n.report(t, 80)
}

// TestQuotientsOfMultiples takes one less than the quotient of a multiple, which leaves as much as the
// divisor.
func TestQuotientsOfMultiples(t *testing.T) {
	var n tally
	for name, d := range map[string]int64{"floor div by a number": 7, "floor div by a large number": 1<<30 + 7} {
		k := caseNamed(t, name, Config{})
		x := make([]int64, k.Program.types[0].Size())
		for i := range x {
			x[i] = d * int64(i-1)
		}
		w := k.honest([][]int64{x})
		require.NoError(t, k.solve(w))
		out, size := k.column("Div[0 1]/out")
		for i := range size {
			lie := clone(w)
			addTo(lie, out+i, -1)
			k.refuses(&n, lie, w, "%s: %d is less than the quotient %d", name, i-2, i-1)
		}
	}
	n.report(t, 20)
}

// TestDigitsOfOtherIntegers writes operands of bitwise operators in digits that are none, with the
// same sums, and pairs with the same keys.
func TestDigitsOfOtherIntegers(t *testing.T) {
	var n tally
	for _, name := range []string{"bitwise and", "bitwise or", "bitwise xor", "bitwise and of signed", "bitwise or of unsigned"} {
		k := caseNamed(t, name, Config{})
		w := k.honest(k.randomInputs(seeded(t)))
		require.NoError(t, k.solve(w))
		x, size := k.column("/x digit 1")
		y, _ := k.column("/y digit 1")
		z, _ := k.column("/z digit 1")
		out, _ := k.column("Bitwise[0 1]/out")
		var sixteenth fr.Element
		sixteenth.SetInt64(1 << digitBits).Inverse(&sixteenth)
		for i := range size {
			for _, d := range []int64{1, -1, 3, 16, -16} {
				for _, at := range []int{x, y, z} { // the lowest digit, an expression, moves by -16·d
					lie := clone(w)
					addTo(lie, at+i, d)
					k.refuses(&n, lie, w, "%s: digit of element %d moved by %d", name, i, d)
				}
				both := clone(w) // 16·x_1 + y_1 stays, but not the numbers they are digits of
				addTo(both, x+i, d)
				addTo(both, y+i, -16*d)
				k.refuses(&n, both, w, "%s: pair %d written otherwise by %d", name, i, d)
				fraction := clone(w) // 16·x_1 + y_1 stays; y_1 is a digit, x_1 a fraction
				var e fr.Element
				e.Mul(e.SetInt64(d), &sixteenth)
				fraction.Secret[x+i].Add(&fraction.Secret[x+i], &e)
				addTo(fraction, y+i, -d)
				k.refuses(&n, fraction, w, "%s: pair %d written in fractions by %d", name, i, d)
				answer := clone(w) // the answer moves, and a digit of it so that the other stays
				addTo(answer, z+i, d)
				addTo(answer, out+i, 16*d)
				k.refuses(&n, answer, w, "%s: answer %d moved by %d", name, i, 16*d)
			}
		}
	}
	n.report(t, 600)
}
