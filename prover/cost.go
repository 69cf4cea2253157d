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
)

// Cost is what keys and proofs of a circuit take, predicted before there are any: sizes of
// keys to a tenth. Times are of this machine, from how fast it multiplies points now; like the
// peaks of memory they are mostly within a quarter.
type Cost struct {
	Domain          int           // the size that the constraints are padded to
	ProvingKeyBytes int64         // of the file
	Setup, Prove    time.Duration // making keys; one proof from keys that are not bound
	SetupBytes      int64         // peak memory of a process that makes keys
	ProveBytes      int64         // and of one that proves
}

// What a process takes, and what each megabyte of its proving key adds, in times of a
// machine that multiplies its points in referenceTime, and in bytes. Measured with nnark setup
// and prove, --json, on two cores of Ice Lake with the AVX-512 IFMA kernels, on fourteen
// networks of 5,700 to 294,000 constraints under Groth16 and four of 12,000 to 225,000 gates
// under PLONK. Under the flat argument it is addresses, 2^17 to 2^23 of six networks, and weights that
// are folded (bench/engine).
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

	flatSetupBase, flatSetupPerMB, flatSetupWeight = 35 * time.Millisecond, 60 * time.Millisecond, 90 * time.Nanosecond
	flatProveBase, flatProveValue                  = 20 * time.Millisecond, 550 * time.Nanosecond
	flatBytesBase, flatBytesPerValue               = 30e6, 390.0
)

// Predict returns what keys and proofs of a compiled network will take.
func Predict(c *circuits.Compiled) Cost {
	r := Cost{}
	r.Domain, r.ProvingKeyBytes = keySize(c)
	key := float64(r.ProvingKeyBytes)
	after := func(base, per time.Duration, n float64) time.Duration {
		return time.Duration(slowness() * (float64(base) + float64(per)*n))
	}
	if c.Flat != nil {
		values := float64(int(1) << c.Flat.Plan.Values)
		weights := float64(c.Flat.Plan.Weights << c.Flat.Plan.Row)
		r.Setup = after(flatSetupBase, flatSetupPerMB, key/1e6) + after(0, flatSetupWeight, weights)
		r.Prove = after(flatProveBase, flatProveValue, values)
	} else if c.Plan.Plonk {
		r.Setup, r.Prove = after(plonkSetupBase, plonkSetupPerMB, key/1e6), after(plonkProveBase, plonkProveGate, float64(c.Constraints()))
	} else {
		r.Setup, r.Prove = after(setupBase, setupPerMB, key/1e6), after(proveBase, provePerMB, key/1e6)
	}
	r.SetupBytes, r.ProveBytes = setupBytes(c, key), proveBytes(c, key)
	return r
}

func setupBytes(c *circuits.Compiled, key float64) int64 {
	if c.Flat != nil {
		return proveBytes(c, key)
	}
	if c.Plan.Plonk {
		return int64(plonkSetupBytesBase + plonkSetupBytesPerByte*key)
	}
	return int64(setupBytesBase + setupBytesPerByte*key)
}

func proveBytes(c *circuits.Compiled, key float64) int64 {
	if c.Flat != nil {
		return int64(flatBytesBase + flatBytesPerValue*float64(int(1)<<c.Flat.Plan.Values))
	}
	if c.Plan.Plonk {
		return int64(plonkProveBytesBase + plonkProveBytesPerByte*key)
	}
	return int64(proveBytesBase + proveBytesPerByte*key)
}

// keyBytes is the size of a circuit's proving key.
func keyBytes(c *circuits.Compiled) float64 {
	_, bytes := keySize(c)
	return float64(bytes)
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

// keySize returns the size that a circuit's constraints are padded to, and that of its proving key.
func keySize(c *circuits.Compiled) (domain int, bytes int64) {
	const g1, g2, index = 64, 128, 4 // a point of each group, and what names its wires
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
