package verifier

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/nnark/nnark/verifier/statement"
)

// The words of package verifier/statement.
type (
	// System is a proof system.
	System = statement.System
	// WeightsMode says where a model's weights are.
	WeightsMode = statement.Weights
	// Mode says how much of a tensor the statement shows.
	Mode = statement.Visibility
)

const (
	Groth16          = statement.Groth16
	Plonk            = statement.Plonk
	Flat             = statement.Flat
	CommittedWeights = statement.Committed // private; the key holds a hiding commitment to them
	BakedWeights     = statement.Baked     // constants of the circuit; the key itself identifies them
	Public           = statement.Public    // in the statement, packed
	Private          = statement.Private   // not in the statement; for inputs only
	Digest           = statement.Digest    // in the statement as one salted Poseidon2 digest
)

// Limits of a card. With them verification allocates less than 64 MiB.
const (
	maxText     = 256     // bytes of a name or a label
	maxTensors  = 64      // inputs, and outputs
	maxRank     = 8       // axes of a tensor
	maxSize     = 1 << 28 // integers of a tensor
	maxExp      = 256     // |exp|
	maxLabels   = 1 << 16
	maxIntegers = 1 << 21 // integers of all public tensors
	maxElements = 1 << 17 // field elements of a statement
)

// Card describes a model: what a statement's field elements stand for. It is
// part of the verifying key, so that every proof is bound to it.
type Card struct {
	Name         string // 1 to 256 bytes of printable UTF-8
	System       System
	Weights      WeightsMode
	Setup        Setup    // who could forge proofs
	Architecture [32]byte // digest of the network without its weights
	Inputs       []TensorCard
	Outputs      []TensorCard
	Labels       []string // optional names of classes
}

// TensorCard describes one input or output: integers in [Lo, Hi], row-major,
// each standing for the real number q * 2^-Exp.
type TensorCard struct {
	Name   string // 1 to 256 bytes of printable UTF-8
	Shape  []int  // every axis >= 1; no axes for a scalar
	Mode   Mode
	Exp    int // -256 to 256
	Lo, Hi int64
	// RealLo and RealHi bound the real numbers accepted for an input. Both are
	// zero for an output.
	RealLo, RealHi float64
}

// Size returns the number of integers of the tensor.
func (t *TensorCard) Size() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Elements returns how many field elements of the statement the tensor takes:
// 0 when private, 1 when a digest, else its packed size (see [Pack]).
func (t *TensorCard) Elements() int {
	switch t.Mode {
	case Public:
		return t.packing().Elements(t.Size())
	case Digest:
		return 1
	}
	return 0
}

// StatementSize returns the number of field elements of a statement.
func (c *Card) StatementSize() int {
	n := 1 // context
	for i := range c.Inputs {
		n += c.Inputs[i].Elements()
	}
	for i := range c.Outputs {
		n += c.Outputs[i].Elements()
	}
	return n
}

// check reports a card that breaks its own rules.
func (c *Card) check() error {
	if !validText(c.Name) {
		return malformed("card: name")
	}
	if !c.System.Known() {
		return malformed("card: %v system", c.System)
	}
	if !c.Weights.Known() {
		return malformed("card: %v weights mode", c.Weights)
	}
	if err := c.Setup.check(c.System); err != nil {
		return err
	}
	if err := checkTensors("input", c.Inputs, true); err != nil {
		return err
	}
	if err := checkTensors("output", c.Outputs, false); err != nil {
		return err
	}
	if len(c.Labels) > maxLabels {
		return malformed("card: %d labels", len(c.Labels))
	}
	for i, l := range c.Labels {
		if !validText(l) {
			return malformed("card: label %d", i)
		}
	}
	integers := 0
	for _, tensors := range [][]TensorCard{c.Inputs, c.Outputs} {
		for i := range tensors {
			if tensors[i].Mode == Public {
				integers += tensors[i].Size()
			}
		}
	}
	if integers > maxIntegers || c.StatementSize() > maxElements {
		return malformed("card: statement of %d integers is too large", integers)
	}
	return nil
}

