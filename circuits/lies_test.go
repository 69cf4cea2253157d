package circuits

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
)

// The tests of this file lie to the circuits of cases() and expect every lie to violate a
// constraint. A lie is accepted only if what it claims is true, and then only where one
// of the free values below differs from the honest witness:
//
//   - the blinding of committed weights, and digests' salts together with their digests:
//     masks, free by design (gnark's own masks are not secret inputs);
//   - the context together with the claimed context: any request may be named;
//   - inputs of which the claimed outputs are the right outputs;
//   - packed weights that meet only zeros in this inference: the model's commitment, of
//     which verifiers hold a copy, fixes them.
//
// That every check of the sources is one that a test would miss is what bench/mutants shows.

// oneLieIn is how many of TestLies' and TestWidePrograms' lies are drawn: .ci/run tells all.
var oneLieIn = flag.Int("lies.onein", 3, "one in so many lies about single secret inputs is told")

// long reports whether the long loops run: NNARK_LONG=1.
func long() bool { return os.Getenv("NNARK_LONG") != "" }

// tally counts lies and what became of them. untold are those of which no witness can be
// made, because an operator or a table has no value there.
type tally struct{ tried, refused, free, untold int }

// report prints the counts and fails if there were fewer lies than expected, if hardly any
// could be told, or if none was a lie.
func (n *tally) report(t *testing.T, least int) {
	t.Helper()
	t.Logf("%d lies: %d refused, %d true or free, %d more not told", n.tried, n.refused, n.free, n.untold)
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // of some cases only
	}
	require.GreaterOrEqual(t, n.tried, least)
	require.Greater(t, n.tried, 2*n.untold)
	require.Greater(t, n.refused, n.free)
	require.Equal(t, n.tried, n.refused+n.free)
}

// variants returns a lying witness in the forms a cheating prover would try: as it is;
// with multiplicities repaired; and claiming the outputs it implies. The honest witness is
// none of them.
func (k *testCircuit) variants(w, honest *gadget.Witness) []*gadget.Witness {
	counted := clone(w)
	k.recount(counted.Secret)
	claimed := clone(counted)
	claimed.Statement = k.claim(claimed.Secret)
	out := []*gadget.Witness{w, counted, claimed}
	same := func(a, b *gadget.Witness) bool { return equal(a.Secret, b.Secret) && equal(a.Statement, b.Statement) }
	out = slices.CompactFunc(out, same)
	return slices.DeleteFunc(out, func(v *gadget.Witness) bool { return same(v, honest) })
}

// refuses tries all variants of a lie. free says that an accepted true statement is fine.
func (k *testCircuit) refuses(n *tally, w, honest *gadget.Witness, what string, args ...any) {
	k.t.Helper()
	for i, v := range k.variants(w, honest) {
		n.tried++
		err := k.solve(v)
		switch {
		case err != nil:
			n.refused++
		case k.isTrue(v.Secret, v.Statement):
			n.free++
		default:
			k.t.Fatalf("accepted a lie (variant %d): "+what, append([]any{i}, args...)...)
		}
	}
}

// values returns what a liar may put in place of secret input i.
func (k *testCircuit) values(secret, stale fr.Vector, i int, rng *rand.Rand) []fr.Element {
	v := secret[i]
	add := func(k int64) (e fr.Element) { return *e.Add(e.SetInt64(k), &v) }
	var half, random, neg fr.Element
	half.SetInt64(2).Inverse(&half) // (r+1)/2: half of one, and far from every integer used
	half.Add(&half, &v)
	random.MustSetRandom()
	neg.Neg(&v)
	out := []fr.Element{add(1), add(-1), add(2), add(-256), add(1 << 16), half, {}, fr.One(), random, neg, stale[i]}
	for _, n := range []int{i - 1, i + 1} {
		if n >= 0 && n < len(secret) {
			out = append(out, secret[n])
		}
	}
	return slices.DeleteFunc(out, func(e fr.Element) bool { return e == v })
}

// free reports whether secret input i is one of the values the file's comment lists.
func (k *testCircuit) free(i int) string {
	switch {
	case k.Plan.Committed() && i < k.Plan.Weights():
		return "weight"
	case k.Plan.Committed() && i == k.Plan.Weights():
		return "blinding"
	case i == k.context:
		return "context"
	case slices.Contains(k.salts, i):
		return "salt"
	case i < k.blocks[0]+k.inputSize():
		return "input"
	}
	return ""
}

