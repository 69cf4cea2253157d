package flat

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/nnark/nnark/verifier/flat"
)

// chunk is the number of elements that vector operations take at once: few enough that all
// vectors' chunks stay in the L2 cache.
const chunk = 1 << 10

// inParallel calls f for 0 to n-1 on all cores.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

// inChunks calls f for consecutive parts of [0, n) with memory for two of them.
func inChunks(n int, f func(lo, hi int, scratch [2]fr.Vector)) {
	run := func(lo, end int) {
		memory := make(fr.Vector, 2*min(end-lo, chunk))
		for ; lo < end; lo += chunk {
			k := min(chunk, end-lo)
			f(lo, lo+k, [2]fr.Vector{memory[:k], memory[k : 2*k]})
		}
	}
	if n <= 4*chunk { // not worth another core
		run(0, n)
		return
	}
	parts := min(runtime.GOMAXPROCS(0), n/chunk)
	inParallel(parts, func(i int) { run(n*i/parts, n*(i+1)/parts) })
}

// total adds up k sums over [0, n) on all cores.
func total(n, k int, f func(lo, hi int, sum []fr.Element, scratch [2]fr.Vector)) []fr.Element {
	out := make([]fr.Element, k)
	var mu sync.Mutex
	inChunks(n, func(lo, hi int, scratch [2]fr.Vector) {
		sum := make([]fr.Element, k)
		f(lo, hi, sum, scratch)
		mu.Lock()
		defer mu.Unlock()
		for i := range sum {
			out[i].Add(&out[i], &sum[i])
		}
	})
	return out
}

// fewHeads is into how many parts, as a logarithm, weights are expanded.
const fewHeads = 5

// expand sets out to the weights of all indices in the multilinear extension at x, times scale, on all cores.
func expand(out fr.Vector, x []fr.Element, scale *fr.Element) {
	k := max(len(x)-fewHeads, 0)
	heads, rest := flat.Expand(x[:len(x)-k]), fr.Vector(flat.Expand(x[len(x)-k:]))
	inParallel(len(heads), func(i int) {
		heads[i].Mul(&heads[i], scale)
		scaleBy(out[i<<k:(i+1)<<k], rest, &heads[i])
	})
}

// invertAll inverts elements in place, some at a time; a zero makes others zero.
func invertAll(v fr.Vector) {
	scratch := make(fr.Vector, 2*chunk)
	for len(v) > 0 {
		n := min(chunk, len(v))
		invertHalves(v[:n], scratch)
		v = v[n:]
	}
}

// invertHalves inverts by products of halves; scratch holds twice as many elements.
func invertHalves(v, scratch fr.Vector) {
	if len(v) < longRun || len(v)%2 == 1 {
		copy(v, fr.BatchInvert(v))
		return
	}
	low, high := halves(v)
	both, rest := scratch[:len(low)], scratch[len(low):]
	both.Mul(low, high)
	invertHalves(both, rest)
	old := rest[:len(low)]
	copy(old, low)
	low.Mul(high, both)
	high.Mul(old, both)
}

// Vector operations, for slices that have no name: gnark-crypto's take pointers.
func add(v, x, y fr.Vector)                  { v.Add(x, y) }
func scaleBy(v, x fr.Vector, by *fr.Element) { v.ScalarMul(x, by) }
func dot(x, y fr.Vector) fr.Element          { return x.InnerProduct(y) }
