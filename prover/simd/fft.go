package simd

import (
	"math/big"
	"math/bits"
	"runtime"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
)

// Poly is a polynomial of degree below a domain's size, given by coefficients or
// by values, whichever the last operation left. Its operations use all cores;
// two polynomials or a table that meet in one are of the same domain.
type Poly interface {
	// Inverse turns values on ⟨ω⟩, in natural order, into n times the
	// coefficients, in bit-reversed order.
	Inverse()
	// Forward turns coefficients in bit-reversed order into values in natural
	// order.
	Forward()
	// Mul multiplies by q element by element.
	Mul(q Poly)
	// Sub subtracts q element by element.
	Sub(q Poly)
	// MulTable multiplies by the table element by element.
	MulTable(t *Table)
	// Scale multiplies all elements by x.
	Scale(x *fr.Element)
	// Store writes the elements to dst, which has the domain's size.
	Store(dst []fr.Element)
}

// Domain is the group ⟨ω⟩ of n-th roots of unity, n a power of two, prepared for
// Fourier transforms. It may be used concurrently.
type Domain struct {
	n                int
	level            string // of the kernels: all but generic keep polynomials in vectors of limbs
	forward, inverse roots
}

// RootOfUnity returns a generator of the group of n roots of unity, 5^((r-1)/n), for n that
// divides r - 1, as 9·2^28 does. For powers of two it is gnark-crypto's choice.
func RootOfUnity(n int) (w fr.Element) {
	e := new(big.Int).Sub(fr.Modulus(), big.NewInt(1))
	return *w.Exp(fr.NewElement(5), e.Div(e, big.NewInt(int64(n))))
}

// NewDomain returns the domain of n elements with gnark-crypto's choice of ω. n
// is a power of two, at most 2^28; otherwise NewDomain panics.
func NewDomain(n int) *Domain {
	if n < 1 || n&(n-1) != 0 || n > 1<<28 {
		panic("simd: domain size is not a power of two up to 2^28")
	}
	w, err := fft.Generator(uint64(n))
	if err != nil {
		panic("simd: " + err.Error())
	}
	d := &Domain{n: n, level: level}
	if n < 16 {
		d.level = generic
	}
	d.forward = d.newRoots(w)
	d.inverse = d.newRoots(*w.Inverse(&w))
	return d
}

// Poly returns a polynomial made of the elements of v, and zeros after them. It
// panics if there are more than the domain's size.
func (d *Domain) Poly(v []fr.Element) Poly {
	if len(v) > d.n {
		panic("simd: more elements than the domain holds")
	}
	if d.level != generic {
		return newVectorPoly(d, v)
	}
	return &genericPoly{d: d, v: append(make(fr.Vector, 0, d.n), v...)[:d.n]}
}

// Table holds elements to multiply polynomials by, as many as the domain has.
type Table struct {
	elements fr.Vector
	limbs    []uint64 // with vectors
}

// Table prepares the elements of v, of which there are the domain's size.
func (d *Domain) Table(v []fr.Element) *Table {
	if len(v) != d.n {
		panic("simd: table differs from the domain in size")
	}
	if d.level != generic {
		return &Table{limbs: d.vectorTable(v)}
	}
	return &Table{elements: append(fr.Vector{}, v...)}
}

// roots holds the powers of ω or its inverse. Layer i combines elements 2^i
// apart and multiplies by the first 2^i powers of ω^(n/2^(i+1)).
type roots struct {
	layers [][]fr.Element
	limbs  [][]uint64 // with vectors: the layers that combine these
	inner  []uint64   // with vectors: layers 2 and 1, which combine lanes; see toDoubles for AVX2
}

func (d *Domain) newRoots(w fr.Element) (r roots) {
	if d.n == 1 {
		return r
	}
	r.layers = make([][]fr.Element, layerOf(d.n)+1)
	last := make([]fr.Element, d.n/2)
	fft.BuildExpTable(w, last)
	for i := len(r.layers) - 1; ; i-- {
		r.layers[i] = last
		if i == 0 {
			break
		}
		half := make([]fr.Element, len(last)/2)
		for k := range half {
			half[k] = last[2*k]
		}
		last = half
	}
	if d.level != generic {
		d.toVectors(&r)
	}
	return r
}

// layerOf returns the number of the layer that combines the halves of blocks of
// the given size.
func layerOf(size int) int { return bits.TrailingZeros(uint(size)) - 1 }

// butterflies transforms parts of blocks.
type butterflies interface {
	// layer takes the butterflies [lo, hi) of the block at start.
	layer(start, size, lo, hi int)
	// block takes all layers of the block at start.
	block(start, size int)
}

// minBlock is the size from which on operations use several cores.
const minBlock = 1 << 10

// inverse runs all layers on n elements, from the largest blocks down.
func inverse(n int, b butterflies) {
	size := n
	for ; size > n/cores() && size > minBlock; size /= 2 {
		layer(n, size, b)
	}
	parallel(n/size, func(i int) { b.block(i*size, size) })
}

// forward runs all layers on n elements, up to the largest block.
func forward(n int, b butterflies) {
	size := partSize(n)
	parallel(n/size, func(i int) { b.block(i*size, size) })
	for size *= 2; size <= n; size *= 2 {
		layer(n, size, b)
	}
}

// layer runs one layer of all blocks, of which there are fewer than cores.
func layer(n, size int, b butterflies) {
	parts := max(1, cores()*size/n) // of each block
	part := size / 2 / parts
	parallel(n/size*parts, func(i int) {
		lo := i % parts * part
		b.layer(i/parts*size, size, lo, lo+part)
	})
}

// parts calls f for ranges that make up n elements.
func parts(n int, f func(lo, hi int)) {
	size := partSize(n)
	parallel(n/size, func(i int) { f(i*size, (i+1)*size) })
}

func partSize(n int) int { return max(n/cores(), min(n, minBlock)) }

// cores returns the number of cores to use, rounded up to a power of two.
func cores() int { return 1 << bits.Len(uint(runtime.GOMAXPROCS(0)-1)) }

// parallel calls f(0), …, f(n-1) side by side.
func parallel(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