// inputSize is the number of input columns; they are the first blocks.
func (k *testCircuit) inputSize() (n int) {
	for _, p := range k.Program.Inputs {
		n += relation.Size(p.Shape)
	}
	return n
}

// lieModes are the configurations under which lies are told.
var lieModes = []Config{{}, {System: Plonk, Input: Private}, {Weights: Baked, Output: Digest}}

// TestLies changes one secret input at a time, and swaps neighbours.
func TestLies(t *testing.T) {
	t.Parallel()
	var all tally
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			for i, cfg := range lieModes {
				most := []int{16, 4, 4}[i]
				if long() {
					most = 1 << 20
				}
				k := compile(t, c.program(t, cfg))
				k.t = t
				all.add(lieOnce(t, k, rng, most))
			}
		})
	}
	all.report(t, 10000)
}

func (n *tally) add(m tally) {
	n.tried, n.refused, n.free, n.untold = n.tried+m.tried, n.refused+m.refused, n.free+m.free, n.untold+m.untold
}

func lieOnce(t *testing.T, k *testCircuit, rng *rand.Rand, most int) (n tally) {
	w, stale := k.honest(k.randomInputs(rng)), k.honest(k.randomInputs(rng))
	require.NoError(t, k.solve(w))
	indices := rng.Perm(len(w.Secret))
	indices = append(k.oneOfEach(rng), indices[:min(most, len(indices))]...)
	for _, i := range indices {
		for _, v := range k.values(w.Secret, stale.Secret, i, rng) {
			if rng.IntN(*oneLieIn) != 0 {
				continue
			}
			lie := clone(w)
			lie.Secret[i] = v
			before := n.free
			k.refuses(&n, lie, w, "secret %d of %d from %v to %v", i, len(w.Secret), &w.Secret[i], &v)
			require.True(t, n.free == before || k.free(i) != "", "secret %d, no free value, is not determined", i)
		}
		if i+1 < len(w.Secret) && w.Secret[i] != w.Secret[i+1] {
			lie := clone(w)
			lie.Secret[i], lie.Secret[i+1] = lie.Secret[i+1], lie.Secret[i]
			k.refuses(&n, lie, w, "secrets %d and %d swapped", i, i+1)
		}
	}
	return n
}

// oneOfEach draws a secret input of each block of columns: none is too small to be lied about.
func (k *testCircuit) oneOfEach(rng *rand.Rand) (indices []int) {
	for id, b := range k.Plan.Sys.Blocks {
		if first := k.blocks[id]; first >= 0 && b.Kind == relation.Column {
			indices = append(indices, first+rng.IntN(b.Size()))
		}
	}
	return indices
}

// TestClaims keeps the honest columns and claims another statement: every element by
// every small change, digits moved, elements swapped or taken from another inference.
func TestClaims(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			for _, cfg := range []Config{{}, {System: Plonk, Weights: Baked}, {Output: Digest}} {
				rng := seeded(t)
				k := compile(t, c.program(t, cfg))
				k.t = t
				w, stale := k.honest(k.randomInputs(rng)), k.honest(k.randomInputs(rng))
				base := k.Program.Outputs[0].Range.Hi - k.Program.Outputs[0].Range.Lo + 1
				for i := range w.Statement {
					var claims []fr.Element
					for _, d := range []int64{1, -1, base, -base, base - 1, 1 << 40} {
						var e fr.Element
						claims = append(claims, *e.Add(e.SetInt64(d), &w.Statement[i]))
					}
					claims = append(claims, stale.Statement[i], fr.Element{}, w.Statement[(i+1)%len(w.Statement)])
					for _, v := range claims {
						if v == w.Statement[i] {
							continue
						}
						lie := clone(w)
						lie.Statement[i] = v
						if k.Plan.Plonk && i == 0 { // the context is bound by the commitment alone
							continue
						}
						require.Error(t, k.solve(lie), "element %d claimed to be %v", i, &v)
					}
				}
			}
		})
	}
}

// lyingEval evaluates the program with the output of one node replaced by what lie makes
// of it, everything after that honestly. ok is false if a later operator cannot take it.
func lyingEval(p *Program, inputs [][]int64, at int, lie func([]int64)) (values [][]int64, ok bool) {
	defer untold(&ok)
	values = slices.Clone(inputs)
	for i, n := range p.Nodes {
		var in [][]int64
		for _, v := range n.In {
			in = append(in, values[v])
		}
		out := slices.Clone(n.Op.Eval(in))
		if i == at {
			lie(out)
		}
		values = append(values, out)
	}
	return values, true
}

