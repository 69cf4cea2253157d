package groth16

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"
	fcs "github.com/consensys/gnark/frontend/cs"
	"github.com/nnark/nnark/prover/internal/solving"
)

// Prover proves one circuit with one key. It is safe for concurrent use, but
// the circuit must not be used elsewhere at the same time if gnark keeps state
// in it (lookup tables, GKR); the prover then runs one solver at a time.
type Prover struct {
	*layout
	r1cs     *cs.R1CS
	quotient *quotient
	solving  sync.Locker // of gnark's solver
	masks    []mask      // of each commitment
	early    bool        // commitments can be computed before solving

	alpha, beta bn254.G1Affine
	beta2       bn254.G2Affine
	z           []bn254.G1Affine

	// Each of these has δ as an extra base, the last.
	a, k, b1 *query[bn254.G1Affine]
	b2       *query[bn254.G2Affine]

	commitment  []*query[bn254.G1Affine]
	knowledge   []*query[bn254.G1Affine] // the same over the basis to the σ
	boundWires  []int
	boundValues []fr.Element
}

// mask is the random wire gnark adds to a commitment to hide it. It occurs
// in one constraint only, mask·1 = mask.
type mask struct{ wire, row int }

// New prepares proofs with the key, of which it keeps no more than the points of Z. It returns
// [ErrCircuit] if the key is for another circuit, if proofs under it would not hide their
// witness (hiding.go), or if the circuit was not made by gnark's R1CS builder.
func New(r1cs *cs.R1CS, pk *g16.ProvingKey) (*Prover, error) {
	p, err := newProver(r1cs)
	if err != nil {
		return nil, err
	}
	if err := p.checkKey(pk); err != nil {
		return nil, err
	}
	p.setKey(pk)
	if err := p.checkHiding(); err != nil {
		return nil, err
	}
	p.quotient = newQuotient(p.domain())
	return p, nil
}

// newProver returns a prover without a key.
func newProver(r1cs *cs.R1CS) (*Prover, error) {
	l, err := newLayout(r1cs)
	if err != nil {
		return nil, err
	}
	p := &Prover{layout: l, r1cs: r1cs}
	if err := p.findMasks(); err != nil {
		return nil, err
	}
	p.solving = solving.Lock(r1cs.Blueprints)
	p.early = p.computableEarly()
	return p, nil
}

// domain is that of the circuit's constraints.
func (p *Prover) domain() *fft.Domain {
	return fft.NewDomain(uint64(p.constraints), fft.WithoutPrecompute())
}

// setKey makes the queries.
func (p *Prover) setKey(pk *g16.ProvingKey) {
	p.alpha, p.beta, p.beta2, p.z = pk.G1.Alpha, pk.G1.Beta, pk.G2.Beta, pk.G1.Z
	a, b := finite(pk.InfinityA), finite(pk.InfinityB)
	p.a = newQuery(a, pk.G1.A, signG1, pk.G1.Delta)
	p.b1 = newQuery(b, pk.G1.B, signG1, pk.G1.Delta)
	p.b2 = newQuery(b, pk.G2.B, signG2, pk.G2.Delta)
	p.k = newQuery(p.private, pk.G1.K, signG1, pk.G1.Delta)
	for i, c := range p.commitments {
		p.commitment = append(p.commitment, newQuery(c.PrivateCommitted, pk.CommitmentKeys[i].Basis, signG1))
		p.knowledge = append(p.knowledge, newQuery(c.PrivateCommitted, pk.CommitmentKeys[i].BasisExpSigma, signG1))
	}
}

// GnarkKey returns the key in gnark's form, or nil of a bound prover, which has none.
func (p *Prover) GnarkKey() *g16.ProvingKey {
	if p.Bound() {
		return nil
	}
	pk := new(g16.ProvingKey)
	pk.Domain = *fft.NewDomain(uint64(p.constraints))
	pk.G1.Alpha, pk.G1.Beta, pk.G1.Delta, pk.G1.Z = p.alpha, p.beta, *p.a.last(), p.z
	pk.G2.Beta, pk.G2.Delta = p.beta2, *p.b2.last()
	pk.G1.A, pk.InfinityA, pk.NbInfinityA = compact(spread(p.a, p.wires))
	pk.G1.B, pk.InfinityB, pk.NbInfinityB = compact(spread(p.b1, p.wires))
	pk.G2.B, _, _ = compact(spread(p.b2, p.wires))
	pk.G1.K = pick(spread(p.k, p.wires), p.private)
	for i, c := range p.commitments {
		pk.CommitmentKeys = append(pk.CommitmentKeys, pedersen.ProvingKey{
			Basis:         pick(spread(p.commitment[i], p.wires), c.PrivateCommitted),
			BasisExpSigma: pick(spread(p.knowledge[i], p.wires), c.PrivateCommitted),
		})
	}
	return pk
}

