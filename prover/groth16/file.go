package groth16

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// WriteBound writes what a bound prover needs beyond the circuit: its queries and the
// quotient's bases, points uncompressed. The bytes are as secret as the bound values,
// which are not among them. The caller adds a checksum.
func (p *Prover) WriteBound(w io.Writer) error {
	if p.boundWires == nil {
		return fmt.Errorf("%w: the prover is not bound", ErrWire)
	}
	e := bn254.NewEncoder(w, bn254.RawEncoding())
	write := func(parts ...any) error {
		for _, part := range parts {
			if err := e.Encode(part); err != nil {
				return err
			}
		}
		return nil
	}
	g1, g2 := &p.pk.G1, &p.pk.G2
	if err := write(uint64(p.constraints), uint64(p.wires), g1.Z, &g1.Alpha, &g1.Beta, &g2.Beta); err != nil {
		return err
	}
	for _, q := range p.g1Queries() {
		if err := write(q.bases, uint64(len(q.start)), q.start, uint64(len(q.wires)), q.wires, &q.fixed); err != nil {
			return err
		}
	}
	q := p.b2
	return write(q.bases, uint64(len(q.start)), q.start, uint64(len(q.wires)), q.wires, &q.fixed)
}

// ReadBound reads what [Prover.WriteBound] wrote for the circuit, bound to these values.
// Whatever the bytes, it allocates no more than the circuit needs, and proofs that verify hide
// the wires that are not bound (hiding.go). [ErrCircuit] stands for all it refuses.
func ReadBound(r *bufio.Reader, r1cs *cs.R1CS, wires []int, values []fr.Element) (*Prover, error) {
	l, err := newLayout(r1cs)
	if err != nil {
		return nil, err
	}
	p := &Prover{layout: l, r1cs: r1cs, pk: new(g16.ProvingKey), boundWires: slices.Clone(wires), boundValues: slices.Clone(values)}
	if err := p.findMasks(); err != nil {
		return nil, err
	}
	if hasState(r1cs) {
		p.solving = new(sync.Mutex)
	}
	p.early = p.computableEarly()
	for range l.commitments {
		p.commitment = append(p.commitment, new(query[bn254.G1Affine]))
		p.knowledge = append(p.knowledge, new(query[bn254.G1Affine]))
	}
	p.a, p.b1, p.k, p.b2 = new(query[bn254.G1Affine]), new(query[bn254.G1Affine]), new(query[bn254.G1Affine]), new(query[bn254.G2Affine])
	d := &keyDecoder{Decoder: bn254.NewDecoder(r, bn254.NoSubgroupChecks()), r: r}
	var constraints, nbWires uint64
	d.decode(&constraints, &nbWires)
	d.expect("constraints", constraints, p.constraints, p.constraints)
	d.expect("wires", nbWires, p.wires, p.wires)
	g1, g2 := &p.pk.G1, &p.pk.G2
	n := int(ecc.NextPowerOfTwo(uint64(p.constraints)))
	list(d, &g1.Z, n-1, n-1)
	d.decode(&g1.Alpha, &g1.Beta, &g2.Beta)
	for _, q := range p.g1Queries() {
		readQuery(d, q, p.wires)
	}
	readQuery(d, p.b2, p.wires)
	if d.err != nil {
		return nil, fmt.Errorf("%w: bound key: %w", ErrCircuit, d.err)
	}
	if err := p.checkBound(); err != nil {
		return nil, err
	}
	return p, nil
}

// readQuery reads a query of at most so many wires, each of which occurs at most once.
func readQuery[P any](d *keyDecoder, q *query[P], wires int) {
	list(d, &q.bases, 0, wires+1)
	q.start, q.wires = d.uint32s(wires+1), d.uint32s(wires)
	d.decode(&q.fixed)
}

func (d *keyDecoder) uint32s(most int) []uint32 {
	var n uint64
	d.decode(&n)
	d.expect("indices", n, 0, most)
	if d.err != nil {
		return nil
	}
	v := make([]uint32, n)
	d.decode(&v)
	return v
}

// g1Queries lists the queries in G1 in the order of files.
func (p *Prover) g1Queries() []*query[bn254.G1Affine] {
	return append(append([]*query[bn254.G1Affine]{p.a, p.b1, p.k}, p.commitment...), p.knowledge...)
}

// checkBound checks that every index read lies in its range, that proofs will hide what
// they should, and sets up the transforms.
func (p *Prover) checkBound() error {
	ok := p.b2.consistent(p.wires, 1)
	for _, q := range []*query[bn254.G1Affine]{p.a, p.b1, p.k} {
		ok = ok && q.consistent(p.wires, 1) // and δ
	}
	for _, q := range slices.Concat(p.commitment, p.knowledge) {
		ok = ok && q.consistent(p.wires, 0)
	}
	if !ok {
		return fmt.Errorf("%w: inconsistent bound key", ErrCircuit)
	}
	if err := p.checkBoundHiding(); err != nil {
		return err
	}
	p.pk.Domain = *fft.NewDomain(uint64(len(p.pk.G1.Z)) + 1)
	p.quotient = newQuotient(&p.pk.Domain)
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
