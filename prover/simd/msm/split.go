package msm

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// classes are the bit lengths by which magnitudes are split.
var classes = [...]int{8, 16, 32, 64, 128, scalarBits}

const (
	minClass  = 256     // the scalars below which a class joins the next
	splitPart = 1 << 14 // the scalars of a task
)

// terms is a set of magnitudes of bounded bit length and signed point indices,
// as in [simd.Pair].
type terms struct {
	bits  int
	value []integer
	index []uint32
}

// termsPool holds the memory of terms that are summed up: a proof has many sums, one after the
// other, of some megabytes each.
var termsPool sync.Pool // of *terms

// newTerms returns n terms of any content.
func newTerms(n int) terms {
	t, _ := termsPool.Get().(*terms)
	if t == nil || cap(t.value) < n {
		return terms{value: make([]integer, n), index: make([]uint32, n)}
	}
	return terms{value: t.value[:n], index: t.index[:n]}
}

// free gives the memory of t, which is not used from then on, to other terms.
func (t terms) free() { termsPool.Put(&t) }

// part is one of the given number of parts of t.
func (t terms) part(i, parts int) terms {
	lo, hi := len(t.value)*i/parts, len(t.value)*(i+1)/parts
	return terms{t.bits, t.value[lo:hi], t.index[lo:hi]}
}

// magnitudes are scalars: the function sets the values and the signed indices of those in
// [lo, hi).
type magnitudes func(value []integer, index []uint32, lo, hi int)

func elements(scalars []fr.Element) magnitudes {
	return func(value []integer, index []uint32, lo, hi int) {
		for i := lo; i < hi; i++ {
			v, negative := magnitude(&scalars[i])
			value[i], index[i] = v, uint32(2*i)
			if negative {
				index[i]++
			}
		}
	}
}

func integers[T int32 | int64](scalars []T) magnitudes {
	return func(value []integer, index []uint32, lo, hi int) {
		for i := lo; i < hi; i++ {
			x := int64(scalars[i])
			sign := x >> 63
			value[i], index[i] = integer{uint64((x ^ sign) - sign)}, uint32(2*i)|uint32(sign&1)
		}
	}
}

// spawnSplit spawns tasks that sort the non-zero scalars into classes of magnitude, and calls
// done with the result. Parts of the scalars are looked at first, and then, unless all are of
// one class, put where their classes have room for them.
func spawnSplit(w *Worker, n int, scalars magnitudes, done func(w *Worker, split []terms)) {
	all := newTerms(n)
	class := make([]uint8, n) // len(classes) of those that are zero
	count := make([]counts, (n+splitPart-1)/splitPart)
	spawnAll(w, Parallel(n, splitPart, func(_ *Worker, lo, hi int) {
		scalars(all.value, all.index, lo, hi)
		for i := lo; i < hi; i++ {
			length := all.value[i].bitLen()
			class[i] = classOf(length)
			if length > 0 {
				c := &count[lo/splitPart][class[i]]
				c.n, c.bits = c.n+1, max(c.bits, length)
			}
		}
	}), func(w *Worker) {
		sizes, home, next := places(count)
		split := make([]terms, len(sizes))
		if len(sizes) == 1 && sizes[0].n == n {
			split[0] = terms{sizes[0].bits, all.value, all.index}
			done(w, split)
			return
		}
		for h, s := range sizes {
			split[h] = newTerms(s.n)
			split[h].bits = s.bits
		}
		spawnAll(w, Parallel(n, splitPart, func(_ *Worker, lo, hi int) {
			next := next[lo/splitPart]
			for i := lo; i < hi; i++ {
				if int(class[i]) == len(classes) {
					continue
				}
				h := home[class[i]]
				split[h].value[next[h]], split[h].index[next[h]] = all.value[i], all.index[i]
				next[h]++
			}
		}), func(w *Worker) {
			all.free()
			done(w, split)
		})
	})
}

// classOf is the index of the first class that has room for so many bits, or the number of
// classes for none.
func classOf(length int) (k uint8) {
	if length == 0 {
		return uint8(len(classes))
	}
	for classes[k] < length {
		k++
	}
	return k
}

// size is a number of scalars and the greatest bit length among them; counts are those of
// each class.
type (
	size   struct{ n, bits int }
	counts [len(classes)]size
)

// places divides classes of which each part of the scalars has the given counts: the sizes of
// the sets that result, the set that each class goes to, and where each part begins in each
// set.
func places(count []counts) (sizes []size, home [len(classes)]int, next [][len(classes)]int) {
	next = make([][len(classes)]int, len(count))
	above := 0
	for _, c := range count {
		for k := range c {
			above += c[k].n
		}
	}
	var joining size // this class and those that join it
	for k := range classes {
		home[k] = len(sizes)
		for _, c := range count {
			joining.n, joining.bits = joining.n+c[k].n, max(joining.bits, c[k].bits)
			above -= c[k].n
		}
		if joining.n >= minClass || joining.n > 0 && above == 0 {
			sizes = append(sizes, joining)
			joining = size{}
		}
	}
	var at [len(classes)]int
	for i, c := range count {
		next[i] = at
		for k := range c {
			at[home[k]] += c[k].n
		}
	}
	return sizes, home, next
}
