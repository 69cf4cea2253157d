//go:build cgo

// Command prover is the library of the Python package nnark, built with -buildmode=c-shared:
// everything, behind messages.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/consensys/gnark/logger"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/python/native/bridge"
	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/python/native/verify"
)

func main() {}

func init() {
	logger.Disable() // gnark's, which would write to Python's standard output
	bridge.Service = service
}

var service = &message.Service{
	Kind: kind,
	Operations: map[string]message.Operation{
		"compile": compile, "program": program, "run": run, "unsupported": unsupported,
		"setup": setup, "load": load, "save": save, "bind": bind, "prove": prove, "solidity": export, "free": free,
		"key": verify.Operations["key"], "verify": verify.Operations["verify"],
	},
}

// kind names an error, the more special first.
func kind(err error) string {
	for _, k := range []struct {
		err  error
		kind string
	}{
		{circuits.ErrTarget, "accuracy"}, {circuits.ErrBound, "range"}, {circuits.ErrRange, "range"}, {circuits.ErrSize, "size"},
		{circuits.ErrInput, "input"}, {circuits.ErrProgram, "malformed"}, {prover.ErrExists, "exists"}, {prover.ErrKeys, "keys"},
		{prover.ErrNoProvingKey, "keys"}, {prover.ErrBind, "keys"}, {model.ErrUnsupported, "unsupported"}, {model.ErrMalformed, "malformed"},
		{os.ErrNotExist, "not_found"},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return verify.Kind(err)
}

// handles are the programs and keys that Python holds.
var handles = struct {
	sync.Mutex
	next    uint64
	objects map[uint64]any
}{objects: map[uint64]any{}}

func hold(x any) uint64 {
	handles.Lock()
	defer handles.Unlock()
	handles.next++
	handles.objects[handles.next] = x
	return handles.next
}

// held returns an object by its handle.
func held[T any](h uint64) (x T, err error) {
	handles.Lock()
	defer handles.Unlock()
	x, ok := handles.objects[h].(T)
	if !ok {
		return x, fmt.Errorf("no object %d of this kind: %w", h, message.ErrMessage)
	}
	return x, nil
}

// heldBy reads a call's header, which names an object by its handle, and returns the object.
func heldBy[T any](in *message.In, request any, handle *uint64, blobs int) (x T, err error) {
	if err := in.Decode(request, blobs); err != nil {
		return x, err
	}
	return held[T](*handle)
}

func free(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r struct{ Handle uint64 }
	if err := in.Decode(&r, 0); err != nil {
		return nil, err
	}
	handles.Lock()
	defer handles.Unlock()
	delete(handles.objects, r.Handle)
	return &message.Out{}, nil
}
