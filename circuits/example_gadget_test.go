package circuits_test

import (
	"crypto/rand"
	"fmt"
	"log"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	hash "github.com/consensys/gnark-crypto/ecc/bn254/fr/mimc"
	"github.com/consensys/gnark-crypto/ecc/bn254/twistededwards/eddsa"
	tedwards "github.com/consensys/gnark-crypto/ecc/twistededwards"
	"github.com/consensys/gnark/backend/groth16"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/logger"
	"github.com/consensys/gnark/std/algebra/native/twistededwards"
	"github.com/consensys/gnark/std/hash/mimc"
	signature "github.com/consensys/gnark/std/signature/eddsa"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// signedScore says: I have an image that the camera with this key signed, and this network
// gives the class a score of at least the threshold. Neither image nor weights are shown.
type signedScore struct {
	Camera    signature.PublicKey `gnark:",public"`
	Weights   frontend.Variable   `gnark:",public"` // digest of the model's weights
	Class     frontend.Variable   `gnark:",public"`
	Threshold frontend.Variable   `gnark:",public"` // in steps of the score's scale

	Signature signature.Signature
	Network   circuits.Gadget
}

func (c *signedScore) Define(api frontend.API) error {
	out, err := c.Network.Define(api)
	if err != nil {
		return err
	}
	api.AssertIsEqual(out.Weights, c.Weights)

	// The image's pixels are the network's input: what is signed is their hash.
	h, err := mimc.NewMiMC(api)
	if err != nil {
		return err
	}
	h.Write(out.Inputs[0]...)
	message := h.Sum()
	h.Reset()
	curve, err := twistededwards.NewEdCurve(api, tedwards.BN254)
	if err != nil {
		return err
	}
	if err := signature.Verify(curve, c.Signature, message, c.Camera, &h); err != nil {
		return err
	}

	// The score of the class, which lies in the output's range, is at least the threshold.
	score := frontend.Variable(0)
	known := frontend.Variable(0)
	for i, s := range out.Outputs[0] {
		is := api.IsZero(api.Sub(c.Class, i))
		score, known = api.Add(score, api.Mul(is, s)), api.Add(known, is)
	}
	api.AssertIsEqual(known, 1)
	api.ToBinary(api.Sub(score, c.Threshold), 32)
	return nil
}

// A network as a part of one's own circuit: the score of a private image is above a threshold
// and the image is signed.
func ExampleGadget() {
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	logger.Disable() // gnark's

	// The model's owner: a network, the blinding of its identity, the circuit and its keys.
	g, err := model.ParseONNX("tiny_mlp.onnx", testdata.TinyMLP())
	check(err)
	samples, err := model.LoadInputs("../testdata/tiny_mlp.json", g.Inputs)
	check(err)
	p, err := quantize.Graph(g, samples, circuits.Config{})
	check(err)
	network, err := p.Gadget()
	check(err)
	var blinding fr.Element
	blinding.MustSetRandom()
	weights, err := network.WeightsDigest(blinding)
	check(err)
	system, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, &signedScore{Network: *network})
	check(err)
	pk, vk, err := groth16.Setup(system)
	check(err)

	// A camera signs an image.
	image, err := p.Quantize([][]float32{samples[0][0].Float})
	check(err)
	camera, err := eddsa.GenerateKey(rand.Reader)
	check(err)
	h := hash.NewMiMC()
	for _, pixel := range image[0] {
		var x fr.Element
		x.SetInt64(pixel)
		b := x.Bytes()
		h.Write(b[:])
	}
	signed, err := camera.Sign(h.Sum(nil), hash.NewMiMC())
	check(err)

	// The prover has the model, the image and the signature.
	filled, err := p.Gadget()
	check(err)
	check(filled.Assign(image, blinding))
	values, err := p.Eval(image)
	check(err)
	scores := values[p.Outputs[0].Value]
	a := &signedScore{Network: *filled, Weights: weights, Class: 1, Threshold: scores[1] - 5}
	a.Camera.Assign(tedwards.BN254, camera.PublicKey.Bytes())
	a.Signature.Assign(tedwards.BN254, signed)
	full, err := frontend.NewWitness(a, ecc.BN254.ScalarField())
	check(err)
	proof, err := groth16.Prove(system, pk, full)
	check(err)

	// Anyone: the camera's key, the model's identity, class and threshold are public.
	public, err := full.Public()
	check(err)
	fmt.Println("proof:", groth16.Verify(proof, vk, public))

	a.Threshold = scores[1] + 1
	full, err = frontend.NewWitness(a, ecc.BN254.ScalarField())
	check(err)
	_, err = groth16.Prove(system, pk, full)
	fmt.Println("a higher threshold:", err != nil)
	// Output:
	// proof: <nil>
	// a higher threshold: true
}
