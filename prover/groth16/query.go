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
// extra bases that belong to no wire. canonical returns the representative of
// ±P and whether P is its negative.
func newQuery[P comparable](wires []int, points []P, canonical func(P) (P, bool), extra ...P) *query[P] {
	var infinity P
	q := &query[P]{wires: make([]uint32, 0, len(wires))}
	number := make(map[P]uint32, len(points))
	type member struct{ group, wire uint32 }
	members := make([]member, 0, len(wires))
	for i, p := range points {
		if p == infinity {
			continue
		}
		base, negative := canonical(p)
		k, seen := number[base]
		if !seen {
			k = uint32(len(q.bases))
			number[base] = k
			q.bases = append(q.bases, base)
		}
		m := member{k, uint32(2 * wires[i])}
		if negative {
			m.wire++
		}
		members = append(members, m)
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

func canonicalG1(p bn254.G1Affine) (bn254.G1Affine, bool) {
	if p.Y.LexicographicallyLargest() {
		p.Neg(&p)
		return p, true
	}
	return p, false
}

func canonicalG2(p bn254.G2Affine) (bn254.G2Affine, bool) {
	if p.Y.LexicographicallyLargest() {
		p.Neg(&p)
		return p, true
	}
	return p, false
}
