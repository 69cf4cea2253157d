package gadget

import (
	"errors"
	"math/big"

	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/statement"
)

// exposedPlan is one exposed tensor with its packing (package verifier/statement): digits
// q - Lo in base Hi-Lo+1, as many to a field element as fit.
type exposedPlan struct {
	*relation.Expose
	base   *big.Int
	digits int // to an element
}

func (p *Plan) planExposes() error {
	for i := range p.Sys.Exposes {
		e := &p.Sys.Exposes[i]
		base := new(big.Int).Sub(big.NewInt(e.Interval.Hi), big.NewInt(e.Interval.Lo))
		base.Add(base, big.NewInt(1))
		if base.Cmp(big.NewInt(2)) < 0 {
			return errors.New("exposed tensor " + e.Name + " has an interval of one value")
		}
		x := exposedPlan{Expose: e, base: base}
		x.digits = x.packing().Digits()
		p.exposes = append(p.exposes, x)
	}
	return nil
}

func (e *exposedPlan) packing() statement.Packing {
	return statement.Packing{Lo: e.Interval.Lo, Hi: e.Interval.Hi}
}

// elements returns how many of the statement's elements the tensor takes.
func (e *exposedPlan) elements() int {
	switch e.Visibility {
	case statement.Public:
		return e.packing().Elements(e.T.Size())
	case statement.Digest:
		return 1
	}
	return 0
}

// statement returns the exposed part of the statement as expressions of secret inputs.
//
// Cost: none; the fold binds each element by one constraint. A digest costs its
// Poseidon2 permutations.
//
// Soundness: element e = Σ (q_i - Lo)·B^i is one field element for each tensor within
// its interval, which lookups enforce (for a Deferred tensor: the contraction gives e
// itself). The verifier splits e back and refuses digits outside the interval.
func (e *engine) statement() ([]frontend.Variable, error) {
	var out []frontend.Variable
	salt := 0
	for i := range e.exposes {
		x := &e.exposes[i]
		if x.Visibility == statement.Private {
			continue
		}
		packed := e.pack(x)
		if x.Visibility == statement.Public {
			out = append(out, packed...)
			continue
		}
		d, err := e.digest(packed, e.secret[e.salts[salt]])
		if err != nil {
			return nil, err
		}
		out = append(out, d)
		salt++
	}
	return out, nil
}

// pack returns the packed elements of an exposed tensor.
func (e *engine) pack(x *exposedPlan) []frontend.Variable {
	if b := x.T.Block(); b != nil && b.Kind == relation.Deferred {
		return e.deferred[b.ID]
	}
	digits := e.tensor(x.T)
	place := powers(x.base, x.digits)
	var out []frontend.Variable
	for len(digits) > 0 {
		n := min(x.digits, len(digits))
		out = append(out, e.packDigits(digits[:n], place, x.Interval.Lo))
		digits = digits[n:]
	}
	return out
}

// packDigits returns Σ (d_i - lo)·place_i.
func (e *engine) packDigits(digits []frontend.Variable, place []*big.Int, lo int64) frontend.Variable {
	terms := make([]frontend.Variable, 0, len(digits)+1)
	offset := new(big.Int)
	for i, d := range digits {
		terms = append(terms, e.api.Mul(d, place[i]))
		offset.Add(offset, place[i])
	}
	offset.Mul(offset, big.NewInt(-lo))
	return e.sum(append(terms, offset))
}