// compact leaves out the points at infinity, and says where they are.
func compact[P comparable](points []P) (kept []P, infinity []bool, n uint64) {
	var zero P
	infinity = make([]bool, len(points))
	for w, p := range points {
		if infinity[w] = p == zero; infinity[w] {
			n++
		} else {
			kept = append(kept, p)
		}
	}
	return kept, infinity, n
}

func pick[P any](points []P, wires []int) []P {
	out := make([]P, len(wires))
	for i, w := range wires {
		out[i] = points[w]
	}
	return out
}

// checkKey compares every length in the key with the circuit.
func (p *Prover) checkKey(pk *g16.ProvingKey) error {
	ok := len(pk.InfinityA) == p.wires && len(pk.InfinityB) == p.wires &&
		len(pk.G1.A) == len(finite(pk.InfinityA)) &&
		len(pk.G1.B) == len(finite(pk.InfinityB)) && len(pk.G2.B) == len(pk.G1.B) &&
		len(pk.G1.K) == len(p.private) &&
		pk.Domain.Cardinality == ecc.NextPowerOfTwo(uint64(p.constraints)) &&
		uint64(len(pk.G1.Z)) == pk.Domain.Cardinality-1 &&
		len(pk.CommitmentKeys) == len(p.commitments)
	for i := 0; ok && i < len(p.commitments); i++ {
		n := len(p.commitments[i].PrivateCommitted)
		ok = len(pk.CommitmentKeys[i].Basis) == n && len(pk.CommitmentKeys[i].BasisExpSigma) == n
	}
	if !ok {
		return fmt.Errorf("%w: the proving key is for another circuit", ErrCircuit)
	}
	return nil
}

// findMasks finds each commitment's mask and its constraint.
func (p *Prover) findMasks() error {
	random := make(map[int]bool)
	var h constraint.HintMapping
	for i := range p.r1cs.Instructions {
		inst := p.r1cs.Instructions[i]
		b, ok := p.r1cs.Blueprints[inst.BlueprintID].(constraint.BlueprintHint)
		if !ok {
			continue
		}
		b.DecompressHint(&h, inst.Unpack(&p.r1cs.System))
		if h.HintID == randomizeID {
			for w := h.OutputRange.Start; w < h.OutputRange.End; w++ {
				random[int(w)] = true
			}
		}
	}
	owner := slices.Repeat([]int32{-1}, p.wires) // the commitment whose mask a wire is
	p.masks = make([]mask, len(p.commitments))
	for i, c := range p.commitments {
		p.masks[i].row = -1
		for _, w := range c.PrivateCommitted {
			if random[w] {
				p.masks[i].wire = w
				owner[w] = int32(i)
				break
			}
		}
	}
	it := p.r1cs.GetR1CIterator()
	for row, r := 0, it.Next(); r != nil; row, r = row+1, it.Next() {
		for _, side := range [...]constraint.LinearExpression{r.L, r.R, r.O} {
			for _, t := range side {
				i := owner[t.WireID()]
				if i < 0 {
					continue
				}
				if m := &p.masks[i]; m.row >= 0 && m.row != row || !isIdentity(r, m.wire) {
					return fmt.Errorf("%w: the mask of commitment %d is used", ErrCircuit, i)
				}
				p.masks[i].row = row
			}
		}
	}
	for i, m := range p.masks {
		if m.row < 0 {
			return fmt.Errorf("%w: commitment %d has no mask", ErrCircuit, i)
		}
	}
	return nil
}

// isIdentity reports whether r is w·1 = w.
func isIdentity(r *constraint.R1C, w int) bool {
	is := func(l constraint.LinearExpression, wire int) bool {
		return len(l) == 1 && l[0].WireID() == wire && l[0].CoeffID() == constraint.CoeffIdOne
	}
	return is(r.L, w) && is(r.R, 0) && is(r.O, w)
}

// computableEarly reports whether all commitments are to secret inputs and masks
// only, and hash no public input.
func (p *Prover) computableEarly() bool {
	for i, c := range p.commitments {
		if c.NbPublicCommitted > 0 || !p.commitsToInputs(i) {
			return false
		}
	}
	return true
}

func (p *Prover) commitsToInputs(i int) bool {
	for _, w := range p.commitments[i].PrivateCommitted {
		if w >= p.nbPublic+p.nbSecret && w != p.masks[i].wire {
			return false
		}
	}
	return true
}

// finite returns the indices of the false elements.
func finite(infinity []bool) (wires []int) {
	for w, inf := range infinity {
		if !inf {
			wires = append(wires, w)
		}
	}
	return wires
}

// The hints gnark leaves to the prover. The second is in a package we cannot
// import, but registered.
var (
	commitmentID = solver.GetHintID(fcs.Bsb22CommitmentComputePlaceholder)
	randomizeID  = func() solver.HintID {
		for _, h := range solver.GetRegisteredHints() {
			if strings.HasSuffix(solver.GetHintName(h), "internal/hints.Randomize") {
				return solver.GetHintID(h)
			}
		}
		return 0
	}()
)
