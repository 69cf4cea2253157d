// Command gen makes the test vectors: it compiles small networks, makes keys
// and proofs, and spoils them in known ways. What each case must get is decided
// here, from how the case is made, and not by asking package verifier.
//
//	go run ./verifier/vectors/gen -o verifier/vectors/vectors.json.gz
//
// Keys and proofs are fresh in every run; the choice of cases is always the same.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/logger"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
	"github.com/nnark/nnark/verifier/vectors"
)

func main() {
	logger.Disable() // gnark's, between our lines
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	out := flag.String("o", "vectors.json.gz", "`file` to write")
	flag.Parse()
	s := &suite{
		file: vectors.File{Format: vectors.Format, Keys: map[string]answer.Hex{}},
		rng:  rand.New(rand.NewPCG(2, 3)),
	}
	if err := s.build(); err != nil {
		log.Fatal(err)
	}
	var buf bytes.Buffer
	if err := s.file.Write(&buf); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, buf.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d cases, %d keys, %d bytes\n", len(s.file.Cases), len(s.file.Keys), buf.Len())
}

// suite collects cases.
type suite struct {
	file vectors.File
	rng  *rand.Rand
}

// want is the verdict that a case must get.
type want struct{ verdict, kind string }

var (
	accepted      = want{answer.Accepted, ""}
	malformed     = want{answer.Malformed, ""}
	wrongModel    = want{answer.WrongModel, ""}
	rejected      = want{answer.Rejected, ""}
	otherContext  = want{answer.Rejected, answer.KindContext}
	otherInput    = want{answer.Rejected, answer.KindInput}
	unsafeRefused = want{answer.Rejected, answer.KindUnsafeSetup}
	otherKey      = want{answer.Rejected, answer.KindKey}
	otherOpening  = want{answer.Rejected, answer.KindOpening}
)

// unless returns w if ok, else malformed.
func unless(ok bool, w want) want {
	if ok {
		return w
	}
	return malformed
}

func (s *suite) add(key, flaw, name string, proof []byte, w want) {
	s.addWith(key, flaw, name, proof, answer.Options{}, w)
}

func (s *suite) addWith(key, flaw, name string, proof []byte, o answer.Options, w want) {
	s.file.Cases = append(s.file.Cases, vectors.Case{
		ID: len(s.file.Cases) + 1, Flaw: flaw, Name: name, Key: key, Proof: bytes.Clone(proof),
		Options: o, Verdict: w.verdict, Kind: w.kind,
	})
}

func (s *suite) build() error {
	var targets []*target
	for _, spec := range specs {
		t, err := newTarget(spec.name, spec.onnx, spec.config, spec.byCeremony, s.rng)
		if err != nil {
			return err
		}
		targets = append(targets, t)
		s.file.Keys[t.name] = must(t.keys.VerifyingKey.MarshalBinary())
	}
	for i, t := range targets {
		p := &proofs{target: t}
		if err := p.make(); err != nil {
			return err
		}
		if err := s.valid(p); err != nil {
			return err
		}
		s.fields(p)
		s.lengths(p)
		s.statements(p)
		s.options(p)
		if err := s.openings(p); err != nil {
			return err
		}
		if p.a.groth16() {
			s.groth16(p)
		}
		next := targets[(i+1)%len(targets)]
		if next.program.Config.System == circuits.Flat && !p.a.flat() { // verifiers without the flat argument run these cases too
			next = targets[0]
		}
		if err := s.models(p, next); err != nil {
			return err
		}
		if i == 0 || p.a.system == byte(verifier.Plonk) && t.card().Weights == 0 {
			s.json(p)
		}
		s.keys(p)
	}
	return nil
}

// proofs are the valid proofs of a target that cases are made of.
type proofs struct {
	*target
	input    []int64
	salts    []fr.Element // of a's digests
	a        *rawProof    // of input
	same     *rawProof    // another proof of a's statement, where the statement is not salted
	other    *rawProof    // of another input
	contexts *rawProof    // of input under context 7
}

func (p *proofs) make() (err error) {
	p.input = p.target.input()
	if p.a, err = p.prove(p.input, 0); err != nil {
		return err
	}
	p.salts = p.target.salts
	if p.same, err = p.prove(p.input, 0); err != nil {
		return err
	}
	if p.other, err = p.prove(p.target.input(), 0); err != nil {
		return err
	}
	p.contexts, err = p.prove(p.input, 7)
	return err
}
