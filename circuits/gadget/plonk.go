package gadget

import (
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	fcs "github.com/consensys/gnark/frontend/cs"
)

// plonk is what a PLONK circuit has beside an engine: sums that cost nothing until they are
// used, columns that share rows, and weights in a selector.
//
// Weights. Each packed and each single weight of a private model is the selector qR of one
// row, acc + w·x - acc' = 0, whatever its value; nothing else in the circuit depends on
// them. The verifying key commits to qR, with a random number as the selector of one row
// more, on which nothing else rests; so it hides the weights, and it fixes them before
// any proof (prover/plonk says why no proof opens more of it than a combination of all
// selectors).
type plonk struct {
	*rows
	places *places
	order  []frontend.Variable // what the proof commits to
	loaded map[int]*sum        // weights that are wires
}

// beginPlonk makes the one commitment of a proof. What it takes is all public inputs and all
// secret inputs but the weights, each in a row that [plonk.finish] has to find.
func (e *engine) beginPlonk(c *Circuit) error {
	first := 0
	if e.committed {
		first = e.weights + 1
	}
	e.order = slices.Concat(c.Public, c.Secret[first:])
	z, err := e.API.Compiler().NewHint(fcs.Bsb22CommitmentComputePlaceholder, 1, append([]frontend.Variable{0}, e.order...)...)
	if err != nil {
		return err
	}
	e.z = of1(e.rows.of(z[0]))
	e.powers[1] = e.z
	for _, x := range c.Public {
		e.rows.commit(x)
	}
	if c.weights != nil {
		e.selectors = func(secret uint32) fr.Element { return c.weights[int(secret)-len(c.Public)] }
	}
	e.places = newPlaces(e)
	return nil
}

// commit commits a variable in a row of its own, which makes it a wire.
func (r *rows) commit(v frontend.Variable) uint32 {
	r.n = r.API.(plonkBuilder).AddPlonkCommitmentInputs([]frontend.Variable{v})[0] + 1
	wire := r.of(v)
	r.committed[wire] = r.n - 1
	return wire
}

// plonkBuilder is gnark's builder of PLONK circuits.
type plonkBuilder interface {
	AddPlonkCommitmentInputs([]frontend.Variable) []int
	AddPlonkCommitmentOutputs([]int, []frontend.Variable) error
}

// bind states that the public inputs are the statement. Input 0, the context, is bound by
// the commitment alone.
func (e *engine) bind(c *Circuit, statement []frontend.Variable) {
	for i, s := range statement {
		e.api.AssertIsEqual(s, c.Public[i+1])
	}
}

// weight returns packed weight i, for one use, or for many where it has to be loaded.
func (e *engine) weight(i int, many bool) frontend.Variable {
	w := hidden{e.rows.of(e.secret[i])}
	if !many {
		return w
	}
	if e.loaded[i] == nil {
		e.loaded[i] = of1(e.rows.wire(e.rows.sum(w)))
	}
	return e.loaded[i]
}

// finish writes what is left: columns and weights that no row uses, the row that hides the
// weights, and the commitment's. The last row commits nothing: provers put a random number
// into the commitment there, as in its own row.
func (e *engine) finish() error {
	for _, b := range e.Sys.Blocks {
		if e.places.first[b.ID] >= 0 {
			for i := range b.Size() {
				e.places.value(b, i)
			}
		}
	}
	if e.committed {
		for i := range e.weights {
			if !e.used[e.rows.of(e.secret[i])] {
				e.weight(i, true)
			}
		}
		e.write(row{b: fresh, p: none, w: e.rows.of(e.secret[e.weights])})
	}
	at := make([]int, len(e.order))
	for i, v := range e.order {
		row, found := e.rows.committed[e.rows.of(v)]
		if !found {
			return fmt.Errorf("committed value %d has no row", i)
		}
		at[i] = row
	}
	if err := e.API.(plonkBuilder).AddPlonkCommitmentOutputs(at, []frontend.Variable{e.rows.raw(e.z)}); err != nil {
		return err
	}
	e.write(row{p: none, w: none})
	return nil
}

