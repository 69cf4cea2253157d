package gadget

import (
	"errors"
	"math"

	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// none and fresh stand in a row's calldata where a wire could: there is none; it is the wire
// that this row makes.
const (
	none  = math.MaxUint32
	fresh = math.MaxUint32 - 1
)

// row is a row of a PLONK circuit,
//
//	qL·a + (qR + w)·b + qO·c + qM·a·b + qC + p = 0,
//
// with up to two terms that gnark's rows lack. p is a value that the proof commits to: the
// commitment's polynomial is a free column, so a row can commit a value and use it. w is a
// weight of a private model: a part of the selector qR of the verifying key, whose commitment
// hides it (prover/plonk). In the constraint system that selector is 0.
type row struct {
	a, b, c            uint32 // wires; c may be fresh, and in the row that hides the weights b
	qL, qR, qO, qM, qC uint32 // coefficients
	p, w               uint32 // secret inputs, or none
}

func (r *row) calldata() []uint32 {
	return []uint32{r.a, r.b, r.c, r.qL, r.qR, r.qO, r.qM, r.qC, r.p, r.w}
}

// rowOf reads a row, with the wire it makes in its place.
func rowOf(inst constraint.Instruction) (r row, makes bool) {
	d := inst.Calldata
	r = row{d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9]}
	for _, x := range []*uint32{&r.b, &r.c} {
		if *x == fresh {
			*x, makes = inst.WireOffset, true
		}
	}
	return r, makes
}

// rowBlueprint tells gnark how to solve and read rows.
type rowBlueprint struct{}

var (
	_ constraint.BlueprintSolvable[constraint.U64] = (*rowBlueprint)(nil)
	_ constraint.BlueprintSparseR1C                = (*rowBlueprint)(nil)
)

func (*rowBlueprint) CalldataSize() int  { return 10 }
func (*rowBlueprint) NbConstraints() int { return 1 }

func (*rowBlueprint) NbOutputs(inst constraint.Instruction) int {
	if _, makes := rowOf(inst); makes {
		return 1
	}
	return 0
}

func (*rowBlueprint) UpdateInstructionTree(inst constraint.Instruction, tree constraint.InstructionTree) constraint.Level {
	level := constraint.LevelUnset
	r, makes := rowOf(inst)
	for _, wire := range []uint32{r.a, r.b, r.c, r.p, r.w} {
		if wire != none && !(makes && wire == inst.WireOffset) && tree.HasWire(wire) {
			level = max(level, tree.GetWireLevel(wire))
		}
	}
	level++
	if makes {
		tree.InsertWire(inst.WireOffset, level)
	}
	return level
}

// CompressSparseR1C is part of gnark's interface; rows are written by [row.calldata].
func (*rowBlueprint) CompressSparseR1C(c *constraint.SparseR1C, to *[]uint32) {
	r := row{c.XA, c.XB, c.XC, c.QL, c.QR, c.QO, c.QM, c.QC, none, none}
	*to = append(*to, r.calldata()...)
}

// DecompressSparseR1C gives the row's wires and selectors, from which gnark and package
// prover/plonk make the key. The terms p and w are none of them.
func (*rowBlueprint) DecompressSparseR1C(c *constraint.SparseR1C, inst constraint.Instruction) {
	r, _ := rowOf(inst)
	*c = constraint.SparseR1C{XA: r.a, XB: r.b, XC: r.c, QL: r.qL, QR: r.qR, QO: r.qO, QM: r.qM, QC: r.qC}
}

var (
	errRow      = errors.New("a row of the circuit does not hold")
	errSelector = errors.New("a row of the circuit makes a wire without a selector")
)

