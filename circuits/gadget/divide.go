package gadget

import (
	"errors"
	"slices"

	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
)

// divideBatch is how many quotients one instruction solves: enough to share one field
// inversion, few enough to spread over cores.
const divideBatch = 1024

// quotients returns h_i = num_i/den_i, each fixed by the constraint h_i·den_i = num_i.
//
// Cost: one constraint each. h_i, a full-size value, stands on the left side.
//
// Soundness: where den_i ≠ 0 one h_i satisfies its constraint. Denominators are X - q
// for the challenge X, zero with probability 1/r.
func (e *engine) quotients(num, den []frontend.Variable) []frontend.Variable {
	out := make([]frontend.Variable, 0, len(num))
	if e.plain {
		for i := range num {
			out = append(out, e.api.DivUnchecked(num[i], den[i]))
		}
		return out
	}
	for from := 0; from < len(num); from += divideBatch {
		to := min(from+divideBatch, len(num))
		data := []uint32{0, uint32(to - from)}
		for i := from; i < to; i++ {
			e.linear(num[i]).Compress(&data)
			e.linear(den[i]).Compress(&data)
		}
		data[0] = uint32(len(data))
		for _, w := range e.api.Compiler().AddInstruction(e.divide, data) {
			out = append(out, e.api.Compiler().InternalVariable(w))
		}
	}
	for i := range out {
		e.constrain(out[i], den[i], num[i])
	}
	return out
}

// fractions returns the sums that fractionBlueprint describes by three words each. The
// caller states them.
func (e *engine) fractions(data []uint32) []uint32 {
	var out []uint32
	for part := range slices.Chunk(data, 3*divideBatch) {
		head := []uint32{uint32(2 + len(part)), uint32(len(part) / 3)}
		out = append(out, e.api.Compiler().AddInstruction(e.fraction, append(head, part...))...)
	}
	return out
}

// divideBlueprint tells gnark's solver how to compute a batch of quotients with one
// inversion. It adds no constraint; engine.quotients does.
//
// Calldata: its length, the number of quotients, then for each the numerator and the
// denominator as linear expressions (number of terms, then coefficient and wire of each).
type divideBlueprint struct{}

var _ constraint.BlueprintSolvable[constraint.U64] = (*divideBlueprint)(nil)

func (*divideBlueprint) CalldataSize() int                         { return -1 }
func (*divideBlueprint) NbConstraints() int                        { return 0 }
func (*divideBlueprint) NbOutputs(inst constraint.Instruction) int { return int(inst.Calldata[1]) }

func (*divideBlueprint) UpdateInstructionTree(inst constraint.Instruction, tree constraint.InstructionTree) constraint.Level {
	level := constraint.LevelUnset
	data := inst.Calldata[2:]
	for range 2 * inst.Calldata[1] {
		n := data[0]
		for k := range n {
			if wire := data[2+2*k]; tree.HasWire(wire) {
				level = max(level, tree.GetWireLevel(wire))
			}
		}
		data = data[1+2*n:]
	}
	level++
	for i := range inst.Calldata[1] {
		tree.InsertWire(inst.WireOffset+i, level)
	}
	return level
}

func (*divideBlueprint) Solve(s constraint.Solver[constraint.U64], inst constraint.Instruction) error {
	data := inst.Calldata[2:]
	return solveQuotients(s, inst, func(int) (num, den constraint.U64) {
		var read int
		num, read = s.Read(data)
		data = data[read:]
		den, read = s.Read(data)
		data = data[read:]
		return num, den
	})
}

// solveQuotients sets the wires that an instruction makes to the quotients next returns, with
// one inversion.
func solveQuotients(s constraint.Solver[constraint.U64], inst constraint.Instruction, next func(i int) (num, den constraint.U64)) error {
	n := int(inst.Calldata[1])
	num, den, prefix := make([]constraint.U64, n), make([]constraint.U64, n), make([]constraint.U64, n)
	product := s.One()
	for i := range n {
		num[i], den[i] = next(i)
		prefix[i] = product
		product = s.Mul(product, den[i])
	}
	inverse, ok := s.Inverse(product)
	if !ok {
		return errors.New("division by zero: the challenge meets a lookup value")
	}
	for i := n - 1; i >= 0; i-- {
		s.SetValue(inst.WireOffset+uint32(i), s.Mul(num[i], s.Mul(inverse, prefix[i])))
		inverse = s.Mul(inverse, den[i])
	}
	return nil
}
