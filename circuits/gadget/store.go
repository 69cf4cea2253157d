package gadget

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"
)

// ErrStored means that bytes are not a stored constraint system.
var ErrStored = errors.New("not a stored constraint system")

// SystemVersion changes whenever a plan becomes other constraints than before: a stored system
// is for the plans of its own version only.
const SystemVersion = 5

// blueprints are the kinds of instructions that compiled plans have; a stored system names them
// by their places here.
var blueprints = []func() constraint.Blueprint{
	func() constraint.Blueprint { return new(constraint.BlueprintGenericHint) },
	func() constraint.Blueprint { return new(constraint.BlueprintGenericR1C) },
	func() constraint.Blueprint { return new(constraint.BlueprintBatchInverse[constraint.U64]) },
	func() constraint.Blueprint { return new(divideBlueprint) },
	func() constraint.Blueprint { return new(constraint.BlueprintGenericSparseR1C[constraint.U64]) },
	func() constraint.Blueprint { return new(constraint.BlueprintSparseR1CMul[constraint.U64]) },
	func() constraint.Blueprint { return new(constraint.BlueprintSparseR1CAdd[constraint.U64]) },
	func() constraint.Blueprint { return new(constraint.BlueprintSparseR1CBool[constraint.U64]) },
	func() constraint.Blueprint { return new(rowBlueprint) },
	func() constraint.Blueprint { return new(fractionBlueprint) },
}

// StoreSystem encodes a compiled system: all that proving needs of it, without the names of
// variables. [RestoreSystem] decodes it, in less than a tenth of the time compiling takes.
func StoreSystem(ccs constraint.ConstraintSystem) ([]byte, error) {
	s, ok := ccs.(*cs.R1CS) // the type of sparse systems too
	if !ok {
		return nil, fmt.Errorf("%T: %w", ccs, ErrStored)
	}
	w := &wordWriter{data: make([]byte, 0, 2*len(s.CallData)+12*len(s.Instructions))}
	w.ints(SystemVersion, int(s.Type), len(s.Public), len(s.Secret), s.NbConstraints, s.NbInternalVariables)
	if len(s.Logs)+len(s.DebugInfo)+len(s.MDebug) > 0 {
		return nil, fmt.Errorf("it has logs: %w", ErrStored)
	}
	w.ints(len(s.Blueprints))
	for _, b := range s.Blueprints {
		kind := slices.IndexFunc(blueprints, func(f func() constraint.Blueprint) bool { return reflect.TypeOf(f()) == reflect.TypeOf(b) })
		if kind < 0 {
			return nil, fmt.Errorf("%T: %w", b, ErrStored)
		}
		w.ints(kind)
	}
	w.commitments(s.CommitmentInfo)
	w.hints(s.MHintsDependencies)
	writeList(w, s.CallData)
	w.ints(len(s.Instructions))
	var last constraint.PackedInstruction
	for _, i := range s.Instructions {
		w.ints(int(i.BlueprintID), int(i.ConstraintOffset-last.ConstraintOffset), int(i.WireOffset-last.WireOffset), int(i.StartCallData-last.StartCallData))
		last = i
	}
	w.ints(len(s.Levels))
	for _, level := range s.Levels {
		writeList(w, level)
	}
	w.ints(len(s.Coefficients))
	for i := range s.Coefficients {
		for _, word := range s.Coefficients[i] {
			w.data = binary.LittleEndian.AppendUint64(w.data, word)
		}
	}
	return w.data, nil
}