func (*rowBlueprint) Solve(s constraint.Solver[constraint.U64], inst constraint.Instruction) error {
	r, makes := rowOf(inst)
	one := func(wire uint32) constraint.U64 { return s.GetValue(constraint.CoeffIdOne, wire) }
	sum := s.GetCoeff(r.qC)
	add := func(x constraint.U64) { sum = s.Add(sum, x) }
	if r.qL != constraint.CoeffIdZero {
		add(s.GetValue(r.qL, r.a))
	}
	if r.p != none {
		add(one(r.p))
	}
	if makes && r.b == inst.WireOffset { // only the dummy row has its wire here: (qR + w)·b = 0
		s.SetValue(r.b, s.FromInterface(0))
		return nil
	}
	if r.qR != constraint.CoeffIdZero {
		add(s.GetValue(r.qR, r.b))
	}
	if r.w != none {
		add(s.Mul(one(r.w), one(r.b)))
	}
	if r.qM != constraint.CoeffIdZero {
		add(s.Mul(s.GetValue(r.qM, r.a), one(r.b)))
	}
	if makes {
		return makeWire(s, r, sum)
	}
	if r.qO != constraint.CoeffIdZero {
		add(s.GetValue(r.qO, r.c))
	}
	if sum != s.FromInterface(0) {
		return errRow
	}
	return nil
}

// makeWire sets c = -sum/qO.
func makeWire(s constraint.Solver[constraint.U64], r row, sum constraint.U64) error {
	switch r.qO {
	case constraint.CoeffIdMinusOne:
	case constraint.CoeffIdOne:
		sum = s.Neg(sum)
	default:
		inverse, ok := s.Inverse(s.GetCoeff(r.qO))
		if !ok {
			return errSelector
		}
		sum = s.Neg(s.Mul(sum, inverse))
	}
	s.SetValue(r.c, sum)
	return nil
}

// fractionBlueprint tells gnark's solver how to compute the sums of a lookup argument, many
// with one inversion. It adds no row; engine.fractions does.
//
// Calldata: its length, the number of sums, then for each three words: (a, b, none) for
// 1/a + 1/b, (a, none, none) for 1/a, and (a, m, t) for m/(a - t), where a, b, m are wires and
// t is a coefficient.
type fractionBlueprint struct{}

var _ constraint.BlueprintSolvable[constraint.U64] = (*fractionBlueprint)(nil)

func (*fractionBlueprint) CalldataSize() int                         { return -1 }
func (*fractionBlueprint) NbConstraints() int                        { return 0 }
func (*fractionBlueprint) NbOutputs(inst constraint.Instruction) int { return int(inst.Calldata[1]) }

func (*fractionBlueprint) UpdateInstructionTree(inst constraint.Instruction, tree constraint.InstructionTree) constraint.Level {
	level := constraint.LevelUnset
	for data := inst.Calldata[2:]; len(data) > 0; data = data[3:] {
		for _, wire := range data[:2] {
			if wire != none && tree.HasWire(wire) {
				level = max(level, tree.GetWireLevel(wire))
			}
		}
	}
	level++
	for i := range inst.Calldata[1] {
		tree.InsertWire(inst.WireOffset+i, level)
	}
	return level
}

func (*fractionBlueprint) Solve(s constraint.Solver[constraint.U64], inst constraint.Instruction) error {
	return solveQuotients(s, inst, func(i int) (num, den constraint.U64) {
		data := inst.Calldata[2+3*i:]
		a := s.GetValue(constraint.CoeffIdOne, data[0])
		if data[1] == none {
			return s.One(), a
		}
		b := s.GetValue(constraint.CoeffIdOne, data[1])
		if data[2] == none {
			return s.Add(a, b), s.Mul(a, b)
		}
		return b, s.Add(a, s.Neg(s.GetCoeff(data[2])))
	})
}

// eachRow calls f for the rows of a compiled PLONK circuit that this package wrote.
func eachRow(system *cs.SparseR1CS, f func(at int, r row)) {
	for _, packed := range system.Instructions {
		if _, ok := system.Blueprints[packed.BlueprintID].(*rowBlueprint); ok {
			r, _ := rowOf(packed.Unpack(&system.System))
			f(int(packed.ConstraintOffset), r)
		}
	}
}