func checkTensors(kind string, tensors []TensorCard, input bool) error {
	if len(tensors) == 0 || len(tensors) > maxTensors {
		return malformed("card: %d %ss", len(tensors), kind)
	}
	names := make(map[string]bool, len(tensors))
	for i := range tensors {
		t := &tensors[i]
		if !validText(t.Name) || names[t.Name] {
			return malformed("card: name of %s %d", kind, i)
		}
		names[t.Name] = true
		if err := t.check(); err != nil {
			return err
		}
		if !input && t.Mode == Private {
			return malformed("output %q: private", t.Name)
		}
		if !input && (math.Float64bits(t.RealLo)|math.Float64bits(t.RealHi)) != 0 {
			return malformed("output %q: real interval", t.Name)
		}
	}
	return nil
}

// check holds what is true of inputs and outputs alike.
func (t *TensorCard) check() error {
	size := 1
	for _, d := range t.Shape {
		if len(t.Shape) > maxRank || d < 1 || d > maxSize/size {
			return malformed("tensor %q: shape %v", t.Name, t.Shape)
		}
		size *= d
	}
	switch {
	case !t.Mode.Known():
		return malformed("tensor %q: mode %v", t.Name, t.Mode)
	case t.Exp < -maxExp || t.Exp > maxExp:
		return malformed("tensor %q: exponent %d", t.Name, t.Exp)
	case t.Lo >= t.Hi:
		return malformed("tensor %q: interval [%d, %d]", t.Name, t.Lo, t.Hi)
	case !finite(t.RealLo) || !finite(t.RealHi) || t.RealLo > t.RealHi:
		return malformed("tensor %q: real interval [%g, %g]", t.Name, t.RealLo, t.RealHi)
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// validText accepts 1 to 256 bytes of printable UTF-8: nothing that could
// steer a terminal.
func validText(s string) bool {
	if len(s) == 0 || len(s) > maxText || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

// encode writes a card that passed check.
func (c *Card) encode(e *encoder) {
	e.raw(byte(c.System), byte(c.Weights))
	c.Setup.encode(e)
	e.raw(c.Architecture[:]...)
	e.text(c.Name)
	for _, tensors := range [][]TensorCard{c.Inputs, c.Outputs} {
		e.raw(byte(len(tensors)))
		for i := range tensors {
			tensors[i].encode(e)
		}
	}
	e.uint32(uint32(len(c.Labels)))
	for _, l := range c.Labels {
		e.text(l)
	}
}

func (t *TensorCard) encode(e *encoder) {
	e.text(t.Name)
	e.raw(byte(t.Mode), byte(len(t.Shape)))
	for _, d := range t.Shape {
		e.uint32(uint32(d))
	}
	e.uint16(uint16(int16(t.Exp)))
	e.uint64(uint64(t.Lo))
	e.uint64(uint64(t.Hi))
	e.uint64(math.Float64bits(t.RealLo))
	e.uint64(math.Float64bits(t.RealHi))
}

// Least bytes of an encoded tensor and of an encoded label.
const (
	minTensorBytes = 2 + 1 + 1 + 2 + 4*8
	minLabelBytes  = 2
)

func decodeCard(d *decoder) (c Card) {
	c.System = System(d.uint8())
	c.Weights = WeightsMode(d.uint8())
	c.Setup = decodeSetup(d)
	c.Architecture = d.hash()
	c.Name = d.text()
	c.Inputs = decodeTensors(d)
	c.Outputs = decodeTensors(d)
	if n := d.count(int(d.uint32()), minLabelBytes); n > maxLabels {
		d.fail("card: %d labels", n)
	} else if n > 0 {
		c.Labels = make([]string, n)
		for i := range c.Labels {
			c.Labels[i] = d.text()
		}
	}
	if d.err == nil {
		d.err = c.check()
	}
	return c
}

func decodeTensors(d *decoder) []TensorCard {
	tensors := make([]TensorCard, d.count(int(d.uint8()), minTensorBytes))
	for i := range tensors {
		t := &tensors[i]
		t.Name = d.text()
		t.Mode = Mode(d.uint8())
		t.Shape = make([]int, d.count(int(d.uint8()), 4))
		for j := range t.Shape {
			t.Shape[j] = int(d.uint32())
		}
		t.Exp = int(int16(d.uint16()))
		t.Lo = int64(d.uint64())
		t.Hi = int64(d.uint64())
		t.RealLo = math.Float64frombits(d.uint64())
		t.RealHi = math.Float64frombits(d.uint64())
	}
	return tensors
}
