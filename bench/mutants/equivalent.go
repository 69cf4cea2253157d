package main

import "strings"

// proven is a change that alters nothing a proof rests on, with the argument why.
type proven struct {
	file, rule, text string // of the mutant: its file's end, its rule, and what its text contains
	why              string
}

// equivalents lists the mutants that survive because they are no change.
var equivalents = []proven{
	{"relation/bounds.go", "check that never refuses", "open >= 0",
		"with two unbounded terms refineTerm finds that the interval of the others is not known, and refuses"},
	{"relation/bounds.go", "check that never refuses", "!ok",
		"no interval of the others means that the expression has none either, and checkExpressions refuses the system"},
	{"relation/bounds.go", "check that never refuses", "n == *x",
		"rounds in which nothing changes end at their limit, and a bound past 2^62 makes checkExpressions refuse"},
	{"relation/bounds.go", "check that never refuses", "x == unbounded",
		"its products with a coefficient overflow, which the next check refuses"},
	{"circuits/clip.go", "statement left out", "c.in.Range.Hi-c.in.Range.Lo",
		"a column that nothing else bounds Finish does, and no exactness rests on a bound that is for the honest prover"},
	{"circuits/softmax_matmul.go", "statement left out", "b.Below(out",
		"Finish bounds outputs that nothing else bounds, and the sums, at a greater cost; the remainder leaves one quotient of any width"},
	{"circuits/softmax_matmul.go", "statement left out", "b.NonNegative(half",
		"Finish bounds the sums instead, at a greater cost, and so half"},
	{"circuits/onehot.go", "statement left out", "b.Range(out, o.out.Range)",
		"Finish bounds columns that nothing else bounds; integers of the sum one that are not negative are a one among zeros"},
	{"prover/audit.go", "check that never refuses", "s.Outputs[i].Digest == nil",
		"the statement that Verify returns was packed from the program's own integers; the check is for faults of packing"},
	{"prover/file.go", "check that never refuses", "want.Architecture != k.VerifyingKey.Card.Architecture",
		"proving and bound keys name the setup and the verifying key they belong to, and are compared with both"},
	{"prover/import.go", "check that never refuses", "c.Program.Config.System != circuits.Groth16",
		"the constraint system of another kind fails its type assertion, which is the same error"},
	{"prover/import.go", "check that never refuses", "vk.CommitmentKeys[i].G != vk.CommitmentKeys[0].G",
		"the key would hold one base for all, under which Matches refuses the others' commitments"},
	{"prover/keys.go", "check that never refuses", "len(wires) != values",
		"the key was compared with the circuit, whose first commitment is the program's weights"},
	{"prover/plonk.go", "check that never refuses", "k.VerifyingKey.Plonk.Size != size",
		"setup's digest binds the size to the program; and a string of another size is refused when it is read"},
	{"prover/srs.go", "check that never refuses", "uint64(len(srs.Pk.G1)) < size+blindingDegree",
		"both callers bring as many points: newSRS makes them, readSRS counts them"},
	{"prover/srs.go", "check that never refuses", "points[i].IsInfinity()",
		"decoders refuse points off the curve, and after one at infinity the ratio to the next is not tau"},
	{"prover/srs.go", "check that never refuses", "!points[i].IsOnCurve()",
		"the cache's decoder refuses points off the curve"},
	{"prover/write.go", "check that never refuses", "n < 0",
		"of a file shorter than its checksum nothing is hashed, and the checksum is not that of nothing"},
	{"circuits/gadget/plonk.go", "check that never refuses", "!found",
		"a value without a row would stand for row 0, which commits another: Plan.Check refuses two values in one row"},
	{"prover/plonk/weights.go", "check that never refuses", "!defined",
		"a hash that meets one of the rows; and a proof of support made with it would be refused by who checks it"},
	{"prover/plonk/weights.go", "check that never refuses", "!zero.IsZero()",
		"the remainder is zero for every quotient that multiply gives; the check is for faults of its own, and others refuse such a proof"},
	{"prover/plonk/weights.go", "a proof of support does not depend on the rows of weights", "write(row)",
		"who checks a proof takes the rows from the program, fixed before: hashed they name what the proof is of"},
	{"prover/groth16/file.go", "check that never refuses", "d.err != nil",
		"what could not be read is missing, and checkBound refuses queries without their bases"},
	{"prover/groth16/matches.go", "check that never refuses", "len(vk.CommitmentKeys) != len(p.commitments)",
		"both were read to the circuit's number of commitments"},
	{"prover/groth16/read.go", "check that never refuses", "d.err != nil",
		"what could not be read is zero: points at infinity, which New and the verifying key's check refuse"},
	{"prover/groth16/prover.go", "check that never refuses", "m.row < 0",
		"a mask in no constraint has infinity for a base, and one not found names the constant, which no commitment takes: CheckHides refuses both"},
	{"verifier/batch.go", "check that never refuses", "len(e.Indexes) == 0",
		"an empty BatchError is an error, too"},
	{"verifier/card.go", "check that never refuses", "int(c.System) >= len(systemNames)",
		"a key whose system is unknown has points of no system, which parsing refuses"},
	{"verifier/card.go", "bound moved by one", "int(c.System) >= len(systemNames)",
		"as above"},
	{"circuits/flat/layout.go", "check that never refuses", "len(boxes) != 1",
		"keys whose plan exposes fewer integers than the card's tensor are refused; the check is for faults of the layout"},
	{"circuits/flat/space.go", "check that never refuses", "more.padded() > s.padded()",
		"it chooses between layouts of one meaning"},
	{"verifier/flat/box.go", "check that never refuses", "b.Constant() || rest < 0",
		"no sum of steps is negative, and of a constant's address one more is none"},
	{"verifier/flat/fold.go", "check that never refuses", "(1<<q.hi[slots]-1<<q.lo[slots])&slotBits != 0",
		"parts of a box never move the same bits; the check is for faults of parts"},
	{"verifier/flat/fold.go", "bound moved by one", "w.products > maxWork", "a limit of time"},
	{"verifier/flat/plan.go", "bound moved by one", "w.products > maxWork", "a limit of time"},
	{"verifier/flat/plan.go", "bound moved by one", "terms > 1<<MaxValues", "a limit of time"},
	{"verifier/flat/plan.go", "bound moved by one", "b.Value < 1<<p.Row",
		"the value there is a mask, which boxes may not reach"},
	{"verifier/flat/proof.go", "bound moved by one", "len(data) < head", "a head alone is cut short"},
	{"verifier/flat/proof.go", "check that never refuses", "int(witness)+int(inverses) > maxRows",
		"a limit of memory: proofs of another shape than the plan's are refused before anything is computed"},
	{"verifier/flat/proof.go", "bound moved by one", "len(data) < bn254.SizeOfG1AffineCompressed", "the opening follows"},
	{"verifier/flat/proof.go", "bound moved by one", "len(data) < fr.Bytes", "the opening follows"},
}

func (m mutant) isEquivalent() bool {
	for _, e := range equivalents {
		if strings.HasSuffix(m.file, e.file) && m.what == e.rule && strings.Contains(m.from, e.text) {
			return true
		}
	}
	return false
}
