package prover

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"path/filepath"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/verifier"
)

// AuditOptions are what an auditor has beside the program and the verifying key. What
// comes from the vendor (Opening, KeyDir) need not be trusted; Ceremony, SRS and SRSDigests
// must come from elsewhere.
type AuditOptions struct {
	Opening    string               // file that opens the commitment to the weights
	Ceremony   *ceremony.Transcript // Groth16: the ceremony's transcript
	Phase1     [][32]byte           // digests of powers-of-tau files the auditor accepts
	SRS        io.ReaderAt          // PLONK and Flat: the reference string, in a form that ImportSRS takes
	SRSDigests [][32]byte           // digests of reference strings the auditor accepts
	KeyDir     string               // folder with the vendor's proving key, to prove with it too
	Inputs     int                  // random inputs to prove; 0 stands for 3
	Progress   Progress
}

// Verdict is what an audit says of a claim.
type Verdict string

const (
	Established    Verdict = "established"
	Refuted        Verdict = "refuted"
	NotEstablished Verdict = "not established"
)

// Finding is a claim about a verifying key and an audit's verdict on it.
type Finding struct {
	Claim   string  `json:"claim"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"` // how it was found, or what is missing
}

// AuditReport lists the findings of an audit, always of the same five claims: card, origin,
// circuit, weights, answers.
type AuditReport struct{ Findings []Finding }

// Accepted reports whether every claim was established: who accepts proofs under the key
// accepts answers of the program, and of nothing else.
func (r *AuditReport) Accepted() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Verdict != Established })
}

// The claims of an audit.
const (
	claimCard    = "the card describes the program"
	claimOrigin  = "no single party can prove false statements under the key, or open its commitment to other weights"
	claimCircuit = "the key is for the program's circuit"
	claimWeights = "the key is for the program's weights"
	claimAnswers = "proofs of random inputs verify under the key and show the program's integers"
)

// Audit finds out whether a verifying key is for a program: its circuit and its weights.
// The key's points and the basis of the commitment are recomputed, under Groth16 from the
// transcript of a ceremony, under PLONK from the reference string, and compared; nothing
// of the vendor's is believed. What cannot be recomputed is not established. Keys of one
// party are: whoever knows a setup's secrets can prove anything under its key.
//
// An error means that the audit could not be done: files that cannot be read, not enough
// memory, a cancelled context.
func Audit(ctx context.Context, c *circuits.Compiled, key *verifier.VerifyingKey, o AuditOptions) (*AuditReport, error) {
	if err := key.Check(); err != nil {
		return nil, err
	}
	size := extentOf(c)
	if err := checkMemory(size.setupBytes() + size.proveBytes()); err != nil {
		return nil, err
	}
	a := &audit{ctx: ctx, c: c, key: key, o: o, report: &AuditReport{}}
	if !a.card() {
		return a.report, nil
	}
	recompute := a.recomputeGroth16
	switch key.Card.System {
	case verifier.Plonk:
		recompute = a.recomputePlonk
	case verifier.Flat:
		recompute = a.recomputeFlat
	}
	for _, step := range []func() error{recompute, a.weights, a.answers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a.report, nil
}

type audit struct {
	ctx      context.Context
	c        *circuits.Compiled
	key      *verifier.VerifyingKey
	o        AuditOptions
	report   *AuditReport
	keys     *Keys // recomputed, nil if they could not be or differ
	blinding fr.Element
}

func (a *audit) find(claim string, v Verdict, format string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{claim, v, fmt.Sprintf(format, args...)})
}

// card compares the key's card with the program's. With another all else is another model.
func (a *audit) card() bool {
	want := verifier.VerifyingKey{Card: card(a.c), Groth16: a.key.Groth16, Plonk: a.key.Plonk, Flat: a.key.Flat}
	want.Card.Setup = a.key.Card.Setup
	if want.Digest() == a.key.Digest() {
		a.find(claimCard, Established, "names, shapes, scales, ranges, labels and the architecture's digest are the program's")
		return true
	}
	a.find(claimCard, Refuted, "it differs from the program's")
	for _, claim := range []string{claimOrigin, claimCircuit, claimWeights, claimAnswers} {
		a.find(claim, NotEstablished, "the key is another program's")
	}
	return false
}

