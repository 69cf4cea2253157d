package circuits

import (
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/nnark/nnark/circuits/gadget/gadgettest"
	"github.com/stretchr/testify/require"
)

// solution returns the values of all wires of an honest Groth16 witness.
func (k *testCircuit) solution(inputs [][]int64) fr.Vector {
	s, err := gadgettest.Solution(k.Plan, k.System, k.honest(inputs))
	require.NoError(k.t, err)
	return s.(*cs.R1CSSolution).W
}

// TestFreeWires adds 7 to each wire of a solved circuit in turn, challenge and products
// included, without solving again. Some constraint must break, except for the wires that
// hide commitments, the weights' challenge (its point in the key is at infinity: no
// verifier depends on it), and weights that this inference multiplies by zero.
func TestFreeWires(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		for _, cfg := range []Config{{}, {Weights: Baked, Input: Digest}} {
			k := compile(t, c.program(t, cfg))
			w := k.solution(k.randomInputs(seeded(t)))
			r1cs := k.System.(*cs.R1CS)
			rows := r1cs.GetR1Cs()
			uses := make([][]int, len(w))
			for i, r := range rows {
				for _, l := range []constraint.LinearExpression{r.L, r.R, r.O} {
					for _, m := range l {
						if u := &uses[m.WireID()]; len(*u) == 0 || (*u)[len(*u)-1] != i {
							*u = append(*u, i)
						}
					}
				}
			}
			value := func(l constraint.LinearExpression) (v fr.Element) {
				for _, m := range l {
					x := r1cs.Coefficients[m.CoeffID()]
					v.Add(&v, x.Mul(&x, &w[m.WireID()]))
				}
				return v
			}
			holds := func(i int) bool {
				l, r, o := value(rows[i].L), value(rows[i].R), value(rows[i].O)
				return *l.Mul(&l, &r) == o
			}
			for i := range rows {
				require.True(t, holds(i))
			}
			public := r1cs.GetNbPublicVariables()
			var seven fr.Element
			seven.SetInt64(7)
			var free []int
			for wire := 1; wire < len(w); wire++ {
				before := w[wire]
				w[wire].Add(&w[wire], &seven)
				if !slices.ContainsFunc(uses[wire], func(i int) bool { return !holds(i) }) {
					free = append(free, wire)
				}
				w[wire] = before
			}
			masks := 0
			for _, wire := range free {
				i := wire - public
				switch {
				case i < 0:
					t.Fatalf("%s: the public input is free", c.name)
				case i < len(w)-public && i >= k.Plan.Secrets(): // internal
					masks++
				case k.Plan.Committed() && i <= k.Plan.Weights(): // blinding, weights
				default:
					t.Fatalf("%s: secret input %d of %d is free", c.name, i, k.Plan.Secrets())
				}
			}
			want := 1 // the mask
			if k.Plan.Committed() {
				want = 3 // two masks and the weights' challenge
			}
			require.Equal(t, want, masks, "%s: free internal wires", c.name)
		}
	}
}

// TestEverythingIsCommitted: the last commitment takes every secret input but the
// weights, which a first one takes, and its challenge; under PLONK one takes all inputs.
// Each secret input occurs in a constraint, or its point in the key would be at infinity
// and the commitment silent about it; weights that only padding meets may not.
func TestEverythingIsCommitted(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		for _, cfg := range []Config{{}, {Weights: Baked, Input: Digest, Output: Digest}} {
			k := compile(t, c.program(t, cfg))
			r1cs := k.System.(*cs.R1CS)
			info := r1cs.GetCommitments().(constraint.Groth16Commitments)
			public, first := r1cs.GetNbPublicVariables(), 0
			weights := []int{}
			if k.Plan.Committed() {
				first = k.Plan.Weights() + 1
				require.Len(t, info, 2)
				require.Equal(t, []int{info[0].CommitmentIndex}, info[1].PublicAndCommitmentCommitted, "%s: the weights' challenge", c.name)
				weights = info[0].PrivateCommitted
				require.Equal(t, first+1, len(weights), "%s: weights, blinding and mask", c.name)
			} else {
				require.Len(t, info, 1)
			}
			rest := info[len(info)-1].PrivateCommitted
			require.Equal(t, k.Plan.Secrets()-first+1, len(rest), "%s: everything else and a mask", c.name)
			require.Equal(t, counted(public, first), weights[:first], "%s: the weights' commitment", c.name)
			require.Equal(t, counted(public+first, k.Plan.Secrets()-first), rest[:len(rest)-1], "%s: the last commitment", c.name)
			used := map[int]bool{}
			for _, r := range r1cs.GetR1Cs() {
				for _, l := range []constraint.LinearExpression{r.L, r.R, r.O} {
					for _, m := range l {
						used[m.WireID()] = true
					}
				}
			}
			for i := range k.Plan.Secrets() {
				require.True(t, used[public+i] || i < k.Plan.Weights(), "%s: secret input %d is in no constraint", c.name, i)
			}
		}
	}
}

