package circuits

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Program is a quantized network: inputs, then one value for each node, in order.
type Program struct {
	Name    string   `json:"name"`
	Config  Config   `json:"config"`
	Inputs  []Port   `json:"inputs"`
	Nodes   []Node   `json:"nodes"`
	Outputs []Port   `json:"outputs"`
	Labels  []string `json:"labels,omitempty"`
	Report  Report   `json:"report"`
	Batch   int      `json:"batch,omitempty"` // inputs at once, of [Program.Batched]: the first axis of inputs and outputs. 0 and 1 are one

	types    []Type // of every value: inputs, then nodes
	elements int    // of all values
}

// Node applies an operator to earlier values.
type Node struct {
	Name string
	Op   Op
	In   []int
}

// Port is an input or an output.
type Port struct {
	Name   string              `json:"name"`
	Value  int                 `json:"value"` // index of the value
	Shape  []int               `json:"shape"`
	Exp    int                 `json:"exp"`
	Range  fixedpoint.Interval `json:"range"`
	RealLo float64             `json:"real_lo"` // inputs: what reals are accepted
	RealHi float64             `json:"real_hi"`
}

// Quantize turns reals into the port's integers. Values outside the accepted interval,
// and NaN, are errors.
func (p *Port) Quantize(x []float32) ([]int64, error) { return quantized(p, x) }

func quantized[T float32 | float64](p *Port, x []T) ([]int64, error) {
	if len(x) != relation.Size(p.Shape) {
		return nil, fmt.Errorf("input %q: %d values, want %d (shape %v): %w", p.Name, len(x), relation.Size(p.Shape), p.Shape, ErrInput)
	}
	out := make([]int64, len(x))
	for i, v := range x {
		if f := float64(v); !(p.RealLo <= f && f <= p.RealHi) {
			return nil, fmt.Errorf("input %q: element %d is %s, %s to %s are accepted: %w", p.Name, i, shown(f, 32), shown(p.RealLo, 64), shown(p.RealHi, 64), ErrOutside)
		}
		q, err := fixedpoint.Quantize(float64(v), p.Exp, p.Range)
		if err != nil {
			return nil, fmt.Errorf("input %q: element %d: %w: %w", p.Name, i, err, ErrInput)
		}
		out[i] = q
	}
	return out, nil
}

// shown writes a number, a whole one with all its digits.
func shown(v float64, bits int) string {
	if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

// Saturates reports whether an input takes every float32, those beyond its range for its ends.
func (p *Port) Saturates() bool { return p.RealLo <= -math.MaxFloat32 && p.RealHi >= math.MaxFloat32 }

// Floats returns the reals that the port's integers stand for.
func (p *Port) Floats(q []int64) []float64 {
	out := make([]float64, len(q))
	for i, v := range q {
		out[i] = fixedpoint.Real(v, p.Exp)
	}
	return out
}

// Infer checks the whole program and must precede the other methods; programs from
// package quantize and [ParseProgram] are bound.
func (p *Program) Infer() error {
	if err := p.Config.Check(); err != nil {
		return err
	}
	if len(p.Inputs) == 0 || len(p.Outputs) == 0 {
		return fmt.Errorf("%d inputs, %d outputs: %w", len(p.Inputs), len(p.Outputs), ErrProgram)
	}
	if err := p.checkBatch(); err != nil {
		return err
	}
	p.types, p.elements = nil, 0
	for i, in := range p.Inputs {
		t := Type{Shape: in.Shape, Exp: in.Exp, Range: in.Range}
		if in.Value != i || in.Range.Lo >= in.Range.Hi || in.Range.Width() > maxInput {
			return fmt.Errorf("input %q in %v: %w", in.Name, in.Range, ErrProgram)
		}
		if err := p.addType(t); err != nil {
			return fmt.Errorf("input %q: %w", in.Name, err)
		}
	}
	for _, n := range p.Nodes {
		var in []Type
		for _, v := range n.In {
			if v < 0 || v >= len(p.types) {
				return fmt.Errorf("node %q uses value %d before it exists: %w", n.Name, v, ErrProgram)
			}
			in = append(in, p.types[v])
		}
		t, err := n.Op.Infer(in)
		if err != nil {
			return fmt.Errorf("node %q (%s): %w", n.Name, Kind(n.Op), err)
		}
		if err := p.addType(t); err != nil {
			return fmt.Errorf("node %q (%s): %w", n.Name, Kind(n.Op), err)
		}
	}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		if o.Value < 0 || o.Value >= len(p.types) {
			return fmt.Errorf("output %q is value %d: %w", o.Name, o.Value, ErrProgram)
		}
		t := p.types[o.Value]
		if o.Exp != t.Exp || relation.Size(o.Shape) != t.Size() || !validShape(o.Shape) ||
			!o.Range.Covers(t.Range) || o.Range.Lo >= o.Range.Hi || o.Range.MaxAbs() > maxOutput {
			return fmt.Errorf("output %q: %w", o.Name, ErrProgram)
		}
	}
	return nil
}

