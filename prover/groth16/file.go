package groth16

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/prover/internal/raw"
)

// WriteKey writes what the prover needs beyond the circuit and the bound values: its queries and
// the quotient's bases, as they lie in memory. Of a bound prover the bytes are as secret as the
// values. The caller adds a checksum.
func (p *Prover) WriteKey(to io.Writer) error {
	w := &raw.Writer{W: to}
	w.Write(uint64(p.constraints), uint64(p.wires), uint64(len(p.boundWires)))
	raw.WritePoints(w, p.z)
	raw.WritePoints(w, []bn254.G1Affine{p.alpha, p.beta})
	raw.WritePoints(w, []bn254.G2Affine{p.beta2})
	for _, q := range p.g1Queries() {
		writeQuery(w, q)
	}
	writeQuery(w, p.b2)
	return w.Err
}

func writeQuery[P raw.Point](w *raw.Writer, q *query[P]) {
	w.Write(uint64(len(q.bases)), uint64(len(q.start)), uint64(len(q.wires)))
	raw.WritePoints(w, q.bases)
	raw.WritePoints(w, []P{q.fixed})
	w.Write(q.start, q.wires)
}

// ReadKey reads what [Prover.WriteKey] wrote for the circuit, bound to these values, or to none.
// Whatever the bytes, it allocates no more than the circuit needs, and proofs that verify hide
// the wires that are not bound (hiding.go). [ErrCircuit] stands for all it refuses.
func ReadKey(from io.Reader, r1cs *cs.R1CS, wires []int, values []fr.Element) (*Prover, error) {
	p, err := newProver(r1cs)
	if err != nil {
		return nil, err
	}
	if len(wires) > 0 {
		p.boundWires, p.boundValues = slices.Clone(wires), slices.Clone(values)
	}
	for range p.commitments {
		p.commitment = append(p.commitment, new(query[bn254.G1Affine]))
		p.knowledge = append(p.knowledge, new(query[bn254.G1Affine]))
	}
	p.a, p.b1, p.k, p.b2 = new(query[bn254.G1Affine]), new(query[bn254.G1Affine]), new(query[bn254.G1Affine]), new(query[bn254.G2Affine])
	r := &raw.Reader{R: from}
	r.Length("constraints", p.constraints, p.constraints)
	r.Length("wires", p.wires, p.wires)
	r.Length("bound wires", len(wires), len(wires))
	if r.Err == nil {
		p.z = make([]bn254.G1Affine, ecc.NextPowerOfTwo(uint64(p.constraints))-1)
	}
	var first [2]bn254.G1Affine
	var second [1]bn254.G2Affine
	raw.ReadPoints(r, p.z)
	raw.ReadPoints(r, first[:])
	raw.ReadPoints(r, second[:])
	p.alpha, p.beta, p.beta2 = first[0], first[1], second[0]
	for _, q := range p.g1Queries() {
		readQuery(r, q, p.wires)
	}
	readQuery(r, p.b2, p.wires)
	if r.Err != nil {
		return nil, fmt.Errorf("%w: key: %w", ErrCircuit, r.Err)
	}
	if err := p.checkQueries(); err != nil {
		return nil, err
	}
	var transforms sync.WaitGroup
	transforms.Go(func() { p.quotient = newQuotient(p.domain()) })
	defer transforms.Wait()
	if err := p.checkHiding(); err != nil {
		return nil, err
	}
	return p, nil
}

// readQuery reads a query of at most so many wires, each of which occurs at most once.
func readQuery[P raw.Point](r *raw.Reader, q *query[P], wires int) {
	bases := r.Length("points", 0, wires+1)
	start := r.Length("groups", 1, wires+1)
	members := r.Length("indices", 0, wires)
	if r.Err != nil {
		return
	}
	q.bases = make([]P, bases)
	raw.ReadPoints(r, q.bases)
	var fixed [1]P
	raw.ReadPoints(r, fixed[:])
	q.fixed, q.start, q.wires = fixed[0], r.Uint32s(start), r.Uint32s(members)
}

// g1Queries lists the queries in G1 in the order of files.
func (p *Prover) g1Queries() []*query[bn254.G1Affine] {
	return append(append([]*query[bn254.G1Affine]{p.a, p.b1, p.k}, p.commitment...), p.knowledge...)
}

// checkQueries checks that every index read lies in its range.
func (p *Prover) checkQueries() error {
	ok := p.b2.consistent(p.wires, 1)
	for _, q := range []*query[bn254.G1Affine]{p.a, p.b1, p.k} {
		ok = ok && q.consistent(p.wires, 1) // and δ
	}
	for _, q := range slices.Concat(p.commitment, p.knowledge) {
		ok = ok && q.consistent(p.wires, 0)
	}
	if !ok {
		return fmt.Errorf("%w: inconsistent key", ErrCircuit)
	}
	return nil
}

// consistent reports whether the groups partition wires that exist, and every group has a
// base, beside which there are so many extra ones.
func (q *query[P]) consistent(wires, extra int) bool {
	groups := len(q.start) - 1
	if groups < 0 || groups+extra != len(q.bases) || q.start[0] != 0 || int(q.start[groups]) != len(q.wires) || !slices.IsSorted(q.start) {
		return false
	}
	for _, w := range q.wires {
		if int(w>>1) >= wires {
			return false
		}
	}
	return true
}
