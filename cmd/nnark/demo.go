package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// demoReport is the JSON object of demo.
type demoReport struct {
	Model             string  `json:"model"`
	System            string  `json:"system"`
	Image             int     `json:"image"`
	Label             int     `json:"label"` // what the data set says
	FloatClass        int     `json:"float_class"`
	QuantizedClass    int     `json:"quantised_class"`
	ProvenClass       int     `json:"proven_class"`
	Accepted          bool    `json:"accepted"` // by the verifier, from the bytes of key and proof
	Parameters        int     `json:"parameters"`
	Constraints       int     `json:"constraints"`
	RelativeError     float64 `json:"relative_error"` // on the calibration images
	Agreement         float64 `json:"agreement"`
	KeysFresh         bool    `json:"keys_fresh"` // made in this run, not cached
	Cache             string  `json:"cache"`      // folder, "" if there is none
	SetupMS           float64 `json:"setup_ms"`   // or loading the keys
	ProvingKeyBytes   int64   `json:"proving_key_bytes"`
	VerifyingKeyBytes int     `json:"verifying_key_bytes"`
	BindMS            float64 `json:"bind_ms"` // once for all proofs
	ProveMS           float64 `json:"prove_ms"`
	VerifyMS          float64 `json:"verify_ms"`
	ProofBytes        int     `json:"proof_bytes"`
	PeakRSSBytes      int64   `json:"peak_rss_bytes"`

	system circuits.System
	pixels []byte
	colour colour       // of the terminal
	logits [3][]float64 // float, quantized, proven
}

const imageSide = 28

func demo(c *command) (report, error) {
	r := &demoReport{}
	c.flags.StringVar(&r.Model, "model", "lenet5", "the network, `lenet5|mlp`")
	choice(c, &r.system, "system", circuits.Groth16, circuits.Plonk, circuits.Flat)
	c.flags.IntVar(&r.Image, "image", 90, "prove image `N` of 0 to 99")
	if err := c.parse(nil); err != nil {
		return nil, err
	}
	networks := map[string]func() []byte{"lenet5": testdata.LeNet5, "mlp": testdata.MLP}
	images, labels := testdata.Images()
	switch {
	case networks[r.Model] == nil:
		return nil, usageError{c.verb, fmt.Sprintf("--model %q, want lenet5 or mlp", r.Model)}
	case r.Image < 0 || r.Image >= len(images):
		return nil, usageError{c.verb, fmt.Sprintf("--image %d, want 0 to %d", r.Image, len(images)-1)}
	}
	r.System = r.system.String()
	r.colour = colourOf(c.stdout)
	r.pixels, r.Label = images[r.Image], labels[r.Image]
	g, err := model.ParseONNX(r.Model+".onnx", networks[r.Model]())
	if err != nil {
		return nil, err
	}
	p, err := r.quantize(c, g)
	if err != nil {
		return nil, err
	}
	compiled, err := c.compiledFor(p, cacheDir(p))
	if err != nil {
		return nil, err
	}
	r.Parameters, r.Constraints = p.Parameters(), compiled.Constraints()
	r.RelativeError, r.Agreement = p.Report.RelativeError, p.Report.Agreement
	start := time.Now()
	keys, dir, fresh, err := c.cachedKeys(compiled)
	if err != nil {
		return nil, err
	}
	r.SetupMS, r.KeysFresh, r.Cache = ms(time.Since(start)), fresh, dir
	r.ProvingKeyBytes = fileSize(filepath.Join(dir, prover.ProvingKeyFile))
	return r, r.prove(c, keys)
}

// quantize makes the program, the same in every run, and fills in the answers of both
// networks.
func (r *demoReport) quantize(c *command, g *model.Graph) (*circuits.Program, error) {
	p, err := stage(c, "quantize", func() (*circuits.Program, error) {
		var samples [][]*model.Tensor
		for _, pixels := range testdata.Calibration() {
			samples = append(samples, image(pixels))
		}
		return quantize.Graph(g, samples, circuits.Config{System: r.system})
	})
	if err != nil {
		return nil, err
	}
	p.Name, p.Labels = r.Model, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
	float, err := g.Run(image(r.pixels))
	if err != nil {
		return nil, err
	}
	quantized, err := p.Run(floats(image(r.pixels)))
	if err != nil {
		return nil, err
	}
	r.logits[0], r.logits[1] = float64s(float[0].Float), quantized[0]
	r.FloatClass, r.QuantizedClass = circuits.Argmax(r.logits[0]), circuits.Argmax(r.logits[1])
	return p, nil
}