// untold recovers from an index outside a function's table or a divisor that is not
// positive: what operators do where a lie leaves them no value. Other panics are faults.
func untold(ok *bool) {
	switch r := recover(); r := r.(type) {
	case nil:
	case runtime.Error:
		if !strings.Contains(r.Error(), "out of range") {
			panic(r)
		}
		*ok = false
	default:
		if !strings.Contains(fmt.Sprint(r), "the divisor is not positive") {
			panic(r)
		}
		*ok = false
	}
}

// lyingWitness fills the columns from lying values, without asking whether they are rows
// of the tables.
func (k *testCircuit) lyingWitness(values [][]int64, honest *gadget.Witness) (w *gadget.Witness, ok bool) {
	defer untold(&ok)
	w = clone(honest)
	a := k.assignment(values)
	for i, b := range k.Plan.Sys.Blocks {
		if b.Kind != relation.Column || k.blocks[i] < 0 {
			continue
		}
		for j, v := range a.Of(b) {
			w.Secret[k.blocks[i]+j].SetInt64(v)
		}
	}
	return w, true
}

// TestLyingLayers replaces one node's output by a plausible other one and computes all
// that follows from it honestly, so that only that node's own statements can object.
func TestLyingLayers(t *testing.T) {
	t.Parallel()
	lies := map[string]func(rng *rand.Rand, x []int64){
		"one more": func(rng *rand.Rand, x []int64) { x[rng.IntN(len(x))]++ },
		"one less": func(rng *rand.Rand, x []int64) { x[rng.IntN(len(x))]-- },
		"all more": func(_ *rand.Rand, x []int64) {
			for i := range x {
				x[i]++
			}
		},
		"zero": func(_ *rand.Rand, x []int64) { clear(x) },
		"negated": func(_ *rand.Rand, x []int64) {
			for i := range x {
				x[i] = -x[i]
			}
		},
		"reversed": func(_ *rand.Rand, x []int64) { slices.Reverse(x) },
		"rotated":  func(_ *rand.Rand, x []int64) { x[0], x[len(x)-1] = x[len(x)-1], x[0] },
		"repeated": func(_ *rand.Rand, x []int64) {
			for i := range x {
				x[i] = x[0]
			}
		},
		"far above": func(rng *rand.Rand, x []int64) { x[rng.IntN(len(x))] += 1 << 10 },
		"far below": func(rng *rand.Rand, x []int64) { x[rng.IntN(len(x))] -= 1 << 10 },
		"traded":    func(_ *rand.Rand, x []int64) { x[0]++; x[len(x)-1]-- },
	}
	var n tally
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			for _, cfg := range []Config{{}, {System: Plonk}} {
				rng := seeded(t)
				k := compile(t, c.program(t, cfg))
				k.t = t
				inputs := k.randomInputs(rng)
				w := k.honest(inputs)
				for at := range k.Program.Nodes {
					for _, name := range slices.Sorted(maps.Keys(lies)) {
						lie := lies[name]
						values, ok := lyingEval(k.Program, inputs, at, func(x []int64) { lie(rng, x) })
						if !ok {
							n.untold++
							continue
						}
						v, ok := k.lyingWitness(values, w)
						if !ok {
							n.untold++
						} else if !equal(v.Secret, w.Secret) {
							k.refuses(&n, v, w, "node %d (%s) %s", at, Kind(k.Program.Nodes[at].Op), name)
						}
					}
				}
			}
		})
	}
	n.report(t, 4000)
}

// hasColumn reports whether there is a column block whose name ends so.
func (k *testCircuit) hasColumn(suffix string) bool {
	return slices.ContainsFunc(k.Plan.Sys.Blocks, func(b *relation.Block) bool {
		return b.Kind == relation.Column && strings.HasSuffix(b.Name, suffix)
	})
}

// column returns the first secret input and size of the column block whose name ends so.
func (k *testCircuit) column(suffix string) (first, size int) {
	for i, b := range k.Plan.Sys.Blocks {
		if b.Kind == relation.Column && strings.HasSuffix(b.Name, suffix) {
			return k.blocks[i], b.Size()
		}
	}
	k.t.Fatalf("no column %q", suffix)
	return 0, 0
}
