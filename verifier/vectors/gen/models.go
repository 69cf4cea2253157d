package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// target is a model with keys, and proofs to spoil.
type target struct {
	name    string // of the key in the file
	keys    *prover.Keys
	program *circuits.Program
	rng     *rand.Rand
	salts   []fr.Element // of the last proof's digests
}

// specs are the models of the file: every proof system, weights mode and mode
// of a tensor.
var specs = []struct {
	name       string
	onnx       []byte
	config     circuits.Config
	byCeremony bool // Groth16: the keys are not one party's
}{
	{"groth16 committed", testdata.TinyMLP(), circuits.Config{}, false},
	{"groth16 baked", testdata.Tiny(), circuits.Config{Weights: circuits.Baked}, true},
	{"groth16 digest", testdata.TinyMLP(), circuits.Config{Input: circuits.Digest, Output: circuits.Digest}, true},
	{"groth16 private", testdata.Tiny(), circuits.Config{Weights: circuits.Baked, Input: circuits.Private}, false},
	{"plonk committed", testdata.Tiny(), circuits.Config{System: circuits.Plonk}, false},
	{"plonk baked", testdata.TinyMLP(), circuits.Config{System: circuits.Plonk, Weights: circuits.Baked, Input: circuits.Digest}, false},
	{"flat committed", testdata.Tiny(), circuits.Config{System: circuits.Flat}, false},
	{"flat private", testdata.TinyMLP(), circuits.Config{System: circuits.Flat, Input: circuits.Private}, false},
}

func newTarget(name string, onnx []byte, config circuits.Config, byCeremony bool, rng *rand.Rand) (*target, error) {
	g, err := model.ParseONNX(name, onnx)
	if err != nil {
		return nil, err
	}
	var samples [][]*model.Tensor
	for range 32 {
		samples = append(samples, []*model.Tensor{randomTensor(g.Inputs[0].Shape, rng)})
	}
	p, err := quantize.Graph(g, samples, config)
	if err != nil {
		return nil, err
	}
	p.Name, p.Labels = name, []string{"alpha", "beta", "gamma", "delta"}
	c, err := circuits.Compile(p)
	if err != nil {
		return nil, err
	}
	setup := func(c *circuits.Compiled) (*prover.Keys, error) {
		return prover.UnsafeSetup(context.Background(), c, nil)
	}
	if byCeremony {
		setup = ceremonyKeys
	}
	keys, err := setup(c)
	if err != nil {
		return nil, err
	}
	return &target{name: name, keys: keys, program: p, rng: rng}, nil
}

// ceremonyKeys makes keys as two parties would.
func ceremonyKeys(c *circuits.Compiled) (*prover.Keys, error) {
	ctx, r1cs := context.Background(), c.System.(*cs.R1CS)
	t, err := ceremony.New(r1cs, c.Program.Name)
	for phase := 1; phase <= 2 && err == nil; phase++ {
		for _, name := range []string{"vendor", "customer"} {
			if err = t.Contribute(ctx, name, "", nil, nil); err != nil {
				return nil, err
			}
		}
		err = t.Beacon(ctx, "zeros", make([]byte, 32), r1cs, nil)
	}
	if err != nil {
		return nil, err
	}
	return prover.FromCeremony(ctx, c, t, ceremony.Options{})
}

func randomTensor(shape []int, rng *rand.Rand) *model.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	t := &model.Tensor{Shape: shape, Float: make([]float32, n)}
	for i := range t.Float {
		t.Float[i] = rng.Float32()
	}
	return t
}

// otherWeights returns the target under another commitment to its weights.
func (t *target) otherWeights(name string) (*target, error) {
	keys, err := t.keys.WithModel(t.program)
	if err != nil {
		return nil, err
	}
	return &target{name: name, keys: keys, program: t.program, rng: t.rng}, nil
}

func (t *target) card() *verifier.Card { return &t.keys.VerifyingKey.Card }

// input returns a random input in integers.
func (t *target) input() []int64 {
	in := &t.program.Inputs[0]
	q := make([]int64, t.card().Inputs[0].Size())
	for i := range q {
		q[i] = in.Range.Lo + t.rng.Int64N(in.Range.Hi-in.Range.Lo+1)
	}
	return q
}

// constant returns an input of equal integers.
func (t *target) constant(x int64) []int64 {
	q := t.input()
	for i := range q {
		q[i] = x
	}
	return q
}

// prove returns a proof of the network's output on the input, under a context.
func (t *target) prove(input []int64, nonce uint64) (*rawProof, error) {
	o := prover.Options{Context: fr.NewElement(nonce)}
	t.salts = nil
	o.Salt = func() (s fr.Element, err error) {
		_, err = s.SetRandom()
		t.salts = append(t.salts, s)
		return s, err
	}
	p, err := t.keys.Prove(context.Background(), [][]int64{input}, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return newRaw(p)
}

// models adds proofs of other models.
func (s *suite) models(p *proofs, next *target) error {
	const flaw = "other model"
	r, err := next.prove(next.input(), 0)
	if err != nil {
		return err
	}
	s.add(p.name, flaw, fmt.Sprintf("a proof for %q", next.name), r.bytes(), wrongModel)
	s.add(p.name, flaw, fmt.Sprintf("a proof for %q, JSON form", next.name), r.json(), wrongModel)
	r.key = p.a.key
	w := rejected
	if r.system != p.a.system || r.count != p.a.count {
		w = malformed
	}
	s.add(p.name, flaw, fmt.Sprintf("a proof for %q that names this key", next.name), r.bytes(), w)
	r = p.a.clone()
	r.key = make([]byte, len(r.key))
	s.add(p.name, flaw, "digest of zeros", r.bytes(), wrongModel)
	if p.card().Weights != verifier.CommittedWeights || !p.a.groth16() {
		return nil
	}
	other, err := p.otherWeights(p.name + ", other weights")
	if err != nil {
		return err
	}
	s.file.Keys[other.name] = must(other.keys.VerifyingKey.MarshalBinary())
	if r, err = other.prove(p.input, 0); err != nil {
		return err
	}
	s.add(other.name, "", "same setup, other weights", r.bytes(), accepted)
	s.add(p.name, flaw, "other weights", r.bytes(), wrongModel)
	s.add(other.name, flaw, "other weights", p.a.bytes(), wrongModel)
	w1, w2 := r.clone(), p.a.clone()
	w1.key, w2.key = p.a.key, r.key
	s.add(p.name, flaw, "other weights, but names this key", w1.bytes(), rejected)
	s.add(other.name, flaw, "other weights, but names this key", w2.bytes(), rejected)
	return nil
}
