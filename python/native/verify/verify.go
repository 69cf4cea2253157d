// Package verify answers calls about verifying keys and proofs.
package verify

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/verifier"
)

// Operations are the calls, by name.
var Operations = map[string]message.Operation{"key": key, "verify": verify}

// Kind names an error of package verifier.
func Kind(err error) string {
	for _, k := range []struct {
		err  error
		kind string
	}{
		{verifier.ErrWrongModel, "wrong_model"}, {verifier.ErrContext, "rejected_context"}, {verifier.ErrInput, "rejected_input"},
		{verifier.ErrUnsafeKey, "rejected_unsafe"}, {verifier.ErrOtherKey, "rejected_key"},
		{verifier.ErrRejected, "rejected"}, {verifier.ErrMalformed, "malformed"}, {message.ErrMessage, "usage"},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return "error"
}

// Tensor is a tensor's description; its integers, if a statement shows them, are a blob.
type Tensor struct {
	Name   string  `json:"name"`
	Shape  []int   `json:"shape"`
	Mode   string  `json:"mode"`
	Exp    int     `json:"exp"`
	Lo     int64   `json:"lo"`
	Hi     int64   `json:"hi"`
	RealLo float64 `json:"real_lo"`
	RealHi float64 `json:"real_hi"`
	Blob   *int    `json:"blob,omitempty"`
	Digest string  `json:"digest,omitempty"`
}

// Key is a key's description.
type Key struct {
	Name    string   `json:"name"`
	Digest  string   `json:"digest"`
	System  string   `json:"system"`
	Weights string   `json:"weights"`
	Setup   string   `json:"setup"`
	Unsafe  bool     `json:"unsafe_setup"`
	Inputs  []Tensor `json:"inputs"`
	Outputs []Tensor `json:"outputs"`
	Labels  []string `json:"labels"`
}

func tensor(t *verifier.TensorCard) Tensor {
	shape := t.Shape
	if shape == nil {
		shape = []int{}
	}
	return Tensor{Name: t.Name, Shape: shape, Mode: t.Mode.String(), Exp: t.Exp, Lo: t.Lo, Hi: t.Hi, RealLo: t.RealLo, RealHi: t.RealHi}
}

// Describe describes a key.
func Describe(vk *verifier.VerifyingKey) *Key {
	digest := vk.Digest()
	out := &Key{
		Name: vk.Card.Name, Digest: hex.EncodeToString(digest[:]), System: vk.Card.System.String(), Weights: vk.Card.Weights.String(),
		Setup: vk.Card.Setup.String(), Unsafe: vk.Card.Setup.Unsafe(), Labels: vk.Card.Labels,
	}
	for i := range vk.Card.Inputs {
		out.Inputs = append(out.Inputs, tensor(&vk.Card.Inputs[i]))
	}
	for i := range vk.Card.Outputs {
		out.Outputs = append(out.Outputs, tensor(&vk.Card.Outputs[i]))
	}
	return out
}

// key describes the verifying key in the only blob.
func key(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	if err := in.Decode(&struct{}{}, 1); err != nil {
		return nil, err
	}
	vk, err := verifier.ParseVerifyingKey(in.Blobs[0])
	if err != nil {
		return nil, err
	}
	return &message.Out{Header: Describe(vk)}, nil
}

// request is a call to verify: the key, the proof's JSON, and expected inputs as float64 are its
// blobs.
type request struct {
	Context      *string `json:"context"` // nil for any
	RefuseUnsafe bool    `json:"refuse_unsafe"`
	KeyDigest    string  `json:"key_digest"`
	Expected     []int   `json:"expected"` // inputs
}

func verify(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r request
	if err := in.Decode(&r, len(in.Blobs)); err != nil {
		return nil, err
	}
	if len(in.Blobs) != 2+len(r.Expected) {
		return nil, fmt.Errorf("%d blobs: %w", len(in.Blobs), message.ErrMessage)
	}
	vk, err := verifier.ParseVerifyingKey(in.Blobs[0])
	if err != nil {
		return nil, err
	}
	proof, err := verifier.ParseProofJSON(in.Blobs[1])
	if err != nil {
		return nil, err
	}
	options := []verifier.Option{verifier.WithAnyContext()}
	if r.Context != nil {
		x, err := Context(*r.Context)
		if err != nil {
			return nil, err
		}
		options[0] = verifier.WithContextElement(x)
	}
	if r.RefuseUnsafe {
		options = append(options, verifier.RefuseUnsafeSetup())
	}
	if r.KeyDigest != "" {
		d, err := hex.DecodeString(r.KeyDigest)
		if err != nil || len(d) != 32 {
			return nil, fmt.Errorf("key_digest is not 64 hexadecimal digits: %w", message.ErrMessage)
		}
		options = append(options, verifier.WithKeyDigest([32]byte(d)))
	}
	for i, n := range r.Expected {
		x, err := Floats(in.Blobs[2+i])
		if err != nil {
			return nil, err
		}
		options = append(options, verifier.WithRealInput(n, x))
	}
	s, err := verifier.Verify(vk, proof, options...)
	if err != nil {
		return nil, err
	}
	return statement(vk, s), nil
}

// Statement is an accepted proof's.
type Statement struct {
	Context string   `json:"context"` // decimal
	Text    string   `json:"text"`
	Inputs  []Tensor `json:"inputs"`
	Outputs []Tensor `json:"outputs"`
	Labels  []string `json:"labels"`
}

func statement(vk *verifier.VerifyingKey, s *verifier.Statement) *message.Out {
	out := &message.Out{}
	tensors := func(list []verifier.Tensor) (r []Tensor) {
		for _, t := range list {
			x := tensor(t.Card)
			if t.Digest != nil {
				x.Digest = t.Digest.String()
			}
			if t.Ints != nil {
				n := len(out.Blobs)
				x.Blob = &n
				out.Blobs = append(out.Blobs, Ints(t.Ints))
			}
			r = append(r, x)
		}
		return r
	}
	out.Header = &Statement{s.Context.String(), vk.Card.Describe(s), tensors(s.Inputs), tensors(s.Outputs), vk.Card.Labels}
	return out
}

// Context reads a context: a decimal number below the field's order.
func Context(s string) (x fr.Element, err error) {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok || n.Sign() < 0 || n.Cmp(fr.Modulus()) >= 0 {
		return x, fmt.Errorf("context %q is no number below the field's order: %w", s, message.ErrMessage)
	}
	return *x.SetBigInt(n), nil
}

// Ints encodes integers as little-endian int64.
func Ints(q []int64) []byte {
	out := make([]byte, 0, 8*len(q))
	for _, x := range q {
		out = binary.LittleEndian.AppendUint64(out, uint64(x))
	}
	return out
}

// Floats decodes little-endian float64.
func Floats(data []byte) ([]float64, error) {
	if len(data)%8 != 0 {
		return nil, fmt.Errorf("%d bytes of float64: %w", len(data), message.ErrMessage)
	}
	out := make([]float64, len(data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out, nil
}
