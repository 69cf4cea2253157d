// Package answer puts package verifier behind requests and answers in JSON, for
// programs that are not in Go. Its users are the WebAssembly builds; the C
// library and the test vectors share its names of verdicts and its options.
//
// A request is one JSON object (see [Request]). With a proof it asks for a
// verdict, with several for one on each, checked together; with inputs, how statements show them;
// without any, what the key is for. The answer is one JSON object (see
// [Answer]) on one line.
package answer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/opening"
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
	KindKey         = "key"          // another key than the pinned one
	KindOpening     = "opening"      // a digest is not of the values and salt given
)

// ErrRequest means that a request, not a key or a proof, is unusable.
var ErrRequest = errors.New("bad request")

// Hex is bytes, in JSON as hexadecimal.
type Hex []byte

// MarshalText implements encoding.TextMarshaler.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements encoding.TextUnmarshaler. No digits are no bytes, but not nil: an
// option that is there and empty is not an option that is not there.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode([]byte{}, text)
	return err
}

// Request asks for a verdict on a proof or on several, how statements show inputs or, without any
// of these, for a key's card.
type Request struct {
	Key    Hex       `json:"key"`
	Proof  *Hex      `json:"proof,omitempty"` // see ParseProof
	Proofs []Hex     `json:"proofs,omitempty"`
	Inputs []*Values `json:"inputs,omitempty"` // null for private ones
	Options
}

// Options say what is acceptable.
type Options struct {
	Context      Hex         `json:"context,omitempty"` // 32 bytes big-endian, below r; none for 0
	AnyContext   bool        `json:"anyContext,omitempty"`
	RefuseUnsafe bool        `json:"refuseUnsafe,omitempty"`
	ExpectInput  [][]float64 `json:"expectInput,omitempty"` // real numbers of each input; null for any
	ExpectInts   [][]int64   `json:"expectInts,omitempty"`  // integers of each input; null for any
	ExpectKey    Hex         `json:"expectKey,omitempty"`   // the key's digest, 32 bytes
	Openings     []Opening   `json:"openings,omitempty"`    // of digests
}

// Opening is what a digest is of.
type Opening struct {
	Output bool    `json:"output,omitempty"` // of an output, not an input
	Index  int     `json:"index"`
	Ints   []int64 `json:"ints"`
	Salt   Hex     `json:"salt"` // 32 bytes big-endian, below r
}

// element returns the field element of 32 bytes, big-endian, below r.
func element(b Hex, what string) (x fr.Element, err error) {
	if len(b) != fr.Bytes || x.SetBytesCanonical(b) != nil {
		return x, fmt.Errorf("%w: %s is not a field element of 32 bytes", ErrRequest, what)
	}
	return x, nil
}

// Verifier returns the options of package verifier, or [ErrRequest].
func (o *Options) Verifier() ([]verifier.Option, error) {
	var opts []verifier.Option
	if len(o.Context) > 0 {
		x, err := element(o.Context, "context")
		if err != nil {
			return nil, err
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
	if o.ExpectKey != nil {
		if len(o.ExpectKey) != sha256.Size {
			return nil, fmt.Errorf("%w: expectKey is not a digest of 32 bytes", ErrRequest)
		}
		opts = append(opts, verifier.WithKeyDigest([32]byte(o.ExpectKey)))
	}
	for _, p := range o.Openings {
		salt, err := element(p.Salt, "salt")
		if err != nil {
			return nil, err
		}
		open := opening.Input
		if p.Output {
			open = opening.Output
		}
		opts = append(opts, open(p.Index, p.Ints, salt))
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
	case errors.Is(err, verifier.ErrOtherKey):
		return Rejected, KindKey
	case errors.Is(err, verifier.ErrOpening):
		return Rejected, KindOpening
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
	if err := refuseNull(request); err != nil {
		return nil, err
	}
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

// refuseNull refuses requests in which a member is null: Go reads that as no member at all,
// and a proof that is not there is nothing to reject.
func refuseNull(request []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(request, &members); err != nil {
		return fmt.Errorf("%w: %v", ErrRequest, err)
	}
	if members == nil {
		return fmt.Errorf("%w: null", ErrRequest)
	}
	for name, value := range members {
		if string(value) == "null" {
			return fmt.Errorf("%w: %q is null", ErrRequest, name)
		}
	}
	return nil
}

// Answer returns the verdict on a request. The error is [ErrRequest].
func (s *Server) Answer(r *Request) (*Answer, error) {
	opts, err := r.Verifier()
	if err != nil {
		return nil, err
	}
	questions := 0
	for _, asked := range []bool{r.Proof != nil, r.Proofs != nil, r.Inputs != nil} {
		if asked {
			questions++
		}
	}
	if questions > 1 {
		return nil, fmt.Errorf("%w: one of proof, proofs and inputs", ErrRequest)
	}
	if r.ExpectKey != nil && sha256.Sum256(r.Key) != [32]byte(r.ExpectKey) {
		return &Answer{Verdict: Rejected, Kind: KindKey, Reason: verifier.ErrOtherKey.Error()}, nil
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
	switch {
	case r.Proof != nil:
		proof, err := ParseProof(*r.Proof)
		if err != nil {
			a.set(nil, err)
			return a, nil
		}
		a.set(verifier.Verify(s.key, proof, opts...))
	case r.Proofs != nil:
		a.Answers = batch(s.key, r.Proofs, opts)
	case r.Inputs != nil:
		a.Packed, a.InputHash, err = pack(&s.key.Card, r.Inputs)
	}
	return a, err
}

// set notes a verdict.
func (a *Answer) set(st *verifier.Statement, err error) {
	if a.Verdict, a.Kind = Classify(err); err != nil {
		a.Reason = err.Error()
		return
	}
	a.Statement = newStatement(st)
}

// batch returns a verdict on each proof. If all that can be read are acceptable, one equation shows
// it; otherwise each is checked alone.
func batch(key *verifier.VerifyingKey, data []Hex, opts []verifier.Option) []*Answer {
	answers := make([]*Answer, len(data))
	var proofs []*verifier.Proof
	var of []int
	for i, d := range data {
		answers[i] = new(Answer)
		proof, err := ParseProof(d)
		if err != nil {
			answers[i].set(nil, err)
			continue
		}
		proofs, of = append(proofs, proof), append(of, i)
	}
	statements, err := verifier.VerifyBatch(key, proofs, opts...)
	for k, i := range of {
		if err == nil {
			answers[i].set(statements[k], nil)
		} else {
			answers[i].set(verifier.Verify(key, proofs[k], opts...))
		}
	}
	return answers
}
