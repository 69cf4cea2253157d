// Package answer puts package verifier behind requests and answers in JSON, for
// programs that are not in Go. Its users are the WebAssembly builds; the C
// library and the test vectors share its names of verdicts and its options.
//
// A request is one JSON object (see [Request]). With a proof it asks for a
// verdict; without one, what the key is for. The answer is one JSON object (see
// [Answer]) on one line.
package answer

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
)

// Verdicts.
const (
	Accepted   = "accepted"
	Malformed  = "malformed"
	WrongModel = "wrong model"
	Rejected   = "rejected"
)

// Kinds of [Rejected] that follow from what the caller asked for. Other
// rejections have none.
const (
	KindContext     = "context"      // another context than the expected one
	KindInput       = "input"        // another input than the expected one
	KindUnsafeSetup = "unsafe setup" // a one-party key, which the caller refuses
)

// ErrRequest means that a request, not a key or a proof, is unusable.
var ErrRequest = errors.New("bad request")

// Hex is bytes, in JSON as hexadecimal.
type Hex []byte

// MarshalText implements encoding.TextMarshaler.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// Request asks for a verdict on a proof or, without a proof, for a key's card.
type Request struct {
	Key   Hex  `json:"key"`
	Proof *Hex `json:"proof,omitempty"` // see ParseProof
	Options
}

// Options say what is acceptable.
type Options struct {
	Context      Hex         `json:"context,omitempty"` // 32 bytes big-endian, below r; none for 0
	AnyContext   bool        `json:"anyContext,omitempty"`
	RefuseUnsafe bool        `json:"refuseUnsafe,omitempty"`
	ExpectInput  [][]float64 `json:"expectInput,omitempty"` // real numbers of each input; null for any
	ExpectInts   [][]int64   `json:"expectInts,omitempty"`  // integers of each input; null for any
}

// Verifier returns the options of package verifier, or [ErrRequest].
func (o *Options) Verifier() ([]verifier.Option, error) {
	var opts []verifier.Option
	if len(o.Context) > 0 {
		var x fr.Element
		if len(o.Context) != fr.Bytes || x.SetBytesCanonical(o.Context) != nil {
			return nil, fmt.Errorf("%w: context is not a field element of 32 bytes", ErrRequest)
		}
		opts = append(opts, verifier.WithContextElement(x))
	}
	if o.AnyContext {
		opts = append(opts, verifier.WithAnyContext())
	}
	if o.RefuseUnsafe {
		opts = append(opts, verifier.RefuseUnsafeSetup())
	}
	for i, x := range o.ExpectInput {
		if x != nil {
			opts = append(opts, verifier.WithRealInput(i, x))
		}
	}
	for i, q := range o.ExpectInts {
		if q != nil {
			opts = append(opts, verifier.WithInput(i, q))
		}
	}
	return opts, nil
}

// binaryMagic starts a proof in binary form.
const binaryMagic = "nnark-proof-1"

// ParseProof decodes a proof in either form: binary if it starts with
// "nnark-proof-1", else JSON. Every error is [verifier.ErrMalformed].
func ParseProof(data []byte) (*verifier.Proof, error) {
	if bytes.HasPrefix(data, []byte(binaryMagic)) {
		return verifier.ParseProof(data)
	}
	return verifier.ParseProofJSON(data)
}

// Classify returns the verdict and the kind that an error of package verifier,
// or nil, stands for.
func Classify(err error) (verdict, kind string) {
	switch {
	case err == nil:
		return Accepted, ""
	case errors.Is(err, verifier.ErrWrongModel):
		return WrongModel, ""
	case errors.Is(err, verifier.ErrContext):
		return Rejected, KindContext
	case errors.Is(err, verifier.ErrInput):
		return Rejected, KindInput
	case errors.Is(err, verifier.ErrUnsafeKey):
		return Rejected, KindUnsafeSetup
	case errors.Is(err, verifier.ErrRejected):
		return Rejected, ""
	}
	return Malformed, ""
}

// Server answers requests. It keeps the last key, whose decoding costs as much
// as verifying a proof. Not for concurrent use.
type Server struct {
	keyBytes []byte
	key      *verifier.VerifyingKey
}

// Serve answers a request in JSON.
func (s *Server) Serve(request []byte) *Answer {
	r, err := decode(request)
	if err != nil {
		return &Answer{Error: err.Error()}
	}
	a, err := s.Answer(r)
	if err != nil {
		return &Answer{Error: err.Error()}
	}
	return a
}

func decode(request []byte) (*Request, error) {
	d := json.NewDecoder(bytes.NewReader(request))
	d.DisallowUnknownFields()
	r := new(Request)
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrRequest, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: trailing data", ErrRequest)
	}
	return r, nil
}

// Answer returns the verdict on a request. The error is [ErrRequest].
func (s *Server) Answer(r *Request) (*Answer, error) {
	opts, err := r.Verifier()
	if err != nil {
		return nil, err
	}
	if s.key == nil || !bytes.Equal(s.keyBytes, r.Key) {
		s.key, err = verifier.ParseVerifyingKey(r.Key)
		if err != nil {
			return &Answer{Verdict: Malformed, Reason: err.Error()}, nil
		}
		s.keyBytes = bytes.Clone(r.Key)
	}
	digest := s.key.Digest()
	a := &Answer{Key: digest[:], Card: newCard(&s.key.Card)}
	if r.Proof == nil {
		return a, nil
	}
	st, err := check(s.key, *r.Proof, opts)
	a.Verdict, a.Kind = Classify(err)
	if err != nil {
		a.Reason = err.Error()
		return a, nil
	}
	a.Statement = newStatement(st)
	return a, nil
}

func check(key *verifier.VerifyingKey, data []byte, opts []verifier.Option) (*verifier.Statement, error) {
	proof, err := ParseProof(data)
	if err != nil {
		return nil, err
	}
	return verifier.Verify(key, proof, opts...)
}
