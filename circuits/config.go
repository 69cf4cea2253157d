package circuits

import (
	"fmt"

	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// Config holds the choices that fix a circuit. The zero value is the default: committed
// weights, public input and output, Groth16.
type Config struct {
	Weights Weights    `json:"weights"`
	Input   Visibility `json:"input"`
	Output  Visibility `json:"output"`
	System  System     `json:"system"`

	// Bits fixes the width of activations, 4 to 14 bits beside the sign; 0 chooses the
	// least that meets the target.
	Bits int `json:"bits,omitempty"`
	// Tolerance is the accuracy target: relative L2 error of the outputs over the samples.
	// 0 means the default: for a classifier (one vector of scores an input) with at least
	// 50 samples, top-1 agreement of 99.5 % and an error of at most 2 %; else an error of at
	// most 1 %.
	Tolerance float64 `json:"tolerance,omitempty"`
}

// The words of package verifier/statement.
type (
	// Weights says where the weights are.
	Weights = statement.Weights
	// Visibility says what a statement shows of a tensor.
	Visibility = statement.Visibility
	// System is a proof system, over BN254.
	System = statement.System
)

const (
	Committed = statement.Committed // private; a published hiding commitment identifies the model
	Baked     = statement.Baked     // constants of the circuit; the key identifies the model
	Public    = statement.Public    // the statement shows a tensor's integers
	Private   = statement.Private   // nothing
	Digest    = statement.Digest    // a salted Poseidon2 digest
	Groth16   = statement.Groth16
	Plonk     = statement.Plonk
	Flat      = statement.Flat
)

// Check returns [ErrProgram] for a configuration that has no meaning.
func (c *Config) Check() error {
	if !c.Weights.Known() || !c.Input.Known() || !c.Output.Known() || c.Output == Private || !c.System.Known() ||
		c.Bits != 0 && (c.Bits < 4 || c.Bits > 14) || !(c.Tolerance >= 0 && c.Tolerance < 1) {
		return fmt.Errorf("configuration %+v: %w", *c, ErrProgram)
	}
	if c.System == Flat && (c.Weights != Committed || c.Input == Digest || c.Output == Digest) {
		return fmt.Errorf("%s weights, %s input, %s output: the flat system has committed weights and no digests: %w", c.Weights, c.Input, c.Output, ErrProgram)
	}
	return nil
}

// Report says how well the quantized network follows the float one on the samples.
type Report struct {
	Samples       int           `json:"samples"`
	HeldOut       int           `json:"held_out"`                // of the samples, those that no scale was chosen from
	RelativeError float64       `json:"relative_error"`          // L2, over all outputs of all samples
	Agreement     float64       `json:"agreement"`               // share of samples with the same top-1, 0 if no classifier
	Mistaken      int           `json:"mistaken,omitempty"`      // integer outputs (labels) that differ, over all samples
	Integers      *float64      `json:"same_integers,omitempty"` // share of their elements that are the same, over all samples; nil if there are none
	Outputs       []OutputError `json:"outputs,omitempty"`       // over the samples held out, or over all if none are
	Bits          int           `json:"bits"`                    // of activations
	Layers        []Layer       `json:"layers,omitempty"`
	Warnings      []string      `json:"warnings,omitempty"` // what the samples are too poor for
}

// OutputError is the absolute error of one output.
type OutputError struct {
	Name  string  `json:"name"`
	Mean  float64 `json:"mean"`  // over all elements of all samples
	Worst float64 `json:"worst"` // the largest mean of one sample
	Max   float64 `json:"max"`   // the largest of one element
}

// Layer is the error of one value of the network.
type Layer struct {
	Name          string              `json:"name"`
	Op            string              `json:"op"`
	Exp           int                 `json:"exp"`
	Range         fixedpoint.Interval `json:"range"`
	RelativeError float64             `json:"relative_error"`
}
