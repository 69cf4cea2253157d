package prover

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/flat"
)

// Cost is what keys and proofs of a circuit take, predicted before there are any: sizes of
// keys to a tenth, those of proofs exactly. Times are of this machine, from how fast it multiplies points now; like the
// peaks of memory they are mostly within a quarter.
type Cost struct {
	Domain          int           // the size that the constraints are padded to
	ProvingKeyBytes int64         // of the file
	ProofBytes      int           // of a proof without its statement
	Setup, Prove    time.Duration // making keys; one proof from keys that are not bound
	SetupBytes      int64         // peak memory of a process that makes keys
	ProveBytes      int64         // and of one that proves
}

// What a process takes, and what each megabyte of its proving key adds, in times of a
// machine that multiplies its points in referenceTime, and in bytes. Measured with nnark setup
// and prove, --json, on two cores of Ice Lake with the AVX-512 IFMA kernels, on fourteen
// networks of 5,700 to 294,000 constraints under Groth16 and four of 12,000 to 225,000 gates
// under PLONK. Under the flat argument it is addresses, 2^15 to 2^25 of ten networks on two cores of
// Zen 5 (bench/engine), and for its keys also rows of the model, weights that are folded and boxes.
const (
	referenceTime = 7700 * time.Microsecond

	setupBase, setupPerMB           = 35 * time.Millisecond, 15200 * time.Microsecond
	proveBase, provePerMB           = 12 * time.Millisecond, 5900 * time.Microsecond
	plonkSetupBase, plonkSetupPerMB = 80 * time.Millisecond, 52 * time.Millisecond
	plonkProveBase, plonkProveGate  = 60 * time.Millisecond, 13500 * time.Nanosecond

	setupBytesBase, setupBytesPerByte           = 40e6, 4.4
	proveBytesBase, proveBytesPerByte           = 22e6, 3.9
	plonkSetupBytesBase, plonkSetupBytesPerByte = 25e6, 9.2
	plonkProveBytesBase, plonkProveBytesPerByte = 22e6, 28.5

	flatSetupBase, flatSetupPerMB               = 40 * time.Millisecond, 40 * time.Millisecond
	flatSetupRow, flatSetupBox, flatSetupWeight = 550 * time.Microsecond, 8 * time.Microsecond, 65 * time.Nanosecond
	flatProveBase, flatProveValue               = 33 * time.Millisecond, 390 * time.Nanosecond
	flatSetupBytesBase, flatSetupBytesPerValue  = 45e6, 30.0
	flatProveBytesBase, flatProveBytesPerValue  = 28e6, 185.0
	flatSetupBytesWeight, flatProveBytesWeight  = 24.0, 16.0
)

// Predict returns what keys and proofs of a compiled network will take.
func Predict(c *circuits.Compiled) Cost { return extentOf(c).cost() }

// extent is how large what a system proves is: all that costs follow from.
type extent struct {
	system circuits.System
	size   int        // constraints or gates; integers of the flat system
	domain int        // that they are padded to
	key    float64    // bytes of the proving key
	plan   *flat.Plan // of the flat system
}

// extentOf measures a compiled network.
func extentOf(c *circuits.Compiled) extent {
	domain, key := keySize(c)
	e := extentWith(c, float64(key))
	e.domain = domain
	return e
}

// extentWith is extentOf with a key of so many bytes and without the domain: all that memory depends on.
func extentWith(c *circuits.Compiled, key float64) extent {
	e := extent{system: c.Program.Config.System, size: c.Constraints(), key: key}
	if c.Flat != nil {
		e.plan = c.Flat.Plan
	}
	return e
}

func (e extent) cost() Cost {
	setup, prove := e.times()
	scaled := func(ns float64) time.Duration { return time.Duration(slowness() * ns) }
	return Cost{
		Domain: e.domain, ProvingKeyBytes: int64(e.key), ProofBytes: e.proofBytes(),
		Setup: scaled(setup), Prove: scaled(prove), SetupBytes: e.setupBytes(), ProveBytes: e.proveBytes(),
	}
}

