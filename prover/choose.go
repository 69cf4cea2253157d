package prover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/consensys/gnark-crypto/ecc"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/plonk"
)

// Candidate is what proving a program takes under one proof system.
type Candidate struct {
	System    circuits.System
	Err       error              // why the system cannot prove it; the other fields are zero then
	Size      int                // as [circuits.Compiled.Constraints] returns it
	Estimated bool               // Size, keys and times are estimates: the circuit was not built. Proofs' sizes are exact
	Compiled  *circuits.Compiled // nil if estimated

	extent extent
}

// Cost returns what keys and proofs take, as [Predict] does.
func (c *Candidate) Cost() Cost { return c.extent.cost() }

// Refusal says in a few words why the system cannot prove the program.
func (c *Candidate) Refusal() string {
	if c.System == circuits.Flat && errors.Is(c.Err, circuits.ErrProgram) {
		return "weights are committed under it, and there are no digests"
	}
	return c.Err.Error()
}

// reference is how long setup and a first proof take on the machine that times are measured on.
func (c *Candidate) reference() time.Duration {
	setup, prove := c.extent.times()
	return time.Duration(setup + prove)
}

// maxBuilt bounds the constraints of circuits that are built only to be counted: PLONK's take up to 3 s
// then, and 8 minutes for two million.
const maxBuilt = 1 << 17

// Compare lists the three proof systems, in the order of their names' constants, with what a program costs
// under each. The plan of the flat system is always made, which takes a second for two million integers;
// circuits of more than 2^17 constraints are estimated. known, which may be nil, is the
// program as it is compiled. The error is the context's.
func Compare(ctx context.Context, p *circuits.Program, known *circuits.Compiled) ([]Candidate, error) {
	var list []Candidate
	for _, system := range []circuits.System{circuits.Groth16, circuits.Plonk, circuits.Flat} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if known != nil && known.Program.Config.System == system {
			list = append(list, CandidateOf(known))
			continue
		}
		q := p
		if p.Config.System != system {
			other := *p
			other.Config.System = system
			q = &other
		}
		list = append(list, candidate(q))
	}
	return list, nil
}

// CandidateOf is the system of a program that is compiled.
func CandidateOf(c *circuits.Compiled) Candidate {
	return Candidate{System: c.Program.Config.System, Size: c.Constraints(), Compiled: c, extent: extentOf(c)}
}

// candidate counts a program under its own system.
func candidate(p *circuits.Program) Candidate {
	refused := func(err error) Candidate { return Candidate{System: p.Config.System, Err: err} }
	if err := p.Config.Check(); err != nil {
		return refused(err)
	}
	if p.Config.System != circuits.Flat {
		if cost, err := p.Cost(); err != nil {
			return refused(err)
		} else if cost > maxBuilt {
			return estimated(p.Config.System, cost)
		}
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return refused(err)
	}
	return CandidateOf(c)
}

// What a constraint of the planned circuit becomes, on five networks: bytes of Groth16's key beside those of
// the domain, within 10 % where there are many; gates of PLONK, 2.4 to 2.8 where sums are short, 1.5 where they
// are long.
const (
	keyPerConstraint   = 372
	gatesPerConstraint = 2.6
)

// estimated is a circuit that is not built, from what its plan predicts.
func estimated(system circuits.System, cost int) Candidate {
	e := extent{system: system, size: cost}
	if system == circuits.Plonk {
		e.size = int(gatesPerConstraint * float64(cost))
		e.domain = plonk.Size(e.size)
		e.key = 2 * pointBytes * float64(e.domain)
	} else {
		e.domain = int(ecc.NextPowerOfTwo(uint64(cost)))
		e.key = (pointBytes+indexBytes)*float64(e.domain) + keyPerConstraint*float64(cost)
	}
	return Candidate{System: system, Size: e.size, Estimated: true, extent: e}
}

// patience is how long setup and a first proof of Groth16 may take on the machine that times are measured
// on, two cores of Ice Lake: about a million constraints do.
const patience = 10 * time.Second

// Choose returns the system that a program is best proven under if nothing else is asked for, and why, in
// words. list is [Compare]'s. It is Groth16, whose proofs are the shortest and the
// cheapest on chain, as long as setup and a first proof take 10 seconds on the machine that times
// are measured on. Of longer ones it is the quicker of Groth16 and flat. Neither speed nor memory of the machine
// at hand count: a network has the same system everywhere. PLONK is never chosen: it takes longer than the
// others. The error is that of Groth16 if the program can be proven under neither.
func Choose(list []Candidate) (circuits.System, string, error) {
	short, fast := &list[circuits.Groth16], &list[circuits.Flat]
	switch {
	case short.Err != nil && fast.Err != nil:
		return 0, "", short.Err
	case short.Err != nil:
		return circuits.Flat, "groth16 cannot prove it: " + short.Refusal(), nil
	case fast.Err != nil && short.reference() > patience:
		return circuits.Groth16, fmt.Sprintf("flat, which is faster for a network this large, cannot prove it: %s", fast.Refusal()), nil
	case fast.Err != nil:
		return circuits.Groth16, fmt.Sprintf("proofs of %d bytes, which contracts verify", short.extent.proofBytes()), nil
	}
	faster := float64(short.reference()) / float64(fast.reference())
	if short.reference() > patience && faster > 1 {
		return circuits.Flat, fmt.Sprintf("keys and a first proof in 1/%.0f of groth16's time; with --system groth16 proofs have %d bytes, and contracts verify them",
			faster, short.extent.proofBytes()), nil
	}
	why := fmt.Sprintf("proofs of %d bytes, which contracts verify", short.extent.proofBytes())
	if faster >= 4 {
		why += fmt.Sprintf("; flat would have keys and a first proof in 1/%.0f of the time", faster)
	}
	return circuits.Groth16, why, nil
}
