package circuits

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArgMaxLies moves the index by the number of elements and the maximum by one: the
// largest key stays.
func TestArgMaxLies(t *testing.T) {
	var n tally
	inner := newProgram(t, Config{}, []Port{in(0, -8, 7, 2, 4), in(1, -30, 30, 2)}, []Node{
		node(&ArgMax{Reduction: Reduction{Axes: []int{1}}}, 0), node(&Add{Scale: [2]int64{1, 1}, Exp: 4}, 2, 1)})
	for _, k := range []*testCircuit{caseNamed(t, "argmax", Config{}), caseNamed(t, "argmax of the first axis", Config{}), compile(t, inner)} {
		inputs := k.randomInputs(seeded(t))
		if len(inputs) > 1 {
			clear(inputs[1]) // so that a wrong index is no wrong range of the output
		}
		w := k.honest(inputs)
		require.NoError(t, k.solve(w))
		out, size := k.column("ArgMax[0]/out")
		m, _ := k.column("ArgMax[0]/max")
		elements := k.Program.Nodes[0].Op.(*ArgMax).n
		for i := range size {
			for _, d := range []int64{1, -1, 2} {
				lie := clone(w)
				addTo(lie, out+i, d*int64(elements))
				addTo(lie, m+i, d)
				k.refuses(&n, lie, w, "index %d moved by %d", i, d*int64(elements))
			}
		}
	}
	n.report(t, 30)
}

// TestArgMaxTies: of equal elements the first is the answer, and no other can be proven.
func TestArgMaxTies(t *testing.T) {
	var n tally
	k := caseNamed(t, "argmax", Config{})
	inputs := [][]int64{{3, 7, 7, 7, -8, -8, -8, -8}}
	w := k.honest(inputs)
	require.NoError(t, k.solve(w))
	values, err := k.Program.Eval(inputs)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 0}, values[1])
	for i := range 2 {
		for index := range int64(4) {
			if index == values[1][i] {
				continue
			}
			lying, ok := lyingEval(k.Program, inputs, 0, func(x []int64) { x[i] = index })
			require.True(t, ok)
			lie, ok := k.lyingWitness(lying, w)
			require.True(t, ok)
			k.refuses(&n, lie, w, "index %d of row %d", index, i)
		}
	}
	n.report(t, 10)
}
