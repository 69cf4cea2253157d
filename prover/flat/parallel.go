package flat

import (
	"runtime"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// serial is the number of elements below which one core does the work.
const serial = 1 << 9

// parallel calls f for consecutive parts of [0, n) on all cores.
func parallel(n int, f func(lo, hi int)) {
	parts := min(runtime.GOMAXPROCS(0), max(1, n/serial))
	var wg sync.WaitGroup
	for i := 1; i < parts; i++ {
		wg.Go(func() { f(i*n/parts, (i+1)*n/parts) })
	}
	f(0, n/parts)
	wg.Wait()
}

// total adds up k sums over [0, n) on all cores.
func total(n, k int, f func(lo, hi int, sum []fr.Element)) []fr.Element {
	out := make([]fr.Element, k)
	var mu sync.Mutex
	parallel(n, func(lo, hi int) {
		sum := make([]fr.Element, k)
		f(lo, hi, sum)
		mu.Lock()
		defer mu.Unlock()
		for i := range sum {
			out[i].Add(&out[i], &sum[i])
		}
	})
	return out
}