// TestEverythingIsCommittedPlonk: the commitment takes all public and all secret inputs but the
// weights and their blinding, each of which is in a selector.
func TestEverythingIsCommittedPlonk(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		for _, cfg := range []Config{{System: Plonk}, {System: Plonk, Weights: Baked, Input: Digest, Output: Digest}} {
			k := compile(t, c.program(t, cfg))
			s := k.sparse(k.randomInputs(seeded(t)))
			first := 0
			if k.Plan.Committed() {
				first = k.Plan.Weights() + 1
				require.Len(t, s.weights, first, "%s: weights and blinding", c.name)
			}
			require.Len(t, s.committed, k.Plan.Secrets()-first+k.Plan.StatementSize(), "%s: all inputs but weights and blinding", c.name)
		}
	}
}

// sparse is a solved PLONK circuit: its rows, the values of its wires, of what the rows
// commit and of what the key adds to their selectors.
type sparse struct {
	*cs.SparseR1CS
	rows               []constraint.SparseR1C
	wires              fr.Vector
	committed, weights map[int]fr.Element
	challenge          int // the commitment's row
}

func (k *testCircuit) sparse(inputs [][]int64) *sparse {
	w := k.honest(inputs)
	solution, err := gadgettest.Solution(k.Plan, k.System, w)
	require.NoError(k.t, err)
	values := solution.(*cs.SparseR1CSSolution)
	s := &sparse{SparseR1CS: k.System.(*cs.SparseR1CS), committed: map[int]fr.Element{}, weights: map[int]fr.Element{}}
	s.rows = s.GetSparseR1Cs()
	s.wires = make(fr.Vector, s.GetNbPublicVariables()+s.GetNbSecretVariables()+s.NbInternalVariables)
	for i, r := range s.rows {
		at := i + s.GetNbPublicVariables()
		s.wires[r.XA], s.wires[r.XB], s.wires[r.XC] = values.L[at], values.R[at], values.O[at]
	}
	first := 0
	if k.Plan.Committed() {
		first = k.Plan.Weights() + 1
	}
	order := slices.Concat(w.Statement, w.Secret[first:])
	info := s.GetCommitments().(constraint.PlonkCommitments)[0]
	for i, row := range info.Committed {
		s.committed[row] = order[i]
	}
	for i, row := range k.Plan.WeightRows(s.SparseR1CS) {
		s.weights[row-s.GetNbPublicVariables()] = w.Secret[i]
	}
	s.challenge = info.CommitmentIndex
	return s
}

// holds reports whether row i does.
func (s *sparse) holds(i int) bool {
	r := s.rows[i]
	a, b, c := s.wires[r.XA], s.wires[r.XB], s.wires[r.XC]
	sum, q := s.Coefficients[r.QC], s.weights[i]
	add := func(k fr.Element, x ...fr.Element) {
		for j := range x {
			k.Mul(&k, &x[j])
		}
		sum.Add(&sum, &k)
	}
	q.Add(&q, &s.Coefficients[r.QR])
	add(s.Coefficients[r.QL], a)
	add(q, b)
	add(s.Coefficients[r.QO], c)
	add(s.Coefficients[r.QM], a, b)
	add(s.committed[i])
	return sum.IsZero()
}

// TestFreeWiresPlonk is [TestFreeWires] for PLONK: no wire is free, each committed value
// belongs to the row that the commitment says, and each weight to the row that the key says.
func TestFreeWiresPlonk(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		for _, cfg := range []Config{{System: Plonk}, {System: Plonk, Weights: Baked, Input: Digest, Output: Digest}} {
			k := compile(t, c.program(t, cfg))
			s := k.sparse(k.randomInputs(seeded(t)))
			uses := make([][]int, len(s.wires))
			for i, r := range s.rows {
				if i == s.challenge { // it says what the challenge is, by a public value
					continue
				}
				require.True(t, s.holds(i), "%s: row %d of %d", c.name, i, len(s.rows))
				for _, wire := range []uint32{r.XA, r.XB, r.XC} {
					uses[wire] = append(uses[wire], i)
				}
			}
			var seven fr.Element
			seven.SetInt64(7)
			for wire := range s.wires {
				before := s.wires[wire]
				s.wires[wire].Add(&before, &seven)
				broken := slices.ContainsFunc(uses[wire], func(i int) bool { return !s.holds(i) })
				s.wires[wire] = before
				inputs := s.GetNbPublicVariables() + s.GetNbSecretVariables()
				require.True(t, broken || wire < inputs && len(uses[wire]) == 0, "%s: wire %d (%d inputs) is free", c.name, wire, inputs)
			}
		}
	}
}

// counted returns n integers from first on.
func counted(first, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = first + i
	}
	return out
}
