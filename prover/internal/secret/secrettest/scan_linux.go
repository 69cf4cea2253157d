// Package secrettest looks for secrets in the memory of the process that made them.
package secrettest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
)

// Pattern is a field element in a form that Scan does not mistake for the element itself.
type Pattern struct {
	Name string
	mask [4]uint64
}

const veil = 0x5a5a_3c3c_9669_a5c3

// Veil returns the patterns of an element as Go holds it, in Montgomery form, and as an
// integer, the form in which multiplications take it.
func Veil(name string, x *fr.Element) []Pattern {
	p := []Pattern{{Name: name, mask: *x}, {Name: name + ", as an integer", mask: x.Bits()}}
	for i := range p {
		for j := range p[i].mask {
			p[i].mask[j] ^= veil
		}
	}
	return p
}

// Least makes secrets up to so many times, each time scans for what is left of them, and
// returns what was found in the best case. The garbage collector is off meanwhile: it would
// give what was left behind to others, who overwrite it or not.
func Least(times int, leave func() []Pattern) (found map[string]int, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range times {
		patterns := leave()
		secret.WipeStack()
		f, err := Scan(patterns)
		if err != nil || len(f) == 0 {
			return f, err
		}
		if found == nil || len(f) < len(found) {
			found = f
		}
	}
	return found, nil
}

// Scan returns how often each pattern that occurs stands in the process's writable memory.
func Scan(patterns []Pattern) (map[string]int, error) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	first := make(map[uint64]int) // a pattern by its first word
	for i, p := range patterns {
		first[p.mask[0]] = i + 1
	}
	found := make(map[string]int)
	const block, size = 1 << 20, 32
	buf := make([]byte, block)
	for s := bufio.NewScanner(maps); s.Scan(); {
		var lo, hi uint64
		var perm string
		if _, err := fmt.Sscanf(strings.Replace(s.Text(), "-", " ", 1), "%x %x %s", &lo, &hi, &perm); err != nil || !strings.HasPrefix(perm, "rw") {
			continue
		}
		for at := lo; at < hi; at += block - size { // blocks overlap
			n, _ := mem.ReadAt(buf[:min(block, hi-at)], int64(at))
			for i := 0; i+size <= n; i += 8 {
				k := first[binary.LittleEndian.Uint64(buf[i:])^veil]
				if k > 0 && patterns[k-1].at(buf[i:]) {
					found[patterns[k-1].Name]++
				}
			}
		}
	}
	return found, nil
}

func (p *Pattern) at(b []byte) bool {
	for j, w := range p.mask {
		if binary.LittleEndian.Uint64(b[8*j:])^veil != w {
			return false
		}
	}
	return true
}