func (a *audit) recomputeGroth16() error {
	if a.o.Ceremony == nil {
		v, why := NotEstablished, "no ceremony's transcript was given"
		if a.key.Card.Setup.Unsafe() {
			v, why = Refuted, "it is marked as one party's"
		}
		a.find(claimOrigin, v, "%s: whoever made the key may know its secrets", why)
		a.find(claimCircuit, NotEstablished, "a Groth16 key shows its circuit only together with the ceremony's transcript")
		return nil
	}
	a.o.Progress.report("ceremony", 0)
	made, err := verifyCeremony(a.ctx, a.c, a.o.Ceremony, ceremony.Options{Phase1: a.o.Phase1, Progress: ceremony.Progress(a.o.Progress)})
	if a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	if err != nil {
		v := Refuted
		if errors.Is(err, ceremony.ErrPhase1) { // the auditor has to say whose it is
			v = NotEstablished
		}
		a.find(claimOrigin, v, "%v", err)
		a.find(claimCircuit, NotEstablished, "the transcript yields no keys for this circuit")
		return nil
	}
	pk, vk, err := made.Keys()
	if err != nil {
		return err
	}
	keys := &Keys{compiled: a.c, VerifyingKey: &verifier.VerifyingKey{Card: a.key.Card}}
	keys.setGroth16(pk, vk)
	keys.VerifyingKey.Groth16.Weights = a.key.Groth16.Weights
	keys.VerifyingKey.Card.Setup = setupOf(made)
	if keys.VerifyingKey.Digest() != a.key.Digest() {
		a.find(claimOrigin, Refuted, "the key is not the one that the ceremony's transcript yields: a card of %v", &a.key.Card.Setup)
		a.find(claimCircuit, NotEstablished, "the key is not the one that the ceremony's transcript yields")
		return nil
	}
	a.keys = keys
	a.find(claimOrigin, Established, "%d parties contributed to the ceremony, one of whom is enough to be honest; every step of the transcript was verified", made.Contributions)
	a.find(claimCircuit, Established, "every point of the key was recomputed from the program and the transcript")
	return nil
}

func (a *audit) recomputePlonk() error {
	if a.o.SRS == nil {
		a.find(claimOrigin, NotEstablished, "no reference string was given")
		a.find(claimCircuit, NotEstablished, "a PLONK key is recomputed from its circuit and the reference string, which was not given")
		return nil
	}
	srs, err := a.referenceString(&a.key.Plonk.G2Tau)
	if srs == nil {
		return err
	}
	keys := &Keys{compiled: a.c, VerifyingKey: &verifier.VerifyingKey{Card: a.key.Card}}
	if err := keys.setupPlonk(a.ctx, srs, "", a.o.Progress); err != nil {
		return err
	}
	if a.c.Committed() {
		keys.VerifyingKey.Plonk.Qr, keys.VerifyingKey.Plonk.Weights = a.key.Plonk.Qr, a.key.Plonk.Weights
	}
	if keys.VerifyingKey.Digest() != a.key.Digest() {
		a.find(claimCircuit, Refuted, "the key is not the one that the program and the reference string yield")
		return nil
	}
	if !a.c.Committed() {
		a.keys = keys
		a.find(claimCircuit, Established, "every point of the key was recomputed from the program and the reference string")
		return nil
	}
	if err := keys.plonk.CheckSupport(&a.key.Plonk.Qr, support(a.key.Plonk)); err != nil {
		a.find(claimCircuit, Refuted, "the selector that hides the weights is not shown to be the circuit's elsewhere")
		return nil
	}
	a.keys = keys
	a.find(claimCircuit, Established, "every point of the key was recomputed from the program and the reference string, but for the one that hides the weights, which is shown to be the circuit's on all rows but theirs")
	return nil
}