// RestoreSystem decodes what [StoreSystem] encoded. Nothing is allocated that the bytes do not
// pay for, but the system is not checked beyond its form: bytes that somebody else could have
// made may describe one whose solver fails in any way. [ErrStored] stands for what is refused.
func RestoreSystem(data []byte) (constraint.ConstraintSystem, error) {
	r := &wordReader{data: data}
	if v := r.int(); v != SystemVersion && r.err == nil {
		return nil, fmt.Errorf("of version %d, this is %d: %w", v, SystemVersion, ErrStored)
	}
	names := 1<<10 + 8*len(data) // as many inputs as a circuit of this size could use, and more
	s := cs.NewR1CS(0)
	kind := constraint.SystemType(r.int())
	if kind == constraint.SystemSparseR1CS {
		s = (*cs.R1CS)(cs.NewSparseR1CS(0))
	} else if kind != constraint.SystemR1CS {
		return nil, ErrStored
	}
	s.Public, s.Secret = make([]string, r.count(names)), make([]string, r.count(names))
	s.NbConstraints, s.NbInternalVariables = r.int(), r.int()
	s.Blueprints = nil
	for range r.length() {
		kind := r.int()
		if r.err != nil || kind >= len(blueprints) {
			return nil, ErrStored
		}
		s.AddBlueprint(blueprints[kind]())
	}
	s.CommitmentInfo = r.commitments(kind)
	s.MHintsDependencies = r.hints()
	s.CallData = readList[uint32](r)
	s.Instructions = make([]constraint.PackedInstruction, r.length())
	var last constraint.PackedInstruction
	for i := range s.Instructions {
		last.BlueprintID = constraint.BlueprintID(r.int())
		last.ConstraintOffset += uint32(r.int())
		last.WireOffset += uint32(r.int())
		last.StartCallData += uint64(r.int())
		if int(last.BlueprintID) >= len(s.Blueprints) || last.StartCallData >= uint64(len(s.CallData)) {
			return nil, ErrStored
		}
		s.Instructions[i] = last
	}
	s.Levels = make([][]uint32, r.length())
	for i := range s.Levels {
		s.Levels[i] = readList[uint32](r)
	}
	n := r.length()
	if r.err != nil || len(r.data) != n*fr.Bytes {
		return nil, ErrStored
	}
	s.Coefficients = make([]fr.Element, n)
	for i := range s.Coefficients {
		for k := range s.Coefficients[i] {
			s.Coefficients[i][k] = binary.LittleEndian.Uint64(r.data[fr.Bytes*i+8*k:])
		}
	}
	return s, nil
}

type wordWriter struct{ data []byte }

func (w *wordWriter) ints(v ...int) {
	for _, x := range v {
		w.data = binary.AppendUvarint(w.data, uint64(x))
	}
}

func writeList[T int | uint32](w *wordWriter, v []T) {
	w.ints(len(v))
	for _, x := range v {
		w.data = binary.AppendUvarint(w.data, uint64(x))
	}
}

func (w *wordWriter) commitments(info constraint.Commitments) {
	switch info := info.(type) {
	case constraint.Groth16Commitments:
		w.ints(len(info))
		for _, c := range info {
			writeList(w, c.PublicAndCommitmentCommitted)
			writeList(w, c.PrivateCommitted)
			w.ints(c.CommitmentIndex, c.NbPublicCommitted)
		}
	case constraint.PlonkCommitments:
		w.ints(len(info))
		for _, c := range info {
			writeList(w, c.Committed)
			w.ints(c.CommitmentIndex, c.Width)
		}
	}
}

func (w *wordWriter) hints(names map[solver.HintID]string) {
	w.ints(len(names))
	ids := make([]int, 0, len(names))
	for id := range names {
		ids = append(ids, int(id))
	}
	slices.Sort(ids)
	for _, id := range ids {
		name := names[solver.HintID(id)]
		w.ints(id, len(name))
		w.data = append(w.data, name...)
	}
}

// wordReader reads numbers and keeps the first error; after one they are 0.
type wordReader struct {
	data []byte
	err  error
}

func (r *wordReader) int() int {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v > math.MaxInt64 {
		r.data, r.err = nil, ErrStored
		return 0
	}
	r.data = r.data[n:]
	return int(v)
}

// count reads a number of things that take no bytes.
func (r *wordReader) count(most int) int {
	n := r.int()
	if n > most {
		r.data, r.err = nil, ErrStored
		return 0
	}
	return n
}

// length reads the length of a list, whose elements take a byte at least.
func (r *wordReader) length() int {
	n := r.int()
	if n > len(r.data) {
		r.data, r.err = nil, ErrStored
		return 0
	}
	return n
}

func readList[T int | uint32](r *wordReader) []T {
	v := make([]T, r.length())
	for i := range v {
		v[i] = T(r.int())
	}
	return v
}

func (r *wordReader) commitments(kind constraint.SystemType) constraint.Commitments {
	if kind == constraint.SystemR1CS {
		info := make(constraint.Groth16Commitments, r.length())
		for i := range info {
			info[i] = constraint.Groth16Commitment{
				PublicAndCommitmentCommitted: readList[int](r), PrivateCommitted: readList[int](r), CommitmentIndex: r.int(), NbPublicCommitted: r.int(),
			}
		}
		return info
	}
	info := make(constraint.PlonkCommitments, r.length())
	for i := range info {
		info[i] = constraint.PlonkCommitment{Committed: readList[int](r), CommitmentIndex: r.int(), Width: r.int()}
	}
	return info
}

func (r *wordReader) hints() map[solver.HintID]string {
	names := make(map[solver.HintID]string)
	for range r.length() {
		id, n := r.int(), r.length()
		names[solver.HintID(id)] = string(r.data[:n])
		r.data = r.data[n:]
	}
	return names
}