// WeightRows returns the row of each packed weight, then of the blinding, in a compiled PLONK
// circuit with private weights: the rows whose selector qR is 0 in the circuit and secret in
// the key.
func (p *Plan) WeightRows(system *cs.SparseR1CS) []int {
	if !p.committed {
		return nil
	}
	public := system.GetNbPublicVariables()
	rows := make([]int, p.weights+1)
	eachRow(system, func(at int, r row) {
		if r.w != none {
			rows[int(r.w)-public] = public + at
		}
	})
	return rows
}

// Check returns an error unless a compiled PLONK circuit has the properties its soundness and
// its secrecy rest on:
//
//   - each value is committed in one row, and one that a row has as its fourth term is no wire
//     of any row: what stands for it follows from that row;
//   - each weight, and the blinding, is in one row and no wire of any, nor is that row's selector
//     in the circuit;
//   - the row of the blinding has a wire of its own and no other selector, so that it says
//     that this wire is 0 and nothing else;
//   - no row of a weight commits a value, and neither does the commitment's or the last.
func (p *Plan) Check(system *cs.SparseR1CS) error {
	c := checker{p: p, system: system, wires: make([]int, system.GetNbPublicVariables()+system.GetNbSecretVariables()+system.NbInternalVariables)}
	return c.run()
}

type checker struct {
	p      *Plan
	system *cs.SparseR1CS
	wires  []int // in how many places each occurs
}

func (c *checker) run() error {
	info, ok := c.system.CommitmentInfo.(constraint.PlonkCommitments)
	if !ok || len(info) != 1 {
		return fmt.Errorf("%T of length %d: want one commitment of PLONK's", c.system.CommitmentInfo, len(info))
	}
	committed := map[int]bool{}
	for _, row := range info[0].Committed {
		if committed[row] {
			return fmt.Errorf("row %d commits two values", row)
		}
		committed[row] = true
	}
	if last := c.system.GetNbConstraints() - 1; committed[info[0].CommitmentIndex] || committed[last] || info[0].CommitmentIndex == last {
		return fmt.Errorf("a value is committed where the commitment's blinding goes, or there is one such row only")
	}
	it := c.system.GetSparseR1CIterator()
	for r := it.Next(); r != nil; r = it.Next() {
		for _, x := range [][2]uint32{{r.XA, r.QL | r.QM}, {r.XB, r.QR | r.QM}, {r.XC, r.QO}} {
			if x[1] != constraint.CoeffIdZero {
				c.wires[x[0]]++
			}
		}
	}
	weights := map[uint32]bool{}
	var err error
	fail := func(at int, what string) {
		if err == nil {
			err = fmt.Errorf("row %d %s", at, what)
		}
	}
	public := uint32(c.system.GetNbPublicVariables())
	eachRow(c.system, func(_ int, r row) { // in the circuit a weight's selector is 0, in the key it is not
		if r.w != none && int(r.w-public) != c.p.weights {
			c.wires[r.b]++
		}
	})
	eachRow(c.system, func(at int, r row) {
		switch {
		case r.p != none && !committed[at]:
			fail(at, "has a committed value that the commitment has not")
		case r.p != none && c.wires[r.p] > 0:
			fail(at, "commits a value that is a wire too")
		}
		if r.w == none {
			return
		}
		blinding := int(r.w-public) == c.p.weights
		switch {
		case int(r.w-public) > c.p.weights || weights[r.w]:
			fail(at, "has a weight that another has, or that is none")
		case c.wires[r.w] > 0:
			fail(at, "has a weight that is a wire too")
		case committed[at] || r.p != none:
			fail(at, "commits a value beside a weight")
		case r.qR != constraint.CoeffIdZero || r.qM != constraint.CoeffIdZero:
			fail(at, "has a selector beside a weight's")
		case blinding && (r.qL|r.qO|r.qC != constraint.CoeffIdZero || c.wires[r.b] > 0):
			fail(at, "hides the weights and says something else")
		case blinding && int(r.b) < c.system.GetNbPublicVariables()+c.system.GetNbSecretVariables():
			fail(at, "hides the weights by an input")
		}
		weights[r.w] = true
	})
	if err == nil && c.p.committed && len(weights) != c.p.weights+1 {
		err = fmt.Errorf("%d rows with a weight, want %d", len(weights), c.p.weights+1)
	}
	return err
}
