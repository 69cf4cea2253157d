package prover

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// wrapping builds the program y = x + v over four integers, where v is zero for every
// input, but made so that in the statements v has the coefficient 2^64 or passes 2^62.
func wrapping(v func(add func(op circuits.Op, in ...int) int) int) *circuits.Program {
	p := &circuits.Program{Name: "wrapping",
		Inputs: []circuits.Port{{Name: "x", Shape: []int{1, 4}, Range: iv(0, 100), RealHi: 100}}}
	add := func(op circuits.Op, in ...int) int {
		p.Nodes = append(p.Nodes, circuits.Node{Name: "node " + string(rune('a'+len(p.Nodes))), Op: op, In: in})
		return len(p.Nodes)
	}
	y := add(&circuits.Add{Scale: [2]int64{1, 1}}, 0, v(add))
	p.Outputs = []circuits.Port{{Name: "y", Value: y, Shape: []int{1, 4}, Range: iv(-300, 300)}}
	return p
}

// chain emits shifts one after the other.
func chain(add func(op circuits.Op, in ...int) int, v int, shifts ...int) int {
	for _, s := range shifts {
		v = add(&circuits.Requantize{Shift: s}, v)
	}
	return v
}

// TestWrappingStatements: programs in whose statements a column would have the coefficient
// 2^64 = 0 or a value beyond 2^62 have no circuit, so that nobody can prove that the column
// is something else.
func TestWrappingStatements(t *testing.T) {
	constant := func(v int64) *circuits.Constant {
		return &circuits.Constant{Shape: []int{1, 4}, Values: circuits.Ints{v, v, v, v}}
	}
	scale := func(k int64) *circuits.Scale {
		return &circuits.Scale{Shape: []int{}, Factors: circuits.Ints{k}}
	}
	type adder = func(op circuits.Op, in ...int) int
	ways := map[string]func(add adder) int{
		"quotients of the largest": func(add adder) int {
			m := add(new(circuits.Max), 0, add(scale(3), 0))
			return chain(add, m, 13, 13, 13, 13, 12)
		},
		"quotients of a product": func(add adder) int {
			return chain(add, add(new(circuits.Mul), 0, 0), 16, 15, 16, 15, 2)
		},
		"quotients of a choice": func(add adder) int {
			low := add(&circuits.Clip{Interval: iv(0, 1)}, 0)
			return chain(add, add(new(circuits.Where), low, 0, add(constant(-5))), 11, 11, 11, 11, 11, 9)
		},
		"a clip's excess": func(add adder) int {
			m := add(new(circuits.Max), 0, add(scale(3), 0))
			return chain(add, add(&circuits.Clip{Interval: iv(0, 7)}, chain(add, m, 16, 16)), 16, 16)
		},
		"factors of zero": func(add adder) int {
			z := add(new(circuits.Mul), 0, add(constant(0)))
			return add(scale(1<<32), add(scale(1<<32), z))
		},
		"a sum of zeros": func(add adder) int {
			z := add(scale(1<<61), add(new(circuits.Mul), 0, add(constant(0))))
			for range 3 {
				z = add(&circuits.Add{Scale: [2]int64{1, 1}}, z, z)
			}
			return z
		},
		"a mean of zeros": func(add adder) int {
			z := add(scale(1<<50), add(new(circuits.Mul), 0, add(constant(0))))
			for range 2 {
				z = add(&circuits.Add{Scale: [2]int64{1 << 6, 1 << 6}}, z, z)
			}
			return z
		},
		"not quite 2^64": func(add adder) int {
			return chain(add, add(new(circuits.Mul), 0, 0), 16, 16, 16, 15)
		},
	}
	for name, way := range ways {
		p := wrapping(way)
		require.NoError(t, p.Infer(), name)
		data, err := p.MarshalBinary()
		require.NoError(t, err)
		p, err = circuits.ParseProgram(data)
		require.NoError(t, err, name)
		_, err = circuits.Compile(p)
		require.ErrorIs(t, err, circuits.ErrRange, name)
		require.Regexp(t, "node .:|output y:", err.Error(), name)
	}
}

// TestLongShifts: a chain of shifts whose coefficients stay below 2^62 is proven.
func TestLongShifts(t *testing.T) {
	for _, shifts := range [][]int{{16, 16, 16}, {16, 14, 12, 7}} {
		p := wrapping(func(add func(op circuits.Op, in ...int) int) int {
			v := add(&circuits.Scale{Shape: []int{}, Factors: circuits.Ints{1 << 46}}, 0)
			return chain(add, v, shifts...)
		})
		require.NoError(t, p.Infer())
		k := setup(t, p)
		x := [][]int64{{3, 7, 0, 100}}
		w, err := k.compiled.Witness(x, k.weights, fr.Element{}, randomElement)
		require.NoError(t, err)
		proof, err := k.prove(t, w, k.honestTranscript(w.Statement))
		require.NoError(t, err)
		st, err := verifier.Verify(k.VerifyingKey, proof)
		require.NoError(t, err)
		values, err := p.Eval(x)
		require.NoError(t, err)
		require.Equal(t, values[len(values)-1], st.Outputs[0].Ints)
	}
}
