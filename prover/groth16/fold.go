package groth16

import (
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// fold says that a wire is the linear combination Σ value·wire whenever the
// bound wires have their values.
type fold struct {
	wire  int
	terms []foldTerm
}

type foldTerm struct {
	wire  int
	value fr.Element
}

// maxFoldTerms is the length up to which a combination is folded: what is saved
// is one wire, and every term costs time when binding.
const maxFoldTerms = 32

// findFolds returns the wires p that a constraint L·R = c·p, with only bound wires
// on one side, makes linear in the others. No two are the same, and no
// fold uses a wire that a later one folds, so the order is one of dependence.
func (p *Prover) findFolds(bound map[int]fr.Element) []fold {
	f := folder{Prover: p, bound: bound, folded: make([]bool, p.wires), used: make([]bool, p.wires)}
	for w := range f.used {
		f.used[w] = p.role[w] != private || w < p.nbPublic+p.nbSecret // only internal private wires are folded
	}
	it := p.r1cs.GetR1CIterator()
	for r := it.Next(); r != nil; r = it.Next() {
		f.row(r)
	}
	return f.folds
}

type folder struct {
	*Prover
	bound  map[int]fr.Element
	folded []bool
	used   []bool // may not be folded any more
	folds  []fold
}

// row folds the output of one constraint if it can.
func (f *folder) row(r *constraint.R1C) {
	if len(r.O) != 1 || r.O[0].CoeffID() == constraint.CoeffIdZero {
		return
	}
	out := r.O[0].WireID()
	if f.used[out] || f.folded[out] {
		return
	}
	linear := r.R
	factor, ok := f.value(r.L)
	if !ok {
		linear = r.L
		if factor, ok = f.value(r.R); !ok {
			return
		}
	}
	if len(linear) > maxFoldTerms || slices.ContainsFunc(linear, func(t constraint.Term) bool { return t.WireID() == out }) {
		return
	}
	factor.Div(&factor, &f.r1cs.Coefficients[r.O[0].CoeffID()])
	terms := make([]foldTerm, len(linear))
	for i, t := range linear {
		terms[i].wire = t.WireID()
		terms[i].value.Mul(&factor, &f.r1cs.Coefficients[t.CoeffID()])
		f.used[t.WireID()] = true
	}
	f.folded[out] = true
	f.folds = append(f.folds, fold{out, terms})
}

// value returns the value of an expression in bound wires only, at least one of
// them not ONE.
func (f *folder) value(l constraint.LinearExpression) (v fr.Element, ok bool) {
	var t fr.Element
	for _, term := range l {
		x, isBound := f.bound[term.WireID()]
		if !isBound {
			return v, false
		}
		ok = ok || term.WireID() != 0
		v.Add(&v, t.Mul(&x, coefficient(f.r1cs, term)))
	}
	return v, ok
}

func coefficient(r1cs *cs.R1CS, t constraint.Term) *fr.Element {
	return &r1cs.Coefficients[t.CoeffID()]
}

// contribution is a share of a folded wire's base point that goes to another.
type contribution struct {
	from  int
	value fr.Element
}

// round lists what each of its wires receives. The points it takes are final
// before the round.
type round map[int][]contribution

// foldRounds turns folds around: which wires receive what, in which order.
func foldRounds(folds []fold, wires int) []round {
	// The depth of a wire is the number of folds its base point waits for. Each
	// fold comes after those that make the wires it uses, so going backwards
	// a wire's depth is final before it is passed on.
	depth := make([]int, wires)
	for _, f := range slices.Backward(folds) {
		for _, t := range f.terms {
			depth[t.wire] = max(depth[t.wire], depth[f.wire]+1)
		}
	}
	rounds := make([]round, slices.Max(append(depth, 0))+1)
	for i := range rounds {
		rounds[i] = make(round)
	}
	for _, f := range folds {
		for _, t := range f.terms {
			if !t.value.IsZero() {
				r := rounds[depth[t.wire]]
				r[t.wire] = append(r[t.wire], contribution{f.wire, t.value})
			}
		}
	}
	return rounds[1:]
}