// image is the networks' input for an image: its pixels divided by 255.
func image(pixels []byte) []*model.Tensor {
	return []*model.Tensor{{Shape: []int{1, 1, imageSide, imageSide}, Float: testdata.Scaled(pixels)}}
}

// prove proves the image and verifies the proof as a customer would: from the bytes of
// the verifying key and of the proof, for this image.
func (r *demoReport) prove(c *command, keys *prover.Keys) error {
	ints, err := keys.Compiled().Program.Quantize(floats(image(r.pixels)))
	if err != nil {
		return err
	}
	if r.system == circuits.Groth16 {
		if keys, r.BindMS, err = c.bound(keys); err != nil {
			return err
		}
	}
	var made proveReport
	proofBytes, err := c.proveInto(&made, keys, ints, prover.Options{})
	if err != nil {
		return err
	}
	r.ProveMS, r.ProofBytes, r.PeakRSSBytes = made.ProveMS, made.ProofBytes, made.PeakRSSBytes
	keyBytes, err := keys.VerifyingKey.MarshalBinary()
	if err != nil {
		return err
	}
	r.VerifyingKeyBytes = len(keyBytes)
	key, err := verifier.ParseVerifyingKey(keyBytes)
	if err != nil {
		return err
	}
	start := time.Now()
	proof, err := verifier.ParseProofJSON(proofBytes)
	if err != nil {
		return err
	}
	s, err := verifier.Verify(key, proof, verifier.WithRealInput(0, float64s(image(r.pixels)[0].Float)))
	if err != nil {
		return fmt.Errorf("%w: %w", prover.ErrSelfCheck, err)
	}
	r.VerifyMS, r.Accepted = ms(time.Since(start)), true
	r.logits[2] = s.Outputs[0].Floats()
	r.ProvenClass = circuits.Argmax(r.logits[2])
	return nil
}

func (r *demoReport) text(w io.Writer) {
	row(w, fmt.Sprintf("%s reads image %d of 100 from MNIST's test set:", r.Model, r.Image))
	row(w)
	draw(w, r.pixels, imageSide, r.colour)
	row(w)
	row(w, "", "answer", "score")
	row(w, "label", r.Label)
	for i, name := range []string{"float network", "quantized", "proven"} {
		class := circuits.Argmax(r.logits[i])
		row(w, name, class, fmt.Sprintf("%.4f", r.logits[i][class]))
	}
	row(w)
	row(w, "weights", fmt.Sprintf("%s, private, behind a commitment in the verifying key", count(r.Parameters)))
	costRow(w, r.System, r.Constraints)
	row(w, "verifying key", size(r.VerifyingKeyBytes))
	if r.Cache != "" {
		row(w, "proving key", fmt.Sprintf("%s in %s", size(r.ProvingKeyBytes), r.Cache))
	}
	if r.KeysFresh {
		row(w, "setup", duration(r.SetupMS))
	} else {
		row(w, "setup", fmt.Sprintf("done in an earlier run, keys read in %s", duration(r.SetupMS)))
	}
	if r.system == circuits.Groth16 {
		row(w, "bind", fmt.Sprintf("%s, once for all proofs", duration(r.BindMS)))
	}
	row(w, "prove", duration(r.ProveMS))
	row(w, "proof", fmt.Sprintf("%s, zero-knowledge", size(r.ProofBytes)))
	row(w, "verify", fmt.Sprintf("%s, accepted", duration(r.VerifyMS)))
	row(w, "peak memory", size(r.PeakRSSBytes))
	row(w)
	who := "whoever made the keys"
	if r.system != circuits.Groth16 {
		who = "whoever made the reference string"
	}
	fmt.Fprintf(w, demoTrust, r.ProvenClass, who)
}

const demoTrust = `What the proof says: the network behind the verifying key answers %d for this image. It
shows nothing else about the weights.
Who must be trusted: %s. Here that is this program on this
machine, which could have kept what lets it prove false answers; for others it is a ceremony.
Nobody else: not the prover, nor the machine it runs on.
`
