package prover

import (
	"context"
	"errors"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/groth16"
)

// ErrBind means that keys cannot be bound: PLONK or baked weights.
var ErrBind = errors.New("nothing to bind")

// Bind returns keys that prove faster because everything that depends on the weights
// alone is computed once: their sums in every query and both commitment bases, and their
// products' bases folded into those of the inputs. It takes a second or so and pays from
// the first few proofs on.
//
// Bound keys are as secret as the weights: they hold unblinded sums over them.
func (k *Keys) Bind(ctx context.Context) (*Keys, error) {
	if k.groth16 == nil || !k.compiled.Plan.Committed() {
		return nil, fmt.Errorf("bind: keys without committed weights under Groth16: %w", ErrBind)
	}
	p, err := k.prepare()
	if err != nil {
		return nil, err
	}
	first := k.compiled.System.GetNbPublicVariables()
	wires := make([]int, len(k.weights), len(k.weights)+1)
	for i := range wires {
		wires[i] = first + i
	}
	bound, err := p.Bind(ctx, append(wires, p.Masks()[0]), append(append(fr.Vector{}, k.weights...), fr.Element{}))
	if err != nil {
		return nil, err
	}
	b := &Keys{VerifyingKey: k.VerifyingKey, compiled: k.compiled, groth16: k.groth16, weights: k.weights}
	b.prepare = func() (*groth16.Prover, error) { return bound, nil }
	return b, nil
}
