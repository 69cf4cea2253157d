package gadget

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/poseidon2"
	"github.com/nnark/nnark/verifier/statement"
)

// Witness is one inference as the circuit takes it.
type Witness struct {
	Secret    fr.Vector // all secret inputs, in the plan's order
	Statement fr.Vector // context, exposed tensors
}

// PackedWeights returns the model's packed and single weights followed by the blinding wire: what
// the model's identity commits to. They are as secret as the model.
func (p *Plan) PackedWeights(blinding fr.Element) fr.Vector {
	out := make(fr.Vector, 0, p.weights+1)
	var x fr.Element
	for _, c := range p.Contracts {
		if p.Baked {
			break
		}
		for g := range c.groups() {
			for _, w := range c.packGroup(g) {
				out = append(out, *x.SetBigInt(w))
			}
		}
	}
	for _, g := range p.Gatherings {
		if p.Baked {
			break
		}
		for _, w := range g.pack() {
			out = append(out, *x.SetBigInt(w))
		}
	}
	for _, b := range p.Sys.Blocks {
		if b.Kind != relation.Weight {
			continue
		}
		for _, w := range b.Values() {
			out = append(out, *x.SetInt64(w))
		}
	}
	return append(out, blinding)
}

// Witness fills the secret inputs and the statement for one inference. weights is
// [Plan.PackedWeights] (ignored if baked); salt is called once for each digest.
func (p *Plan) Witness(a *relation.Assignment, weights fr.Vector, context fr.Element, salt func() (fr.Element, error)) (*Witness, error) {
	w := &Witness{Secret: make(fr.Vector, p.secrets)}
	if p.committed {
		copy(w.Secret, weights)
	}
	for i, b := range p.Sys.Blocks {
		if b.Kind != relation.Column || p.blocks[i] < 0 {
			continue
		}
		for k, v := range a.Of(b) {
			w.Secret[p.blocks[i]+k].SetInt64(v)
		}
	}
	if err := p.multiplicities(a, w.Secret); err != nil {
		return nil, err
	}
	if p.context >= 0 {
		w.Secret[p.context] = context
	}
	for _, at := range p.salts {
		s, err := salt()
		if err != nil {
			return nil, err
		}
		w.Secret[at] = s
	}
	if err := p.assignStatement(w, a, context); err != nil {
		return nil, err
	}
	return w, a.Err()
}

// multiplicities counts how often each row of each table, and of what is used as one, is looked up. A tuple that is
// no row means the integers break a statement: an input outside its declared range.
func (p *Plan) multiplicities(a *relation.Assignment, secret fr.Vector) error {
	counts := make(map[*relation.Table][]uint64, len(p.Sys.Tables))
	for _, t := range p.Sys.Tables {
		counts[t] = make([]uint64, t.Len())
	}
	for _, l := range p.Sys.Lookups {
		x, n := a.Eval(l.Cols[0]), counts[l.Table]
		var y []int64
		if l.Table.IsFunction() {
			y = a.Eval(l.Cols[1])
		}
		for i, v := range x {
			k := v - l.Table.Domain.Lo
			if k < 0 || k >= int64(len(n)) || y != nil && l.Table.At(v) != y[i] {
				return fmt.Errorf("value %d is not in table %q: %w", v, l.Table.Name, relation.ErrRange)
			}
			n[k]++
		}
	}
	for i, t := range p.Sys.Tables {
		for k, n := range counts[t] {
			secret[p.tables[i]+k].SetUint64(n)
		}
	}
	one := fr.One()
	for _, g := range p.Gatherings {
		if err := g.count(a, func(i int) { secret[g.at+i].Add(&secret[g.at+i], &one) }); err != nil {
			return err
		}
	}
	for i := range p.Sys.Members {
		at := p.members[i]
		if err := countMembers(a, &p.Sys.Members[i], func(i int) { secret[at+i].Add(&secret[at+i], &one) }); err != nil {
			return err
		}
	}
	return nil
}

// assignStatement packs the exposed tensors.
func (p *Plan) assignStatement(w *Witness, a *relation.Assignment, context fr.Element) error {
	w.Statement = append(w.Statement, context)
	salt := 0
	for i := range p.exposes {
		x := &p.exposes[i]
		if x.Visibility == statement.Private {
			continue
		}
		packed, err := x.packing().Pack(a.Eval(x.T))
		if err != nil {
			return fmt.Errorf("%s: %w: %w", x.Name, err, relation.ErrRange)
		}
		if x.Visibility == statement.Public {
			w.Statement = append(w.Statement, packed...)
			continue
		}
		d, err := poseidon2.Sum(append(packed, w.Secret[p.salts[salt]]))
		if err != nil {
			return err
		}
		w.Statement = append(w.Statement, d)
		salt++
	}
	return nil
}
