// Package poseidon2 computes the digests of private tensors and, in circuits of others, of
// weights. It stands apart from package verifier so that programs that do not open digests
// need not link it.
//
// A statement's digest of a tensor is Sum(elements..., salt): the tensor packed by
// verifier.Pack, and the random salt that hides it, which the prover keeps.
package poseidon2

import (
	_ "embed"
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Parameters of the permutation ([Poseidon2], BN254 scalar field, x^5).
//
// [Poseidon2]: https://eprint.iacr.org/2023/323
const (
	Width         = 16
	FullRounds    = 8
	PartialRounds = 57
)

// Sum is a Poseidon2 sponge of rate 15 over field elements; the capacity starts as
// their number, so that inputs of different lengths have unrelated digests. The last
// element is a random salt wherever the others could be guessed. The error is always nil.
func Sum(xs []fr.Element) (fr.Element, error) {
	p := parameters()
	var state [Width]fr.Element
	const rate = Width - 1
	state[rate].SetUint64(uint64(len(xs)))
	for from := 0; from < len(xs); from += rate {
		for i, x := range xs[from:min(from+rate, len(xs))] {
			state[i].Add(&state[i], &x)
		}
		p.permute(&state)
	}
	return state[0], nil
}

// constants holds diagonal and keys, 32 bytes big-endian each, as gnark-crypto has them: a test
// writes and compares them. gnark-crypto's own permutation would link the tables of all widths, 40 kB
// of a compressed verifier.
//
//go:embed constants.bin
var constants []byte

type permutation struct {
	diagonal [Width]fr.Element // of the internal matrix, minus 1
	full     [FullRounds][Width]fr.Element
	partial  [PartialRounds]fr.Element
}

var parameters = sync.OnceValue(func() *permutation {
	p := new(permutation)
	data := constants
	read := func(to []fr.Element) {
		for i := range to {
			to[i].SetBytes(data[:fr.Bytes])
			data = data[fr.Bytes:]
		}
	}
	read(p.diagonal[:])
	for i := range p.full {
		read(p.full[i][:])
	}
	read(p.partial[:])
	return p
})

// permute is half of the full rounds, the partial ones and the other full ones.
func (p *permutation) permute(s *[Width]fr.Element) {
	external(s)
	for i := range FullRounds / 2 {
		fullRound(s, &p.full[i])
	}
	for i := range p.partial {
		s[0].Add(&s[0], &p.partial[i])
		power5(&s[0])
		p.internal(s)
	}
	for i := FullRounds / 2; i < FullRounds; i++ {
		fullRound(s, &p.full[i])
	}
}

func fullRound(s, keys *[Width]fr.Element) {
	for i := range s {
		s[i].Add(&s[i], &keys[i])
		power5(&s[i])
	}
	external(s)
}

func power5(x *fr.Element) {
	var y fr.Element
	y.Square(x)
	y.Square(&y)
	x.Mul(x, &y)
}

// external multiplies by the block circulant of 2·M4 and M4, in which
//
//	M4 = (5 7 1 3; 4 6 1 1; 1 3 5 7; 1 1 4 6)
func external(s *[Width]fr.Element) {
	var sum [4]fr.Element
	for b := 0; b < Width; b += 4 {
		m4((*[4]fr.Element)(s[b:]))
		for i := range sum {
			sum[i].Add(&sum[i], &s[b+i])
		}
	}
	for i := range s {
		s[i].Add(&s[i], &sum[i%4])
	}
}

func m4(s *[4]fr.Element) {
	var t [8]fr.Element
	t[0].Add(&s[0], &s[1])
	t[1].Add(&s[2], &s[3])
	t[2].Double(&s[1]).Add(&t[2], &t[1])
	t[3].Double(&s[3]).Add(&t[3], &t[0])
	t[4].Double(&t[1]).Double(&t[4]).Add(&t[4], &t[3])
	t[5].Double(&t[0]).Double(&t[5]).Add(&t[5], &t[2])
	t[6].Add(&t[3], &t[5])
	t[7].Add(&t[2], &t[4])
	s[0], s[1], s[2], s[3] = t[6], t[5], t[7], t[4]
}

// internal multiplies by the matrix of ones, with the diagonal added.
func (p *permutation) internal(s *[Width]fr.Element) {
	var sum fr.Element
	for i := range s {
		sum.Add(&sum, &s[i])
	}
	for i := range s {
		s[i].Mul(&s[i], &p.diagonal[i]).Add(&s[i], &sum)
	}
}