// times returns how long the reference takes, in nanoseconds.
func (e extent) times() (setup, prove float64) {
	after := func(base, per time.Duration, n float64) float64 { return float64(base) + float64(per)*n }
	mb := e.key / 1e6
	switch e.system {
	case circuits.Flat:
		setup = after(flatSetupBase, flatSetupPerMB, mb) + after(0, flatSetupRow, float64(e.plan.ModelRows())) +
			after(0, flatSetupWeight, e.weights()) + after(0, flatSetupBox, float64(len(e.plan.Boxes)))
		return setup, after(flatProveBase, flatProveValue, e.values())
	case circuits.Plonk:
		return after(plonkSetupBase, plonkSetupPerMB, mb), after(plonkProveBase, plonkProveGate, float64(e.size))
	}
	return after(setupBase, setupPerMB, mb), after(proveBase, provePerMB, mb)
}

// values is the number of addresses of a plan.
func (e extent) values() float64 { return float64(int(1) << e.plan.Values) }

// weights is the number of those of a plan that are folded.
func (e extent) weights() float64 { return float64(e.plan.Weights << e.plan.Row) }

// proofBytes is exact: every proof of a system, or of a plan, is as long.
func (e extent) proofBytes() int {
	switch e.system {
	case circuits.Flat:
		return e.plan.ProofSize()
	case circuits.Plonk:
		return (&verifier.Proof{Plonk: new(verifier.PlonkProof)}).Size()
	}
	return (&verifier.Proof{Groth16: new(verifier.Groth16Proof)}).Size()
}

func (e extent) setupBytes() int64 {
	switch e.system {
	case circuits.Flat:
		return int64(flatSetupBytesBase + flatSetupBytesPerValue*e.values() + flatSetupBytesWeight*e.weights())
	case circuits.Plonk:
		return int64(plonkSetupBytesBase + plonkSetupBytesPerByte*e.key)
	}
	return int64(setupBytesBase + setupBytesPerByte*e.key)
}

func (e extent) proveBytes() int64 {
	switch e.system {
	case circuits.Flat:
		return int64(flatProveBytesBase + flatProveBytesPerValue*e.values() + flatProveBytesWeight*e.weights())
	case circuits.Plonk:
		return int64(plonkProveBytesBase + plonkProveBytesPerByte*e.key)
	}
	return int64(proveBytesBase + proveBytesPerByte*e.key)
}

// slowness is how many times longer than the reference this machine multiplies points.
var slowness = sync.OnceValue(func() float64 {
	_, _, g, _ := bn254.Generators()
	scalars, points := make([]fr.Element, 1<<12), make([]bn254.G1Affine, 1<<12)
	for i := range scalars {
		scalars[i].SetUint64(uint64(i) + 3)
		scalars[i].Inverse(&scalars[i]) // of full size
	}
	times := make([]time.Duration, 5)
	for i := range times {
		start := time.Now()
		if err := msm.MulG1(context.Background(), points, g, scalars, nil); err != nil {
			panic("prover: " + err.Error()) // nothing cancels it
		}
		times[i] = time.Since(start)
	}
	return float64(slices.Min(times)) / float64(referenceTime)
})

// Bytes of a point of G1 in a key, and of what names its wire.
const pointBytes, indexBytes = 64, 4

// keySize returns the size that a circuit's constraints are padded to, and that of its proving key.
func keySize(c *circuits.Compiled) (domain int, bytes int64) {
	const g1, g2, index = pointBytes, 2 * pointBytes, indexBytes
	if c.Flat != nil {
		return 1 << c.Flat.Plan.Values, g1 * int64(flatPowers(c))
	}
	n := c.System.GetNbConstraints()
	if c.Plan.Plonk { // two bases of the reference string
		domain = plonk.Size(n + c.System.GetNbPublicVariables())
		return domain, 2 * g1 * int64(domain)
	}
	r1cs := c.System.(*cs.R1CS)
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
	for _, k := range r1cs.CommitmentInfo.(constraint.Groth16Commitments) {
		committed += len(k.PrivateCommitted)
		private-- // the challenge
	}
	points := marked(left) + marked(right) + domain + (private - committed) + 2*committed
	return domain, int64((g1+index)*points + (g2+index)*marked(right))
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
