package circuits

import (
	"bytes"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/frontend/cs/scs"
	"golang.org/x/sync/errgroup"

	"github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
)

// Compiled is a program with its gnark constraint system or, for the flat argument, which has
// no constraints, with its plan.
type Compiled struct {
	Program *Program
	Plan    *gadget.Plan                // nil under Flat
	System  constraint.ConstraintSystem // nil under Flat
	Flat    *flat.Compiled              // nil but under Flat
}

// Compile builds the constraint system of a program. It is the same for all weights of
// one architecture, unless they are baked. Errors wrap [ErrRange] if an integer could
// overflow. gnark reports its progress to gnark's own logger, which is the importer's to
// silence.
func Compile(p *Program) (*Compiled, error) {
	if p.Config.System == Flat {
		return compileFlat(p)
	}
	plan, err := p.Plan()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	ccs, err := compileSystem(plan, plan.Circuit())
	if err == nil && plan.Plonk {
		err = plan.Check(ccs.(*cs.SparseR1CS))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return &Compiled{Program: p, Plan: plan, System: ccs}, nil
}

func compileFlat(p *Program) (*Compiled, error) {
	sys, err := p.System()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	c, err := flat.New(sys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return &Compiled{Program: p, Flat: c}, nil
}

// SystemOf returns the constraint system with private weights in its selectors, as gnark's
// own PLONK setup and prover need it: what [gadget.Plan.PackedWeights] returns. It is as secret as
// they are. Of Groth16 and baked weights it is the one there is.
func (c *Compiled) SystemOf(weights fr.Vector) (constraint.ConstraintSystem, error) {
	if c.Flat != nil {
		return nil, errFlat
	}
	if !c.Plan.Plonk || !c.Plan.Committed() {
		return c.System, nil
	}
	return compileSystem(c.Plan, c.Plan.CircuitOf(weights))
}

func compileSystem(plan *gadget.Plan, circuit frontend.Circuit) (constraint.ConstraintSystem, error) {
	// Long sums stay one expression under R1CS: splitting them would add constraints. The
	// threshold also sizes buffers.
	opts := []frontend.CompileOption{frontend.IgnoreUnconstrainedInputs()}
	var builder frontend.NewBuilder = scs.NewBuilder[constraint.U64]
	if !plan.Plonk {
		builder = r1cs.NewBuilder[constraint.U64]
		opts = append(opts, frontend.WithCompressThreshold(1<<17))
	}
	return frontend.Compile(ecc.BN254.ScalarField(), builder, circuit, opts...)
}

// errFlat means that there is no constraint system under Flat.
var errFlat = fmt.Errorf("the flat system has no constraints: %w", ErrProgram)

// Plan decides how the program's statements become constraints, without building them.
func (p *Program) Plan() (*gadget.Plan, error) {
	sys, err := p.System()
	if err != nil {
		return nil, err
	}
	return gadget.New(sys, gadget.Config{Baked: p.Config.Weights == Baked, Plonk: p.Config.System == Plonk})
}

// Cost estimates what proofs of a program cost under its system, to compare programs: constraints, or the
// addresses that the flat argument needs.
func (p *Program) Cost() (int, error) {
	if p.Config.System == Flat {
		sys, err := p.System()
		if err != nil {
			return 0, err
		}
		return flat.Cost(sys), nil
	}
	plan, err := p.Plan()
	if err != nil {
		return 0, err
	}
	return plan.TotalCost(), nil
}

// Constraints returns the number of constraints; under Flat the number of integers that are
// committed to.
func (c *Compiled) Constraints() int {
	if c.Flat != nil {
		return c.Flat.Size()
	}
	return c.System.GetNbConstraints()
}

// Committed reports whether proofs are about private weights that a key commits to.
func (c *Compiled) Committed() bool { return c.Flat != nil || c.Plan.Committed() }

// StatementSize returns the number of field elements of a proof's statement.
func (c *Compiled) StatementSize() int {
	if c.Flat != nil {
		return c.Flat.StatementSize()
	}
	return c.Plan.StatementSize()
}

// FlatWitness returns the values that the flat argument commits to, and the statement, from
// the values that [Program.Eval] returned.
func (c *Compiled) FlatWitness(values [][]int64, context fr.Element) (*flat.Witness, error) {
	if err := c.checkValues(values); err != nil {
		return nil, err
	}
	return c.Flat.Witness(c.Flat.System().Assign(values), context)
}

// Witness runs the network on quantized inputs and returns the circuit's witness.
// weights are Plan.PackedWeights.
func (c *Compiled) Witness(inputs [][]int64, weights fr.Vector, context fr.Element, salt func() (fr.Element, error)) (*gadget.Witness, error) {
	values, err := c.Program.Eval(inputs)
	if err != nil {
		return nil, err
	}
	return c.WitnessOf(values, weights, context, salt)
}

// WitnessOf is [Compiled.Witness] from the values that [Program.Eval] returned. Of others it is a
// witness that no proof can be made with, or [ErrInput] if their number or sizes differ.
func (c *Compiled) WitnessOf(values [][]int64, weights fr.Vector, context fr.Element, salt func() (fr.Element, error)) (*gadget.Witness, error) {
	if err := c.checkValues(values); err != nil {
		return nil, err
	}
	if c.Flat != nil {
		return nil, errFlat
	}
	return c.Plan.Witness(c.assignment(values), weights, context, salt)
}

func (c *Compiled) checkValues(values [][]int64) error {
	if len(values) != len(c.Program.types) {
		return fmt.Errorf("%d values, want %d: %w", len(values), len(c.Program.types), ErrInput)
	}
	for i := range values {
		if n := relation.Size(c.Program.types[i].Shape); len(values[i]) != n {
			return fmt.Errorf("%s: %d integers, want %d: %w", c.Program.describe(i), len(values[i]), n, ErrInput)
		}
	}
	return nil
}

func (c *Compiled) assignment(values [][]int64) *relation.Assignment {
	return c.Plan.Sys.Assign(values)
}

// StoreSystem returns the constraint system in bytes, from which [Restore] makes it again in less
// than a tenth of the time that [Compile] takes. Of baked weights it is as secret as they are.
func (c *Compiled) StoreSystem() ([]byte, error) {
	if c.Flat != nil {
		return nil, errFlat
	}
	system, err := gadget.StoreSystem(c.System)
	digest := c.Program.SetupDigest()
	return append(digest[:], system...), err
}

// Restore is [Compile] with the constraint system as [Compiled.StoreSystem] returned it for a
// program of the same architecture, or for the same one if weights are baked. The bytes must be
// the caller's own: nothing but their form is checked. Those of another program or another
// version are [gadget.ErrStored].
func Restore(p *Program, stored []byte) (*Compiled, error) {
	if p.Config.System == Flat {
		return nil, errFlat
	}
	digest := p.SetupDigest()
	system, ok := bytes.CutPrefix(stored, digest[:])
	if !ok {
		return nil, fmt.Errorf("%s: it is another program's: %w", p.Name, gadget.ErrStored)
	}
	c := &Compiled{Program: p}
	var g errgroup.Group
	g.Go(func() (err error) { c.Plan, err = p.Plan(); return err })
	g.Go(func() (err error) { c.System, err = gadget.RestoreSystem(system); return err })
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return c, nil
}