// referenceString reads the reference string and says what it is worth; it returns nil if it is another
// than the key's.
func (a *audit) referenceString(tau2 *bn254.G2Affine) (*kzg.SRS, error) {
	srs, err := readSRS(a.o.SRS, srsSize(a.c))
	if err != nil {
		return nil, fmt.Errorf("SRS: %w: %w", err, ErrKeys)
	}
	digest := (&verifier.PlonkKey{G2Tau: *tau2}).SRSDigest()
	if srs.Vk.G2[1] != *tau2 {
		a.find(claimOrigin, Refuted, "the key is of another reference string, of digest %s", hex.EncodeToString(digest[:]))
		a.find(claimCircuit, NotEstablished, "the key is of another reference string")
		return nil, nil
	}
	switch unknown, err := unknownSRS(srs, a.o.SRSDigests); {
	case err != nil:
		a.find(claimOrigin, Refuted, "%v", err)
	case unknown:
		a.find(claimOrigin, NotEstablished, "no accepted digest was given; that of the reference string is %s", hex.EncodeToString(digest[:]))
	default:
		a.find(claimOrigin, Established, "the reference string has the accepted digest %s, and is well formed", hex.EncodeToString(digest[:]))
	}
	return srs, nil
}

func (a *audit) recomputeFlat() error {
	k := &Keys{compiled: a.c, VerifyingKey: a.key}
	if err := k.samePlan(); err != nil {
		a.find(claimOrigin, NotEstablished, "the key is another program's")
		a.find(claimCircuit, Refuted, "the key's plan is not the program's")
		return nil
	}
	if a.o.SRS == nil {
		a.find(claimOrigin, NotEstablished, "no reference string was given")
		a.find(claimCircuit, Established, "the key's plan was recomputed from the program")
		return nil
	}
	srs, err := a.referenceString(&a.key.Flat.G2Tau)
	if srs == nil {
		return err
	}
	a.find(claimCircuit, Established, "the key's plan was recomputed from the program")
	a.keys = &Keys{compiled: a.c, VerifyingKey: &verifier.VerifyingKey{Card: a.key.Card}}
	return a.keys.setupFlat(a.ctx, srs)
}

// weights opens the commitment with the recomputed basis.
func (a *audit) weights() error {
	if !a.c.Committed() {
		if a.keys != nil {
			a.find(claimWeights, Established, "they are constants of the circuit")
		} else {
			a.find(claimWeights, NotEstablished, "they are constants of the circuit, which was not recomputed")
		}
		return nil
	}
	if a.o.Opening == "" {
		a.keys = nil
		a.find(claimWeights, NotEstablished, "the commitment's opening was not given")
		return nil
	}
	blinding, err := readOpening(a.o.Opening, a.c.Program.Architecture())
	if err != nil {
		return err
	}
	a.blinding = blinding
	if a.keys == nil {
		a.find(claimWeights, NotEstablished, "a commitment binds its maker only if somebody else chose its basis: the key was not recomputed")
		return nil
	}
	check := *a.keys
	check.VerifyingKey = &verifier.VerifyingKey{Card: a.key.Card, Groth16: new(verifier.Groth16Key), Plonk: new(verifier.PlonkKey)}
	if err := check.commit(blinding); err != nil {
		return err
	}
	if !check.sameCommitment(a.key) {
		a.keys = nil
		a.find(claimWeights, Refuted, "the program's weights and the opening do not open the key's commitment")
		return nil
	}
	a.keys.weights, a.keys.plonk, a.keys.flat = check.weights, check.plonk, check.flat
	a.find(claimWeights, Established, "the commitment was recomputed from the program's weights and the opening")
	return nil
}

