package gadget

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// plonkPlan is y = W·x + b of one position, x and y in ranges, y's first element exposed.
func plonkPlan(t *testing.T) *Plan {
	t.Helper()
	b := relation.NewBuilder()
	fill := func(*relation.Assignment) []int64 { return nil }
	x, y := b.Column("x", []int{3, 1, 1}, fill), b.Column("y", []int{2, 1, 1}, fill)
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 7})
	b.Range(y, fixedpoint.Interval{Lo: -99, Hi: 99})
	w := b.Param("w", []int{2, 3, 1, 1}, []int64{1, 2, 3, 4, 5, 6})
	bias := b.Param("bias", []int{2}, []int64{7, 8})
	b.Contract(relation.Contract{X: x, Out: y, W: w, Bias: bias, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	b.Expose(relation.Expose{Name: "y", T: y, Interval: fixedpoint.Interval{Lo: -99, Hi: 99}})
	s, err := b.Finish()
	require.NoError(t, err)
	p, err := New(s, Config{Plonk: true})
	require.NoError(t, err)
	return p
}

func sparse(t *testing.T, p *Plan) *cs.SparseR1CS {
	t.Helper()
	c, err := frontend.Compile(ecc.BN254.ScalarField(), scs.NewBuilder[constraint.U64], p.Circuit(), frontend.IgnoreUnconstrainedInputs())
	require.NoError(t, err)
	return c.(*cs.SparseR1CS)
}

// TestCheck: a circuit that lost one of the properties that Check lists is refused, and it has
// to say where.
func TestCheck(t *testing.T) {
	p := plonkPlan(t)
	require.NoError(t, p.Check(sparse(t, p)))
	// data returns the words of the n-th row that match.
	data := func(s *cs.SparseR1CS, n int, match func(r row) bool) []uint32 {
		for _, packed := range s.Instructions {
			if _, ok := s.Blueprints[packed.BlueprintID].(*rowBlueprint); !ok {
				continue
			}
			inst := packed.Unpack(&s.System)
			if r, _ := rowOf(inst); match(r) {
				if n--; n < 0 {
					return s.CallData[packed.StartCallData:][:10]
				}
			}
		}
		t.Fatal("no such row")
		return nil
	}
	plain := func(r row) bool { return r.p == none && r.w == none && r.qL != 0 && r.c != fresh }
	commits := func(r row) bool { return r.p != none }
	weight := func(r row) bool { return r.w != none && r.qL|r.qO != 0 }
	blinding := func(r row) bool { return r.w != none && r.qL|r.qO|r.qC == 0 }
	info := func(s *cs.SparseR1CS) *constraint.PlonkCommitment {
		return &s.CommitmentInfo.(constraint.PlonkCommitments)[0]
	}
	for name, spoil := range map[string]func(s *cs.SparseR1CS){
		"no commitment":                                 func(s *cs.SparseR1CS) { s.CommitmentInfo = constraint.PlonkCommitments{} },
		"another system's":                              func(s *cs.SparseR1CS) { s.CommitmentInfo = constraint.Groth16Commitments{} },
		"two values in a row":                           func(s *cs.SparseR1CS) { info(s).Committed[1] = info(s).Committed[0] },
		"a value in the commitment's row":               func(s *cs.SparseR1CS) { info(s).Committed[0] = info(s).CommitmentIndex },
		"a value in the last row":                       func(s *cs.SparseR1CS) { info(s).Committed[0] = s.NbConstraints - 1 },
		"the commitment's row is the last":              func(s *cs.SparseR1CS) { info(s).CommitmentIndex = s.NbConstraints - 1 },
		"a committed value is a wire":                   func(s *cs.SparseR1CS) { data(s, 0, plain)[0] = data(s, 0, commits)[8] },
		"the second factor is one":                      func(s *cs.SparseR1CS) { d := data(s, 0, plain); d[1], d[4] = data(s, 0, commits)[8], 1 },
		"the third is one":                              func(s *cs.SparseR1CS) { d := data(s, 0, plain); d[2], d[5] = data(s, 0, commits)[8], 1 },
		"a committed value is what a weight multiplies": func(s *cs.SparseR1CS) { data(s, 0, weight)[1] = data(s, 0, commits)[8] },
		"a value committed in a row with none":          func(s *cs.SparseR1CS) { data(s, 0, plain)[8] = data(s, 0, commits)[8] },
		"a weight is a wire":                            func(s *cs.SparseR1CS) { data(s, 0, plain)[0] = data(s, 0, weight)[9] },
		"a weight in two rows":                          func(s *cs.SparseR1CS) { data(s, 1, weight)[9] = data(s, 0, weight)[9] },
		"a weight's row commits":                        func(s *cs.SparseR1CS) { data(s, 0, weight)[8] = data(s, 0, commits)[8] },
		"a weight beside a selector":                    func(s *cs.SparseR1CS) { data(s, 0, weight)[4] = 1 },
		"a weight beside a product":                     func(s *cs.SparseR1CS) { data(s, 0, weight)[6] = 1 },
		"a column in a weight's place":                  func(s *cs.SparseR1CS) { data(s, 0, weight)[9] = uint32(s.GetNbPublicVariables() + p.weights + 1) },
		"a weight less":                                 func(s *cs.SparseR1CS) { data(s, 0, weight)[9] = none },
		"the blinding says more, left":                  func(s *cs.SparseR1CS) { data(s, 0, blinding)[3] = 1 },
		"the blinding says more, right":                 func(s *cs.SparseR1CS) { data(s, 0, blinding)[5] = 1 },
		"the blinding says more":                        func(s *cs.SparseR1CS) { data(s, 0, blinding)[7] = 1 },
		"the blinding's wire is used":                   func(s *cs.SparseR1CS) { data(s, 0, plain)[0] = blindingWire(s) },
		"the blinding's wire is an input":               func(s *cs.SparseR1CS) { data(s, 0, blinding)[1] = uint32(s.GetNbPublicVariables()) },
	} {
		s := sparse(t, p)
		spoil(s)
		require.Error(t, p.Check(s), name)
	}
}

// blindingWire is the wire of the row that hides the weights.
func blindingWire(s *cs.SparseR1CS) (wire uint32) {
	eachRow(s, func(_ int, r row) {
		if r.w != none && r.qL|r.qO|r.qC == 0 {
			wire = r.b
		}
	})
	return wire
}

// TestWeightRows: rows are those of the weights in their order, and the blinding's last.
func TestWeightRows(t *testing.T) {
	p := plonkPlan(t)
	s := sparse(t, p)
	rows := p.WeightRows(s)
	require.Len(t, rows, p.Weights()+1)
	public := s.GetNbPublicVariables()
	eachRow(s, func(at int, r row) {
		if r.w != none {
			require.Equal(t, public+at, rows[int(r.w)-public])
		}
	})
	baked, err := New(p.Sys, Config{Plonk: true, Baked: true})
	require.NoError(t, err)
	require.Nil(t, baked.WeightRows(sparse(t, baked)))
}

// TestFractionsAreStated: each sum of fractions that the solver computes is a factor of a row, which
// says what it is; in the table's sum alone it would be free.
func TestFractionsAreStated(t *testing.T) {
	for _, queries := range []int{1, 2, 3, 6} {
		b := relation.NewBuilder()
		x := b.Column("x", []int{queries}, func(*relation.Assignment) []int64 { return make([]int64, queries) })
		b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 4})
		b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: 0, Hi: 4}})
		s, err := b.Finish()
		require.NoError(t, err)
		p, err := New(s, Config{Plonk: true})
		require.NoError(t, err)
		system := sparse(t, p)
		factors := map[uint32]int{}
		eachRow(system, func(_ int, r row) {
			if r.qM != constraint.CoeffIdZero {
				factors[r.a]++
			}
		})
		sums := 0
		for _, packed := range system.Instructions {
			if _, ok := system.Blueprints[packed.BlueprintID].(*fractionBlueprint); ok {
				inst := packed.Unpack(&system.System)
				for i := range inst.Calldata[1] {
					sums++
					require.Equal(t, 1, factors[inst.WireOffset+i], "%d queries, sum %d", queries, i)
				}
			}
		}
		require.Equal(t, (queries+1)/2+5, sums)
	}
}

