package answer

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/nnark/nnark/verifier"
)

// Answer is what a request gets. Exactly one of these holds: Error is set and
// nothing else; Verdict is set; neither is, and Card describes the key, beside the Answers about
// several proofs or the Packed inputs.
type Answer struct {
	Error     string     `json:"error,omitempty"`   // why the request is unusable
	Verdict   string     `json:"verdict,omitempty"` // see the constants
	Kind      string     `json:"kind,omitempty"`    // of a rejection
	Reason    string     `json:"reason,omitempty"`  // for people
	Key       Hex        `json:"key,omitempty"`     // the key's digest, unless the key is malformed
	Card      *Card      `json:"card,omitempty"`    // likewise
	Statement *Statement `json:"statement,omitempty"`
	Answers   []*Answer  `json:"answers,omitempty"`   // about each proof: verdict, kind, reason, statement
	Packed    []Packed   `json:"packed,omitempty"`    // each input
	InputHash Hex        `json:"inputHash,omitempty"` // of them all
}

// JSON encodes the answer, on one line.
func (a *Answer) JSON() []byte {
	out, err := json.Marshal(a)
	if err != nil { // a number that JSON does not have, which no card has
		return []byte(`{"error":"the answer cannot be encoded"}`)
	}
	return out
}

// Card is [verifier.Card].
type Card struct {
	Name         string   `json:"name"`
	System       string   `json:"system"`
	Weights      string   `json:"weights"`
	UnsafeSetup  bool     `json:"unsafeSetup"`
	Setup        Setup    `json:"setup"`
	Architecture Hex      `json:"architecture"`
	Inputs       []Tensor `json:"inputs"`
	Outputs      []Tensor `json:"outputs"`
	Labels       []string `json:"labels,omitempty"`
}

// Setup is [verifier.Setup].
type Setup struct {
	Kind          string `json:"kind"`
	Contributions int    `json:"contributions,omitempty"`
	Transcript    Hex    `json:"transcript,omitempty"`
}

func newSetup(s *verifier.Setup) Setup {
	out := Setup{Kind: s.Kind.String(), Contributions: s.Contributions}
	if s.Kind == verifier.Ceremony {
		out.Transcript = s.Transcript[:]
	}
	return out
}

// Statement is [verifier.Statement].
type Statement struct {
	Context Hex      `json:"context"` // 32 bytes, big-endian
	Inputs  []Tensor `json:"inputs"`
	Outputs []Tensor `json:"outputs"`
}

// Tensor is [verifier.TensorCard] and, in a statement, what it shows of the
// tensor. An integer q stands for the real number q * 2^-exp.
type Tensor struct {
	Name   string      `json:"name"`
	Shape  []int       `json:"shape"`
	Mode   string      `json:"mode"`
	Exp    int         `json:"exp"`
	Lo     integer     `json:"lo"`
	Hi     integer     `json:"hi"`
	Real   *[2]float64 `json:"real,omitempty"` // accepted real numbers of an input
	Ints   []integer   `json:"ints,omitempty"` // of a public tensor in a statement
	Digest Hex         `json:"digest,omitempty"`
}

// integer is an int64, in JSON a number if every reader of JSON gets it
// exactly, else a string.
type integer int64

const maxSafe = 1<<53 - 1

// UnmarshalJSON implements json.Unmarshaler.
func (x *integer) UnmarshalJSON(data []byte) error {
	q, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	*x = integer(q)
	return err
}

// MarshalJSON implements json.Marshaler.
func (x integer) MarshalJSON() ([]byte, error) {
	if -maxSafe <= x && x <= maxSafe {
		return strconv.AppendInt(nil, int64(x), 10), nil
	}
	return strconv.AppendQuote(nil, strconv.FormatInt(int64(x), 10)), nil
}

func newCard(c *verifier.Card) *Card {
	out := &Card{
		Name: c.Name, System: c.System.String(), Weights: c.Weights.String(), UnsafeSetup: c.Setup.Unsafe(), Setup: newSetup(&c.Setup),
		Architecture: c.Architecture[:], Labels: c.Labels,
	}
	for i := range c.Inputs {
		out.Inputs = append(out.Inputs, newTensor(&c.Inputs[i], true))
	}
	for i := range c.Outputs {
		out.Outputs = append(out.Outputs, newTensor(&c.Outputs[i], false))
	}
	return out
}

func newStatement(st *verifier.Statement) *Statement {
	context := st.Context.Bytes()
	return &Statement{Context: context[:], Inputs: shown(st.Inputs, true), Outputs: shown(st.Outputs, false)}
}

func shown(tensors []verifier.Tensor, input bool) []Tensor {
	out := make([]Tensor, len(tensors))
	for i, t := range tensors {
		out[i] = newTensor(t.Card, input)
		for _, q := range t.Ints {
			out[i].Ints = append(out[i].Ints, integer(q))
		}
		if t.Digest != nil {
			digest := t.Digest.Bytes()
			out[i].Digest = digest[:]
		}
	}
	return out
}

func newTensor(t *verifier.TensorCard, input bool) Tensor {
	out := Tensor{
		Name: t.Name, Shape: append([]int{}, t.Shape...), Mode: t.Mode.String(), Exp: t.Exp,
		Lo: integer(t.Lo), Hi: integer(t.Hi),
	}
	if input {
		out.Real = &[2]float64{t.RealLo, t.RealHi}
	}
	return out
}