// MaxExp bounds exponents in size.
const MaxExp = 200

// maxInput bounds the range of an input.
const maxInput = 1 << 48

// maxOutput bounds the range that an output's packing declares.
const maxOutput = 1 << 58

// addType appends the type of the next value, if it is one that all operators can take.
func (p *Program) addType(t Type) error {
	if !validShape(t.Shape) || t.Exp < -MaxExp || t.Exp > MaxExp {
		return fmt.Errorf("%v at exponent %d: %w", t.Shape, t.Exp, ErrProgram)
	}
	if err := bounded(t.Range, nil); err != nil {
		return err
	}
	if p.elements += t.Size(); p.elements > maxElements {
		return fmt.Errorf("values of more than 2^26 elements: %w", ErrSize)
	}
	p.types = append(p.types, t)
	return nil
}

// Type returns the type of a value of a program that is bound or being built.
func (p *Program) Type(v int) Type { return p.types[v] }

// AddInput appends an input, whose Value it sets, to a program that is being built: inputs
// come before nodes. [Program.Infer] checks the whole.
func (p *Program) AddInput(in Port) {
	in.Value = len(p.Inputs)
	p.Inputs = append(p.Inputs, in)
	p.types = append(p.types, Type{Shape: in.Shape, Exp: in.Exp, Range: in.Range})
}

// Add appends a node to a program that is being built and returns its value. The error is
// that of the operator's Infer.
func (p *Program) Add(name string, op Op, in ...int) (int, error) {
	types := make([]Type, len(in))
	for i, v := range in {
		types[i] = p.types[v]
	}
	t, err := op.Infer(types)
	if err != nil {
		return 0, err
	}
	p.Nodes = append(p.Nodes, Node{name, op, in})
	p.types = append(p.types, t)
	return len(p.types) - 1, nil
}

// Eval runs the network on quantized inputs and returns every value's integers: the
// inputs, then each node's output.
func (p *Program) Eval(inputs [][]int64) ([][]int64, error) {
	if len(inputs) != len(p.Inputs) {
		return nil, fmt.Errorf("%d inputs, want %d: %w", len(inputs), len(p.Inputs), ErrInput)
	}
	values := slices.Clone(inputs)
	for i, x := range inputs {
		in := &p.Inputs[i]
		if len(x) != relation.Size(in.Shape) {
			return nil, fmt.Errorf("input %q: %d integers, want %d: %w", in.Name, len(x), relation.Size(in.Shape), ErrInput)
		}
		for k, v := range x {
			if !in.Range.Contains(v) {
				return nil, fmt.Errorf("input %q: element %d is %d, outside %v: %w", in.Name, k, v, in.Range, ErrInput)
			}
		}
	}
	for _, n := range p.Nodes {
		in := make([][]int64, len(n.In))
		for k, v := range n.In {
			in[k] = values[v]
		}
		values = append(values, n.Op.Eval(in))
	}
	return values, nil
}

// Run quantizes real inputs, runs the network and returns the outputs as reals.
func (p *Program) Run(inputs [][]float32) ([][]float64, error) { return answered(p, inputs) }

