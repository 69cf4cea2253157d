// Package raw reads and writes points of curves as they lie in memory, in Montgomery form, so
// that keys load without a conversion. Everything is little-endian.
package raw

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unsafe"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
)

// ErrForm is the error for numbers out of their range.
var ErrForm = errors.New("a number is out of its range")

// Point is a point of G1 or G2.
type Point interface {
	bn254.G1Affine | bn254.G2Affine
}

// Writer writes, and keeps the first error.
type Writer struct {
	W   io.Writer
	Err error
}

// Write writes numbers of fixed size, or slices of them.
func (w *Writer) Write(parts ...any) {
	for _, part := range parts {
		if w.Err == nil {
			w.Err = binary.Write(w.W, binary.LittleEndian, part)
		}
	}
}

// WritePoints writes points, without their number.
func WritePoints[P Point](w *Writer, points []P) {
	const block = 1 << 14
	for all := words(points); len(all) > 0; {
		n := min(block, len(all))
		w.Write(all[:n])
		all = all[n:]
	}
}

// Reader reads, and keeps the first error. It allocates what it is asked for: lengths that were
// read have to be checked before.
type Reader struct {
	R   io.Reader
	Err error
}

// Length reads the length of a list, at most so many; 0 after an error.
func (r *Reader) Length(what string, least, most int) int {
	var b [8]byte
	if r.Err == nil {
		_, r.Err = io.ReadFull(r.R, b[:])
	}
	n := binary.LittleEndian.Uint64(b[:])
	if r.Err == nil && (n < uint64(least) || n > uint64(most)) {
		r.Err = fmt.Errorf("%d %s, want %d to %d: %w", n, what, least, most, ErrForm)
	}
	if r.Err != nil {
		return 0
	}
	return int(n)
}

// Uint32s reads n numbers.
func (r *Reader) Uint32s(n int) []uint32 {
	v := make([]uint32, n)
	if r.Err == nil {
		r.Err = binary.Read(r.R, binary.LittleEndian, v)
	}
	return v
}

// ReadPoints reads points whose coordinates are reduced. Whether they lie on their curve is for
// the caller to check.
func ReadPoints[P Point](r *Reader, points []P) {
	v := words(points)
	if r.Err != nil || len(v) == 0 {
		return
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 8*len(v))
	if _, r.Err = io.ReadFull(r.R, bytes); r.Err != nil {
		return
	}
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(bytes[8*i:]) // v[i] itself, where words are little-endian
	}
	for i := 0; i < len(v); i += fp.Limbs {
		if !reduced((*[fp.Limbs]uint64)(v[i:])) {
			r.Err = fmt.Errorf("a coordinate is not reduced: %w", ErrForm)
			return
		}
	}
}

// reduced reports whether a number is below the modulus.
func reduced(x *[fp.Limbs]uint64) bool {
	for i := fp.Limbs - 1; i >= 0; i-- {
		if x[i] != modulus[i] {
			return x[i] < modulus[i]
		}
	}
	return false
}

var modulus = func() (m [fp.Limbs]uint64) {
	var b [fp.Bytes]byte
	fp.Modulus().FillBytes(b[:])
	for i := range m {
		m[i] = binary.BigEndian.Uint64(b[fp.Bytes-8*(i+1):])
	}
	return m
}()

// words returns the memory of points.
func words[P Point](points []P) []uint64 {
	var p P
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(points))), len(points)*int(unsafe.Sizeof(p))/8)
}
