package prover

import (
	"context"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
)

// Options are the choices of one proof. The zero value is fine.
type Options struct {
	// Context is part of the statement: a nonce, a chain id, a request's hash
	// (verifier.ContextOf makes one of any bytes).
	Context  fr.Element
	Progress Progress
	// Values are what circuits.Program.Eval returned for these inputs, where the caller has them
	// already; nil runs the network.
	Values [][]int64
	// Salt returns the salt of each digest in the statement, inputs before outputs; nil
	// draws them at random. A digest hides its tensor only behind a random salt, and whoever
	// is to open it later (poseidon2.Sum over the packed tensor and the salt) must keep it.
	Salt func() (fr.Element, error)
}

// Prove runs the network on quantized inputs (circuits.Program.Quantize) and proves its
// output. Every proof of one input is different; none reveals more than its statement.
func (k *Keys) Prove(ctx context.Context, inputs [][]int64, o Options) (*verifier.Proof, error) {
	o.Progress.report("witness", 0)
	salt := o.Salt
	if salt == nil {
		salt = randomElement
	}
	values := o.Values
	if values == nil {
		var err error
		if values, err = k.compiled.Program.Eval(inputs); err != nil {
			return nil, err
		}
	}
	if k.flat != nil {
		proof, err := k.proveFlat(ctx, values, o)
		return k.checked(proof, err, o.Progress)
	}
	w, err := k.compiled.WitnessOf(values, k.weights, o.Context, salt)
	if err != nil {
		return nil, err
	}
	return k.proveWitness(ctx, w, o.Progress)
}

// proveWitness proves what a witness claims, honest or not.
func (k *Keys) proveWitness(ctx context.Context, w *gadget.Witness, p Progress) (proof *verifier.Proof, err error) {
	if k.plonk != nil {
		proof, err = k.provePlonk(ctx, w, p)
	} else {
		proof, err = k.proveGroth16(ctx, w, p)
	}
	return k.checked(proof, err, p)
}

// checked returns a proof that was made and verifies.
func (k *Keys) checked(proof *verifier.Proof, err error, p Progress) (*verifier.Proof, error) {
	if err != nil {
		return nil, err
	}
	p.report("check", 0.95)
	if _, err := verifier.Verify(k.VerifyingKey, proof, verifier.WithAnyContext()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSelfCheck, err)
	}
	p.report("done", 1)
	return proof, nil
}

func (k *Keys) proveGroth16(ctx context.Context, w *gadget.Witness, p Progress) (*verifier.Proof, error) {
	t := &transcript{statement: w.Statement}
	t.stmt = verifier.StatementHash(k.VerifyingKey.Digest(), w.Statement)
	stages := map[string]float64{"commit": 0.05, "solve": 0.1, "quotient": 0.2, "sums": 0.4}
	proof, err := k.groth16.Prove(ctx, w.Secret, k.mask(), t, func(stage string) { p.report(stage, stages[stage]) })
	if err != nil {
		return nil, err
	}
	out := &verifier.Groth16Proof{Ar: proof.Ar, Bs: proof.Bs, Krs: proof.Krs}
	last := len(proof.Commitments) - 1
	out.D, out.PoK = proof.Commitments[last], proof.PoKs[last]
	if c := k.VerifyingKey.Groth16.Weights; c != nil && proof.Commitments[0] != c.C {
		return nil, fmt.Errorf("weights are not those of the verifying key: %w", ErrKeys)
	}
	return &verifier.Proof{KeyDigest: k.VerifyingKey.Digest(), Statement: w.Statement, Groth16: out}, nil
}

// mask returns the masks gnark adds to commitments: zero for the weights', which the
// blinding hides and which must be the same in every proof; random for the other.
func (k *Keys) mask() func(int) fr.Element {
	return func(i int) (m fr.Element) {
		if i == 0 && k.compiled.Committed() {
			return m
		}
		if _, err := m.SetRandom(); err != nil {
			panic("prover: no randomness: " + err.Error()) // crypto/rand does not fail
		}
		return m
	}
}

// transcript derives a proof's challenges and its public input (package verifier).
type transcript struct {
	statement fr.Vector
	stmt      [32]byte
}

var _ groth16.Transcript = (*transcript)(nil)

func (t *transcript) Challenge(_ int, prehash []byte) (z fr.Element) {
	h := verifier.NewChallengeHash(t.stmt)
	h.Write(prehash)
	z.SetBytes(h.Sum(nil))
	return z
}

func (t *transcript) Public(challenges []fr.Element) (fr.Vector, error) {
	return fr.Vector{verifier.FoldStatement(t.statement, challenges[len(challenges)-1])}, nil
}

func randomElement() (e fr.Element, err error) {
	_, err = e.SetRandom()
	return e, err
}
