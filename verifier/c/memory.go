package main

/*
#include <stdlib.h>
#define NNARK_TYPES_ONLY
#include "nnark_verifier.h"
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"

	"github.com/nnark/nnark/verifier"
)

// arena is the C memory of one object that the caller owns. The object keeps a
// handle to it.
type arena struct{ blocks []unsafe.Pointer }

// newArena returns an arena and its handle.
func newArena() (*arena, C.uintptr_t) {
	a := new(arena)
	return a, C.uintptr_t(cgo.NewHandle(a))
}

func release(handle C.uintptr_t) {
	h := cgo.Handle(handle)
	for _, p := range h.Value().(*arena).blocks {
		C.free(p)
	}
	h.Delete()
}

// alloc returns n zeroed values of C memory, nil for none.
func alloc[T any](a *arena, n int) []T {
	if n == 0 {
		return nil
	}
	var x T
	p := C.malloc(C.size_t(n) * C.size_t(unsafe.Sizeof(x))) // does not return nil
	a.blocks = append(a.blocks, p)
	out := unsafe.Slice((*T)(p), n)
	clear(out)
	return out
}

func (a *arena) text(s string) *C.char {
	out := alloc[byte](a, len(s)+1)
	copy(out, s)
	return (*C.char)(unsafe.Pointer(&out[0]))
}

func newCard(vk *verifier.VerifyingKey) *C.nnark_card {
	a, handle := newArena()
	out, c := &alloc[C.nnark_card](a, 1)[0], &vk.Card
	digest := vk.Digest()
	out.internal = handle
	out.name = a.text(c.Name)
	out.system, out.weights = C.nnark_system(c.System), C.nnark_weights(c.Weights)
	out.unsafe_setup = C.bool(c.Setup.Unsafe())
	out.setup, out.contributions = C.nnark_setup(c.Setup.Kind), C.size_t(c.Setup.Contributions)
	setBytes(out.transcript[:], c.Setup.Transcript)
	setBytes(out.architecture[:], c.Architecture)
	setBytes(out.digest[:], digest)
	out.inputs, out.input_count = a.cards(c.Inputs)
	out.outputs, out.output_count = a.cards(c.Outputs)
	labels := alloc[*C.char](a, len(c.Labels))
	for i, l := range c.Labels {
		labels[i] = a.text(l)
	}
	out.labels, out.label_count = unsafe.SliceData(labels), C.size_t(len(labels))
	return out
}

func (a *arena) cards(cards []verifier.TensorCard) (*C.nnark_tensor, C.size_t) {
	tensors := make([]verifier.Tensor, len(cards))
	for i := range cards {
		tensors[i].Card = &cards[i]
	}
	return a.tensors(tensors)
}

func newStatement(st *verifier.Statement) *C.nnark_statement {
	a, handle := newArena()
	out := &alloc[C.nnark_statement](a, 1)[0]
	out.internal = handle
	setBytes(out.context[:], st.Context.Bytes())
	out.inputs, out.input_count = a.tensors(st.Inputs)
	out.outputs, out.output_count = a.tensors(st.Outputs)
	return out
}

func (a *arena) tensors(tensors []verifier.Tensor) (*C.nnark_tensor, C.size_t) {
	list := alloc[C.nnark_tensor](a, len(tensors))
	for i, t := range tensors {
		out, c := &list[i], t.Card
		out.name, out.mode = a.text(c.Name), C.nnark_mode(c.Mode)
		shape := alloc[C.size_t](a, len(c.Shape))
		for j, d := range c.Shape {
			shape[j] = C.size_t(d)
		}
		out.shape, out.rank, out.size = unsafe.SliceData(shape), C.size_t(len(shape)), C.size_t(c.Size())
		out.exp, out.lo, out.hi = C.int(c.Exp), C.int64_t(c.Lo), C.int64_t(c.Hi)
		out.real_lo, out.real_hi = C.double(c.RealLo), C.double(c.RealHi)
		ints := alloc[C.int64_t](a, len(t.Ints))
		for j, q := range t.Ints {
			ints[j] = C.int64_t(q)
		}
		out.ints = unsafe.SliceData(ints)
		if t.Digest != nil {
			digest := alloc[C.uint8_t](a, 32)
			setBytes(digest, t.Digest.Bytes())
			out.digest = unsafe.SliceData(digest)
		}
	}
	return unsafe.SliceData(list), C.size_t(len(list))
}

func setBytes(out []C.uint8_t, in [32]byte) {
	for i, b := range in {
		out[i] = C.uint8_t(b)
	}
}
