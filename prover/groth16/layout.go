package groth16

import (
	"errors"
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// ErrCircuit is the error for constraint systems this package cannot handle
// and for keys that do not fit the constraint system.
var ErrCircuit = errors.New("groth16: unsupported circuit")

// role says where a wire's K point goes.
type role uint8

const (
	private   role = iota
	public         // in the verifying key: public inputs, ONE and challenges
	committed      // in a commitment's basis
)

// layout is the order of a circuit's wires: ONE and the public inputs, the
// secret inputs, then the internal wires.
type layout struct {
	wires, nbPublic, nbSecret int
	constraints               int
	commitments               constraint.Groth16Commitments

	role            []role
	public, private []int // the wires of these roles, ascending
}

// Wires says where a circuit's wires have their points in its keys, each list ascending:
// in the verifying key's K, in the proving key's K, in the basis of a commitment.
type Wires struct {
	Count           int
	Public, Private []int
	Committed       [][]int
}

// WiresOf returns a circuit's wires, or [ErrCircuit].
func WiresOf(r1cs *cs.R1CS) (*Wires, error) {
	l, err := newLayout(r1cs)
	if err != nil {
		return nil, err
	}
	return &Wires{Count: l.wires, Public: l.public, Private: l.private, Committed: l.commitments.GetPrivateCommitted()}, nil
}

func newLayout(r1cs *cs.R1CS) (*layout, error) {
	if r1cs.Type != constraint.SystemR1CS {
		return nil, fmt.Errorf("%w: not a rank-1 constraint system", ErrCircuit)
	}
	commitments, ok := r1cs.CommitmentInfo.(constraint.Groth16Commitments)
	if !ok {
		return nil, fmt.Errorf("%w: commitments of another proof system", ErrCircuit)
	}
	l := &layout{
		nbPublic: r1cs.GetNbPublicVariables(), nbSecret: r1cs.GetNbSecretVariables(),
		constraints: r1cs.GetNbConstraints(), commitments: commitments,
	}
	l.wires = l.nbPublic + l.nbSecret + r1cs.NbInternalVariables
	if l.constraints == 0 {
		return nil, fmt.Errorf("%w: no constraints", ErrCircuit)
	}
	l.role = make([]role, l.wires)
	for i := range l.nbPublic {
		l.role[i] = public
	}
	for _, c := range commitments {
		if !slices.IsSorted(c.PrivateCommitted) {
			return nil, fmt.Errorf("%w: committed wires out of order", ErrCircuit)
		}
		for _, w := range append([]int{c.CommitmentIndex}, c.PrivateCommitted...) {
			if w < 0 || w >= l.wires || l.role[w] != private {
				return nil, fmt.Errorf("%w: bad committed wire %d", ErrCircuit, w)
			}
			l.role[w] = committed
		}
		l.role[c.CommitmentIndex] = public
	}
	for w, r := range l.role {
		switch r {
		case public:
			l.public = append(l.public, w)
		case private:
			l.private = append(l.private, w)
		}
	}
	return l, nil
}

// addTerms adds x·coefficient to v[wire] for each term.
func addTerms(v []fr.Element, r1cs *cs.R1CS, terms constraint.LinearExpression, x *fr.Element) {
	var t fr.Element
	for _, term := range terms {
		at := &v[term.WireID()]
		switch id := term.CoeffID(); id {
		case constraint.CoeffIdZero:
		case constraint.CoeffIdOne:
			at.Add(at, x)
		case constraint.CoeffIdMinusOne:
			at.Sub(at, x)
		default:
			at.Add(at, t.Mul(&r1cs.Coefficients[id], x))
		}
	}
}
