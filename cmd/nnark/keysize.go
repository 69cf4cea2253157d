package main

import (
	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/nnark/nnark/prover/plonk"
)

// keySize returns the domain of a circuit, the number its constraints are padded to,
// and the size its proving key will have, but for a few hundred bytes.
func keySize(system constraint.ConstraintSystem, universal bool) (domain int, bytes int64) {
	const g1, g2 = 64, 128
	n := system.GetNbConstraints()
	if universal { // two bases of the SRS
		domain = plonk.Size(n + system.GetNbPublicVariables())
		return domain, 2 * g1 * int64(domain)
	}
	r1cs := system.(*cs.R1CS)
	domain = int(ecc.NextPowerOfTwo(uint64(n)))
	wires := r1cs.GetNbPublicVariables() + r1cs.GetNbSecretVariables() + r1cs.GetNbInternalVariables()
	left, right := make([]bool, wires), make([]bool, wires)
	it := r1cs.GetR1CIterator()
	for row := it.Next(); row != nil; row = it.Next() {
		mark(left, row.L)
		mark(right, row.R)
	}
	private := wires - r1cs.GetNbPublicVariables()
	committed := 0
	for _, c := range r1cs.CommitmentInfo.(constraint.Groth16Commitments) {
		committed += len(c.PrivateCommitted)
		private-- // the challenge
	}
	points := marked(left) + marked(right) + domain + (private - committed) + 2*committed
	return domain, int64(g1*points + g2*marked(right) + 2*wires)
}

// mark marks the wires of an expression.
func mark(wires []bool, e constraint.LinearExpression) {
	for _, t := range e {
		wires[t.WireID()] = true
	}
}

func marked(wires []bool) (n int) {
	for _, m := range wires {
		if m {
			n++
		}
	}
	return n
}
