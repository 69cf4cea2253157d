// Package bridge exports a service to C: what both of Python's libraries have. Their main packages
// set the service and are built with -buildmode=c-shared.
package bridge

/*
#include <stdint.h>
#include <stdlib.h>
typedef void (*nnark_progress)(uint64_t call, const char *stage, double done);
static void tell(nnark_progress p, uint64_t call, const char *stage, double done) { p(call, stage, done); }
*/
import "C"

import (
	"math"
	"unsafe"

	"github.com/nnark/nnark/python/native/message"
)

// Service answers the calls. It is set before any.
var Service *message.Service

// nnark_call answers a call by a message (package message), which nnark_free frees. It returns 0,
// or 1 for an answer that says what went wrong. progress, which may be NULL, is called from
// threads of Go's, one call at a time.
//
//export nnark_call
func nnark_call(name *C.char, call C.uint64_t, data *C.uint8_t, size C.size_t, progress C.nnark_progress, out **C.uint8_t, outSize *C.size_t) C.int {
	if size > math.MaxInt32 {
		*out, *outSize = nil, 0
		return 1
	}
	p := message.Progress(func(string, float64) {})
	if progress != nil {
		p = func(stage string, done float64) {
			s := C.CString(stage)
			defer C.free(unsafe.Pointer(s))
			C.tell(progress, call, s, C.double(done))
		}
	}
	answer, ok := Service.Call(C.GoString(name), uint64(call), unsafe.Slice((*byte)(data), int(size)), p)
	*out, *outSize = (*C.uint8_t)(C.CBytes(answer)), C.size_t(len(answer))
	if !ok {
		return 1
	}
	return 0
}

// nnark_cancel cancels a call that another thread makes.
//
//export nnark_cancel
func nnark_cancel(call C.uint64_t) { Service.Cancel(uint64(call)) }

// nnark_free frees an answer.
//
//export nnark_free
func nnark_free(p *C.uint8_t) { C.free(unsafe.Pointer(p)) }
