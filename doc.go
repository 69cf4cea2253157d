// Package nnark proves that a trained network, kept private and published only as a
// commitment, gave this output on this input.
//
// It holds nothing but this text. A network goes through four packages on its way from a
// file to a proof that somebody else checks:
//
//	g, err := model.LoadONNX("net.onnx")                         // floats, as ONNX says
//	p, err := quantize.Graph(g, samples, circuits.Config{})      // exact integers
//	c, err := circuits.Compile(p)                                // a gnark constraint system
//	keys, err := prover.UnsafeSetup(ctx, c, nil)                 // or prover.FromCeremony, prover.ImportSRS
//	proof, err := keys.Prove(ctx, input, prover.Options{})
//	statement, err := verifier.Verify(key, proof)                // what the proof says, decoded
//
// Start at
//
//   - package prover, whose example is the whole of this as a program: keys of one party, of
//     a ceremony, of a universal reference string; proofs; audits;
//   - package verifier, if you check proofs: it imports neither gnark nor the network's
//     packages, and verifier/c, verifier/wasm and verifier/solidity are made of it;
//   - package circuits, if you want a network inside a gnark circuit of your own ([Gadget]);
//   - package circuits/quantize, if you bring networks: what is supported, OPERATORS.md lists;
//   - command cmd/nnark, which does all of it from a shell.
//
// RATIONALE.md says why it is as it is, SECURITY.md what is claimed, CONTRIBUTING.md how to
// change it.
//
// [Gadget]: https://pkg.go.dev/github.com/nnark/nnark/circuits#Gadget
package nnark
