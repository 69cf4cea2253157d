package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/verifier"
)

// plonkNetwork measures one network under PLONK.
func plonkNetwork(ctx context.Context, n networkCase, rounds int) error {
	c, err := n.compile()
	if err != nil {
		return err
	}
	start := time.Now()
	keys, err := prover.UnsafeSetup(ctx, c, nil)
	if err != nil {
		return err
	}
	setup := time.Since(start)
	gnark, err := keys.ForGnark(ctx)
	if err != nil {
		return err
	}
	var theirs, ours []time.Duration
	for i := range rounds + 1 {
		x := n.input(c.Program, i)
		proof, slow, err := gnark.UnsafeProveWithGnark(x)
		if err != nil {
			return err
		}
		if _, err := verifier.Verify(gnark.VerifyingKey, proof); err != nil {
			return err
		}
		start := time.Now()
		if proof, err = keys.Prove(ctx, x, prover.Options{}); err != nil {
			return err
		}
		fast := time.Since(start)
		if err := keys.VerifyWithGnark(proof); err != nil {
			return err
		}
		if i > 0 { // the first round warms up and makes the fixed columns
			theirs, ours = append(theirs, slow), append(ours, fast)
		}
	}
	a, b := median(theirs), median(ours)
	row(n.name, fmt.Sprint(c.Constraints()), "", seconds(setup), "", ms(a), ms(b), ratio(a, b), "", "")
	return nil
}