// answers proves random inputs, with the recomputed key and with the vendor's.
func (a *audit) answers() error {
	var provers []*Keys
	if a.keys != nil {
		a.keys.VerifyingKey = a.key
		provers = append(provers, a.keys)
	}
	if a.o.KeyDir != "" && (a.o.Opening != "" || !a.c.Committed()) {
		vendor, err := a.vendorKeys()
		if errors.Is(err, ErrKeys) {
			a.find(claimAnswers, Refuted, "the vendor's proving key: %v", err)
			return nil
		}
		if err != nil {
			return err
		}
		provers = append(provers, vendor)
	}
	if len(provers) == 0 {
		a.find(claimAnswers, NotEstablished, "there was no proving key, or no opening, to prove with")
		return nil
	}
	n := a.o.Inputs
	if n <= 0 {
		n = 3
	}
	for i, k := range provers {
		for range n {
			err := k.answersAsProgram(a.ctx, a.o.Progress)
			if a.ctx.Err() != nil {
				return a.ctx.Err()
			}
			if err != nil {
				a.find(claimAnswers, Refuted, "proving key %d of %d: %v", i+1, len(provers), err)
				return nil
			}
		}
	}
	a.find(claimAnswers, Established, "%d random inputs with each of %d proving keys", n, len(provers))
	return nil
}

// vendorKeys reads the vendor's proving key for the audited key.
func (a *audit) vendorKeys() (*Keys, error) {
	k := &Keys{compiled: a.c, VerifyingKey: a.key}
	if err := k.loadProvingKey(filepath.Join(a.o.KeyDir, ProvingKeyFile)); err != nil {
		return nil, err
	}
	if !a.c.Committed() {
		return k, nil
	}
	if a.c.Flat != nil { // another's powers of tau that fit are the same
		mine := *k
		mine.VerifyingKey = &verifier.VerifyingKey{Card: a.key.Card, Flat: &verifier.FlatKey{G2Tau: a.key.Flat.G2Tau}}
		err := mine.commitFlat(a.blinding)
		k.weights, k.flat = mine.weights, mine.flat
		return k, err
	}
	k.weights = a.c.Plan.PackedWeights(a.blinding)
	if k.plonk != nil {
		p, err := k.plonk.Open(a.ctx, k.weights)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, ErrKeys)
		}
		k.plonk = p
	}
	return k, nil
}

// answersAsProgram proves one random input and compares what the proof shows with what
// the program computes.
func (k *Keys) answersAsProgram(ctx context.Context, p Progress) error {
	program := k.compiled.Program
	in, err := randomInput(program)
	if err != nil {
		return err
	}
	values, err := program.Eval(in)
	if err != nil {
		return err
	}
	proof, err := k.Prove(ctx, in, Options{Progress: p})
	if err != nil {
		return err
	}
	s, err := verifier.Verify(k.VerifyingKey, proof)
	if err != nil {
		return err
	}
	for i, o := range program.Outputs {
		if s.Outputs[i].Digest == nil && !slices.Equal(s.Outputs[i].Ints, values[o.Value]) {
			return fmt.Errorf("output %q is not the program's: %w", o.Name, ErrKeys)
		}
	}
	return nil
}

// randomInput draws integers uniformly from the declared ranges.
func randomInput(p *circuits.Program) ([][]int64, error) {
	in := leastInput(p)
	source := bufio.NewReader(rand.Reader)
	for i, port := range p.Inputs {
		width := new(big.Int).Sub(big.NewInt(port.Range.Hi), big.NewInt(port.Range.Lo))
		width.Add(width, big.NewInt(1))
		for j := range in[i] {
			x, err := rand.Int(source, width)
			if err != nil {
				return nil, fmt.Errorf("randomness: %w", err)
			}
			in[i][j] = x.Add(x, big.NewInt(port.Range.Lo)).Int64()
		}
	}
	return in, nil
}