// RunReals is Run of float64, which hold integers beyond 2^24.
func (p *Program) RunReals(inputs [][]float64) ([][]float64, error) { return answered(p, inputs) }

func answered[T float32 | float64](p *Program, inputs [][]T) ([][]float64, error) {
	q, err := quantizedInputs(p, inputs)
	if err != nil {
		return nil, err
	}
	values, err := p.Eval(q)
	if err != nil {
		return nil, err
	}
	var out [][]float64
	for i := range p.Outputs {
		out = append(out, p.Outputs[i].Floats(values[p.Outputs[i].Value]))
	}
	return out, nil
}

// Quantize turns real inputs into the program's integers.
func (p *Program) Quantize(inputs [][]float32) ([][]int64, error) { return quantizedInputs(p, inputs) }

// QuantizeReals is Quantize of float64, which hold integers beyond 2^24.
func (p *Program) QuantizeReals(inputs [][]float64) ([][]int64, error) {
	return quantizedInputs(p, inputs)
}

func quantizedInputs[T float32 | float64](p *Program, inputs [][]T) ([][]int64, error) {
	if len(inputs) != len(p.Inputs) {
		return nil, fmt.Errorf("%d inputs, want %d: %w", len(inputs), len(p.Inputs), ErrInput)
	}
	var out [][]int64
	for i := range inputs {
		q, err := quantized(&p.Inputs[i], inputs[i])
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

// Architecture is the digest of everything but the weights and what things are called. It
// is in the verifying key, without a salt, so nothing that depends on weights goes into it
// but the declared widths, powers of two that the quantizer chose.
func (p *Program) Architecture() [32]byte {
	q := *p
	q.Nodes = slices.Clone(p.Nodes)
	for i, n := range q.Nodes {
		if w, ok := n.Op.(parametrised); ok {
			q.Nodes[i].Op = w.withoutParams()
		}
	}
	return q.digest("nnark architecture 1\n")
}

// SetupDigest is the digest of what one setup serves: the architecture and, where they are
// baked into the circuit, the weights. Of baked weights it is as secret as they are: guesses
// can be compared with it.
func (p *Program) SetupDigest() [32]byte {
	if p.Config.Weights == Committed {
		return p.Architecture()
	}
	return p.digest("nnark baked circuit 1\n")
}

// digest hashes everything but names, labels, the report and the size of a batch, which shapes show.
func (p *Program) digest(domain string) [32]byte {
	q := *p
	q.Name, q.Labels, q.Report, q.Batch = "", nil, Report{}, 0
	q.Nodes = slices.Clone(p.Nodes)
	for i := range q.Nodes {
		q.Nodes[i].Name = ""
	}
	data, err := json.Marshal(&q)
	if err != nil {
		panic("circuits: " + err.Error()) // plain structs of integers
	}
	return sha256.Sum256(append([]byte(domain), data...))
}

// WithoutWeights returns the program with all its committed weights 0, and the declared
// widths of the original: what a setup serves, and what a verifying key shows anyway. The
// circuit is the same. Of baked weights, which the circuit depends on, it is [ErrBaked].
func (p *Program) WithoutWeights() (*Program, error) {
	if p.Config.Weights != Committed {
		return nil, fmt.Errorf("no program without its weights: %w", ErrBaked)
	}
	q := *p
	q.Report, q.Nodes = Report{}, slices.Clone(p.Nodes)
	for i, n := range q.Nodes {
		w, ok := n.Op.(parametrised)
		if !ok {
			continue
		}
		bare := w.withoutParams()
		for k, v := range bare.params() {
			*v = make(Ints, len(*w.params()[k]))
		}
		q.Nodes[i].Op = bare
	}
	data, err := q.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return ParseProgram(data) // which shares nothing with p
}

// Parameters returns the number of weights.
func (p *Program) Parameters() (n int) {
	for _, node := range p.Nodes {
		if w, ok := node.Op.(parametrised); ok {
			for _, v := range w.params() {
				n += len(*v)
			}
		}
	}
	return n
}
