package groth16

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// query is a sum Σ w·P_w over wires, with equal and opposite base points merged:
// base k takes the scalar Σ ±w over the wires of its group.
type query[P any] struct {
	bases []P      // those of the wires, then extra ones
	start []uint32 // wires[start[k]:start[k+1]] is the group of base k
	wires []uint32 // twice the wire, plus 1 if its base is the negative
	fixed P        // what wires with fixed values contribute
}

// newQuery builds the query in which wires[i] has base points[i], followed by
// extra bases that belong to no wire.
func newQuery[P comparable](wires []int, points []P, sign signFunc[P], extra ...P) *query[P] {
	var infinity P
	q := new(query[P])
	size := 16
	for size < 2*len(points) {
		size *= 2
	}
	table := make([]uint32, size) // by hash of the base: its number plus 1
	type member struct{ group, wire uint32 }
	members := make([]member, 0, len(wires))
	for i, p := range points {
		if p == infinity {
			continue
		}
		base, negative, hash := sign(p)
		for {
			at := &table[hash&uint64(size-1)]
			if *at == 0 {
				q.bases = append(q.bases, base)
				*at = uint32(len(q.bases))
			}
			if q.bases[*at-1] == base {
				members = append(members, member{*at - 1, uint32(2*wires[i]) + negative})
				break
			}
			hash++
		}
	}
	q.start = make([]uint32, len(q.bases)+1)
	for _, m := range members {
		q.start[m.group+1]++
	}
	for k := range q.bases {
		q.start[k+1] += q.start[k]
	}
	q.wires = make([]uint32, len(members))
	next := append([]uint32(nil), q.start...)
	for _, m := range members {
		q.wires[next[m.group]] = m.wire
		next[m.group]++
	}
	q.bases = append(q.bases, extra...)
	return q
}

// scalars returns the scalars of the bases for the wires' values w; extra are
// those of the extra bases.
func (q *query[P]) scalars(w []fr.Element, extra ...fr.Element) []fr.Element {
	s := make([]fr.Element, len(q.bases))
	copy(s[len(q.start)-1:], extra)
	for k := range len(q.start) - 1 {
		for _, i := range q.wires[q.start[k]:q.start[k+1]] {
			if i&1 == 1 {
				s[k].Sub(&s[k], &w[i>>1])
			} else {
				s[k].Add(&s[k], &w[i>>1])
			}
		}
	}
	return s
}

// signFunc returns the representative of ±P, 1 if P is its negative, and a hash.
//
// The words of y and -y add up to the odd number p, so one of them is even. The
// words of x are as good as random.
type signFunc[P any] func(P) (base P, negative uint32, hash uint64)

func signG1(p bn254.G1Affine) (bn254.G1Affine, uint32, uint64) {
	odd := uint32(p.Y[0] & 1)
	if odd == 1 {
		p.Neg(&p)
	}
	return p, odd, p.X[0]
}

func signG2(p bn254.G2Affine) (bn254.G2Affine, uint32, uint64) {
	y := &p.Y.A0
	if y.IsZero() {
		y = &p.Y.A1
	}
	odd := uint32(y[0] & 1)
	if odd == 1 {
		p.Neg(&p)
	}
	return p, odd, p.X.A0[0]
}

// spread returns the base of each wire, infinity for those that have none.
func spread[P any, N interface {
	*P
	Neg(*P) *P
}](q *query[P], wires int) []P {
	all := make([]P, wires)
	for k := range len(q.start) - 1 {
		for _, w := range q.wires[q.start[k]:q.start[k+1]] {
			all[w>>1] = q.bases[k]
			if w&1 == 1 {
				N(&all[w>>1]).Neg(&q.bases[k])
			}
		}
	}
	return all
}

// last returns the last base.
func (q *query[P]) last() *P { return &q.bases[len(q.bases)-1] }

// onlyBase returns the base that takes the wire's value, nil unless there is exactly one.
func (q *query[P]) onlyBase(wire int) (base *P) {
	for k := range len(q.start) - 1 {
		for _, w := range q.wires[q.start[k]:q.start[k+1]] {
			if int(w>>1) != wire {
				continue
			}
			if base != nil {
				return nil
			}
			base = &q.bases[k]
		}
	}
	return base
}
