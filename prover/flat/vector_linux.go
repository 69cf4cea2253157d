package flat

import (
	"syscall"
	"unsafe"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// hugeVector is from how many elements huge pages pay: the kernel's are of 2 MiB.
const hugeVector = 1 << 17

// newVector returns n zeros. Of a long vector the kernel is asked for huge pages: a fault for each 4 KiB
// costs as much as a pass over the vector.
func newVector(n int) fr.Vector {
	v := make(fr.Vector, n)
	if n >= hugeVector {
		const page = 2 << 20
		start := uintptr(unsafe.Pointer(&v[0]))
		skip := -start & (page - 1)
		size := (uintptr(n)*fr.Bytes - skip) &^ (page - 1)
		_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), n*fr.Bytes)[skip:skip+size], syscall.MADV_HUGEPAGE) // where it refuses, pages stay small
	}
	return v
}
