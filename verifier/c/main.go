// Command c is the C library of the verifier: nnark_verifier.h documents what
// it exports. It is built with -buildmode=c-shared or c-archive (see README.md).
package main

/*
#include <stdlib.h>
#define NNARK_TYPES_ONLY
#include "nnark_verifier.h"

struct nnark_key { uintptr_t handle; };
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
)

func main() {}

// maxBytes bounds the lengths that callers give: longer ones are a mistake.
const maxBytes = 1 << 30

//export nnark_key_parse
func nnark_key_parse(data *C.uint8_t, size C.size_t, key **C.nnark_key, message *C.char, messageSize C.size_t) C.nnark_status {
	return parse(data, size, key, message, messageSize, verifier.ParseVerifyingKey)
}

//export nnark_key_parse_pinned
func nnark_key_parse_pinned(data *C.uint8_t, size C.size_t, digest *C.uint8_t, key **C.nnark_key, message *C.char, messageSize C.size_t) C.nnark_status {
	if digest == nil {
		if key != nil {
			*key = nil
		}
		return usage(message, messageSize, "digest is NULL")
	}
	pin := [32]byte(unsafe.Slice((*byte)(digest), 32))
	return parse(data, size, key, message, messageSize, func(in []byte) (*verifier.VerifyingKey, error) {
		return verifier.ParsePinned(in, pin)
	})
}

// parse decodes a key by f and hands it to the caller.
func parse(data *C.uint8_t, size C.size_t, key **C.nnark_key, message *C.char, messageSize C.size_t,
	f func([]byte) (*verifier.VerifyingKey, error)) C.nnark_status {
	if key == nil {
		return usage(message, messageSize, "key is NULL")
	}
	*key = nil
	in, ok := list[byte](unsafe.Pointer(data), size)
	if !ok {
		return usage(message, messageSize, "data is NULL or too long")
	}
	vk, err := f(in)
	if err == nil {
		*key = (*C.nnark_key)(C.malloc(C.sizeof_nnark_key))
		(*key).handle = C.uintptr_t(cgo.NewHandle(vk))
	}
	return report(err, message, messageSize)
}

//export nnark_key_free
func nnark_key_free(key *C.nnark_key) {
	if key != nil {
		cgo.Handle(key.handle).Delete()
		C.free(unsafe.Pointer(key))
	}
}

//export nnark_key_card
func nnark_key_card(key *C.nnark_key) *C.nnark_card {
	if key == nil {
		return nil
	}
	return newCard(keyOf(key))
}

//export nnark_card_free
func nnark_card_free(card *C.nnark_card) {
	if card != nil {
		release(card.internal)
	}
}

//export nnark_verify
func nnark_verify(key *C.nnark_key, proof *C.uint8_t, size C.size_t, options *C.nnark_options,
	statement **C.nnark_statement, message *C.char, messageSize C.size_t) C.nnark_status {
	if statement != nil {
		*statement = nil
	}
	in, ok := list[byte](unsafe.Pointer(proof), size)
	if key == nil || !ok {
		return usage(message, messageSize, "key or proof is NULL, or the proof too long")
	}
	opts, fault := verifierOptions(&keyOf(key).Card, options)
	if fault != "" {
		return usage(message, messageSize, fault)
	}
	p, err := answer.ParseProof(in)
	var st *verifier.Statement
	if err == nil {
		st, err = verifier.Verify(keyOf(key), p, opts...)
	}
	if err == nil && statement != nil {
		*statement = newStatement(st)
	}
	return report(err, message, messageSize)
}

//export nnark_verify_batch
func nnark_verify_batch(key *C.nnark_key, proofs **C.uint8_t, sizes *C.size_t, count C.size_t, options *C.nnark_options,
	statuses *C.nnark_status, statements **C.nnark_statement, message *C.char, messageSize C.size_t) C.nnark_status {
	data, ok := list[*C.uint8_t](unsafe.Pointer(proofs), count)
	lengths, ok2 := list[C.size_t](unsafe.Pointer(sizes), count)
	if key == nil || !ok || !ok2 {
		return usage(message, messageSize, "key, proofs or sizes is NULL, or there are too many")
	}
	opts, fault := verifierOptions(&keyOf(key).Card, options)
	if fault != "" {
		return usage(message, messageSize, fault)
	}
	all := make([]*verifier.Proof, count)
	errs := make([]error, count)
	for i := range all {
		in, ok := list[byte](unsafe.Pointer(data[i]), lengths[i])
		if !ok {
			return usage(message, messageSize, "a proof is NULL or too long")
		}
		all[i], errs[i] = answer.ParseProof(in)
	}
	verified := verifyAll(keyOf(key), all, errs, opts)
	first := -1
	for i, err := range errs {
		if err != nil && first < 0 {
			first = i
		}
		if statuses != nil {
			unsafe.Slice(statuses, count)[i] = report(err, nil, 0)
		}
		if statements != nil {
			unsafe.Slice(statements, count)[i] = nil
			if err == nil {
				unsafe.Slice(statements, count)[i] = newStatement(verified[i])
			}
		}
	}
	if first < 0 {
		return report(nil, message, messageSize)
	}
	return report(errs[first], message, messageSize)
}

// verifyAll returns the statements of proofs, of which errs says why they could not be read, and adds to
// errs. If all that were read are acceptable, one equation shows it.
func verifyAll(key *verifier.VerifyingKey, proofs []*verifier.Proof, errs []error, opts []verifier.Option) []*verifier.Statement {
	var read []*verifier.Proof
	for i, p := range proofs {
		if errs[i] == nil {
			read = append(read, p)
		}
	}
	together, err := verifier.VerifyBatch(key, read, opts...)
	statements := make([]*verifier.Statement, len(proofs))
	for i, p := range proofs {
		switch {
		case errs[i] != nil:
		case err == nil:
			statements[i], together = together[0], together[1:]
		default:
			statements[i], errs[i] = verifier.Verify(key, p, opts...)
		}
	}
	return statements
}

// version stays allocated.
var version = C.CString(verifier.Version)

//export nnark_version
func nnark_version() *C.char { return version }

//export nnark_statement_free
func nnark_statement_free(statement *C.nnark_statement) {
	if statement != nil {
		release(statement.internal)
	}
}

func keyOf(key *C.nnark_key) *verifier.VerifyingKey {
	return cgo.Handle(key.handle).Value().(*verifier.VerifyingKey)
}

// verifierOptions returns the options for a key, or what is wrong with them.
func verifierOptions(card *verifier.Card, options *C.nnark_options) (opts []verifier.Option, fault string) {
	if options == nil {
		return nil, ""
	}
	o := answer.Options{AnyContext: bool(options.any_context), RefuseUnsafe: bool(options.refuse_unsafe)}
	if options.context != nil {
		o.Context = unsafe.Slice((*byte)(options.context), 32)
	}
	openings, ok := list[C.nnark_opening](unsafe.Pointer(options.openings), options.opening_count)
	if !ok {
		return nil, "openings is NULL or too long"
	}
	for _, p := range openings {
		ints, ok := list[int64](unsafe.Pointer(p.ints), p.size)
		tensors := card.Inputs
		if p.output {
			tensors = card.Outputs
		}
		if !ok || p.salt == nil {
			return nil, "an opening needs an index, integers and a salt"
		}
		if p.index >= C.size_t(len(tensors)) {
			return nil, "an opening's index is beyond the key's inputs or outputs"
		}
		o.Openings = append(o.Openings, answer.Opening{Output: bool(p.output), Index: int(p.index), Ints: ints,
			Salt: unsafe.Slice((*byte)(p.salt), 32)})
	}
	opts, err := o.Verifier()
	if err != nil {
		return nil, err.Error()
	}
	expected, ok := list[C.nnark_expected](unsafe.Pointer(options.expected), options.expected_count)
	if !ok {
		return nil, "expected is NULL or too long"
	}
	for _, e := range expected {
		ints, ok := list[int64](unsafe.Pointer(e.ints), e.size)
		reals, ok2 := list[float64](unsafe.Pointer(e.reals), e.size)
		switch {
		case (e.ints == nil) == (e.reals == nil):
			return nil, "an expected input needs an index and either ints or reals"
		case e.input >= C.size_t(len(card.Inputs)):
			return nil, "an expected input's index is beyond the key's inputs"
		case e.ints != nil && ok:
			opts = append(opts, verifier.WithInput(int(e.input), ints))
		case e.reals != nil && ok2:
			opts = append(opts, verifier.WithRealInput(int(e.input), reals))
		default:
			return nil, "an expected input is too long"
		}
	}
	return opts, ""
}

// list returns the n values at p, without copying them, and whether that can be.
func list[T any](p unsafe.Pointer, n C.size_t) ([]T, bool) {
	var x T
	if n > maxBytes/C.size_t(unsafe.Sizeof(x)) || p == nil && n > 0 {
		return nil, false
	}
	return unsafe.Slice((*T)(p), int(n)), true
}

func report(err error, message *C.char, size C.size_t) C.nnark_status {
	if err != nil {
		explain(message, size, err.Error())
	} else {
		explain(message, size, "")
	}
	switch verdict, kind := answer.Classify(err); {
	case verdict == answer.Accepted:
		return C.NNARK_ACCEPTED
	case verdict == answer.WrongModel:
		return C.NNARK_WRONG_MODEL
	case kind == answer.KindContext:
		return C.NNARK_REJECTED_CONTEXT
	case kind == answer.KindInput:
		return C.NNARK_REJECTED_INPUT
	case kind == answer.KindUnsafeSetup:
		return C.NNARK_REJECTED_UNSAFE
	case kind == answer.KindKey:
		return C.NNARK_REJECTED_KEY
	case kind == answer.KindOpening:
		return C.NNARK_REJECTED_OPENING
	case verdict == answer.Rejected:
		return C.NNARK_REJECTED
	}
	return C.NNARK_MALFORMED
}

func usage(message *C.char, size C.size_t, fault string) C.nnark_status {
	explain(message, size, fault)
	return C.NNARK_USAGE
}

// explain writes text to the caller's buffer, cut to what fits.
func explain(message *C.char, size C.size_t, text string) {
	if message == nil || size == 0 {
		return
	}
	buf := unsafe.Slice((*byte)(unsafe.Pointer(message)), int(min(size, maxBytes)))
	buf[copy(buf[:len(buf)-1], text)] = 0
}
