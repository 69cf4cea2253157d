// Package secret draws the secrets of a setup and overwrites them as far as Go lets a
// program do so: slices on the heap, which the garbage collector never moves, and the part
// of a goroutine's stack that calls have used. What remains is beyond a program's reach:
// stacks that the runtime has copied or given to others, registers saved at a switch of
// goroutines, and pages that the system has swapped or dumped.
package secret

import (
	"crypto/rand"
	"fmt"
	"runtime"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Draw sets x to a uniform element other than zero. Unlike fr.Element.SetRandom it leaves
// no copy of the random bytes on the heap.
func Draw(x *fr.Element) error {
	var b [fr.Bytes]byte
	defer clear(b[:])
	for {
		if _, err := rand.Read(b[:]); err != nil {
			return fmt.Errorf("randomness: %w", err)
		}
		b[0] &= 1<<(fr.Bits%8) - 1
		if x.SetBytesCanonical(b[:]) == nil && !x.IsZero() { // below the modulus, for three of four
			return nil
		}
	}
}

// List is a list of slices that hold secrets.
type List struct{ slices [][]fr.Element }

// Hold adds a slice, all of its capacity, and returns it.
func (l *List) Hold(v []fr.Element) []fr.Element {
	l.slices = append(l.slices, v[:cap(v)])
	return v
}

// New makes a slice of the list.
func (l *List) New(n int) []fr.Element { return l.Hold(make([]fr.Element, n)) }

// All returns the slices.
func (l *List) All() [][]fr.Element { return l.slices }

// Clear overwrites all slices.
func (l *List) Clear() {
	for _, v := range l.slices {
		clear(v)
	}
	l.slices = nil
}

// stackBytes is more than what f of [Do] uses of the stack.
const stackBytes = 32 << 10

// Do calls f and overwrites the part of the stack it used.
func Do(f func()) {
	// A stack that grows, or of which the garbage collector sees less than a quarter in
	// use, is moved and leaves a copy behind. So it is large enough beforehand, and in use.
	var used [2 * stackBytes]byte
	WipeStack()
	defer runtime.KeepAlive(&used)
	defer WipeStack()
	f()
}

// WipeStack overwrites the stack below its caller's frame.
//
//go:noinline
func WipeStack() {
	var b [stackBytes]byte
	for i := range b {
		b[i] = byte(i)
	}
	runtime.KeepAlive(&b)
}