// TestFunctionsOfEachOther: x = f(y) and y = f(x), and f(x) = x, have no order in which each column
// could be committed in its own function's row.
func TestFunctionsOfEachOther(t *testing.T) {
	b := relation.NewBuilder()
	fill := func(*relation.Assignment) []int64 { return []int64{3, 4} }
	x, y, z := b.Column("x", []int{2}, fill), b.Column("y", []int{2}, fill), b.Column("z", []int{2}, fill)
	same := b.Function("same", fixedpoint.Interval{Lo: 0, Hi: 9}, func(v int64) int64 { return v })
	b.Lookup(same, x, y)
	b.Lookup(same, y, x)
	b.Lookup(same, z, z)
	b.Product(x.Minus(z), y, relation.Const([]int{2}, 0))
	b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: 0, Hi: 9}})
	s, err := b.Finish()
	require.NoError(t, err)
	p, err := New(s, Config{Plonk: true})
	require.NoError(t, err)
	require.NoError(t, p.Check(sparse(t, p)))
	w := assign(t, p)
	require.NoError(t, solve(t, p, sparse(t, p), w))
	for i := range w.Secret {
		lie := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
		one := fr.One()
		lie.Secret[i].Add(&lie.Secret[i], &one)
		require.Error(t, solve(t, p, sparse(t, p), lie), "secret %d", i)
	}
}
