// Package message is how Python talks to Go: a call has a name and a message, and is answered by
// one. A message is the length of its header in four bytes, little-endian, the header in JSON,
// and then the blobs whose lengths the header lists.
package message

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// ErrMessage means that a message breaks the format above, or asks for what there is not.
var ErrMessage = errors.New("malformed message")

// In is a call's message.
type In struct {
	Header json.RawMessage
	Blobs  [][]byte
}

// Out is an answer's.
type Out struct {
	Header any
	Blobs  [][]byte
}

// Progress is told what a call does.
type Progress func(stage string, done float64)

// Operation answers a call.
type Operation func(ctx context.Context, in *In, p Progress) (*Out, error)

// Decode reads the header into a struct and asks for so many blobs.
func (in *In) Decode(into any, blobs int) error {
	if len(in.Blobs) != blobs {
		return fmt.Errorf("%d blobs, want %d: %w", len(in.Blobs), blobs, ErrMessage)
	}
	if err := json.Unmarshal(in.Header, into); err != nil {
		return fmt.Errorf("%w: %w", err, ErrMessage)
	}
	return nil
}

// parse splits a message. Blobs are not copied.
func parse(data []byte) (*In, error) {
	if len(data) < 4 {
		return nil, ErrMessage
	}
	n := uint64(binary.LittleEndian.Uint32(data))
	if n > uint64(len(data)-4) {
		return nil, ErrMessage
	}
	in := &In{Header: data[4 : 4+n]}
	var sizes struct {
		Blobs []uint64 `json:"blobs"`
	}
	if err := json.Unmarshal(in.Header, &sizes); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrMessage)
	}
	rest := data[4+n:]
	for _, size := range sizes.Blobs {
		if size > uint64(len(rest)) {
			return nil, ErrMessage
		}
		in.Blobs = append(in.Blobs, rest[:size:size])
		rest = rest[size:]
	}
	if len(rest) > 0 {
		return nil, ErrMessage
	}
	return in, nil
}

// bytes builds a message.
func (o *Out) bytes() ([]byte, error) {
	sizes := []int{}
	for _, b := range o.Blobs {
		sizes = append(sizes, len(b))
	}
	header, err := json.Marshal(struct {
		Blobs  []int `json:"blobs"`
		Result any   `json:"result"`
	}{sizes, o.Header})
	if err != nil {
		return nil, err
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(header)))
	out = append(out, header...)
	for _, b := range o.Blobs {
		out = append(out, b...)
	}
	return out, nil
}

// Service answers calls by their names.
type Service struct {
	Operations map[string]Operation
	// Kind names the kind of an error, for Python's exceptions.
	Kind func(error) string

	mu    sync.Mutex
	calls map[uint64]context.CancelFunc
}

// Call answers a call; ok is false if the answer says why there is none. It does not panic,
// whatever the message.
func (s *Service) Call(name string, id uint64, data []byte, p Progress) (answer []byte, ok bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[uint64]context.CancelFunc{}
	}
	s.calls[id] = cancel
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.calls, id)
		s.mu.Unlock()
	}()
	out, err := s.answer(ctx, name, data, p)
	if err == nil {
		if answer, err = out.bytes(); err == nil {
			return answer, true
		}
	}
	kind := s.Kind(err)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		kind = "cancelled"
	}
	answer, err = (&Out{Header: map[string]string{"kind": kind, "message": err.Error()}}).bytes()
	if err != nil {
		answer = nil
	}
	return answer, false
}

func (s *Service) answer(ctx context.Context, name string, data []byte, p Progress) (out *Out, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", name, r)
		}
	}()
	operation := s.Operations[name]
	if operation == nil {
		return nil, fmt.Errorf("no operation %q: %w", name, ErrMessage)
	}
	in, err := parse(data)
	if err != nil {
		return nil, err
	}
	return operation(ctx, in, p)
}

// Cancel cancels a call that is under way.
func (s *Service) Cancel(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.calls[id]; cancel != nil {
		cancel()
	}
}
