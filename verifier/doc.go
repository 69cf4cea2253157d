// Package verifier checks that a committed neural network gave an output.
//
// It imports the standard library, gnark-crypto and nnark's fixedpoint, never
// gnark itself, and treats every byte it reads as hostile.
//
//	vk, err := verifier.ParseVerifyingKey(keyBytes)
//	proof, err := verifier.ParseProofJSON(proofBytes)
//	statement, err := verifier.Verify(vk, proof, verifier.WithContext(nonce))
//
// # What acceptance means
//
// Let f be the exact integer function of the network that the key was made
// for: with committed weights the weights behind the key's commitment, with
// baked weights those of the circuit. When [Verify] returns no error, whoever
// made the proof knew private values such that f maps the inputs to the
// outputs of the returned statement, where public tensors are the integers
// shown, digest tensors are those hashing to the digest shown under a salt the
// prover knew, and private tensors are some integers in the declared interval.
// There is no tolerance: rounding, saturation and ties have one right answer.
//
// # What acceptance does not mean
//
//   - It says nothing about who made the key. A verifying key is trusted input:
//     whoever ran a one-party setup (see [Card].UnsafeSetup and
//     [RefuseUnsafeSetup]) can forge proofs, and whoever wrote the key chose
//     the network. Pin [VerifyingKey.Digest], received over a channel you trust.
//   - Names, labels and scales are the card's: whether they describe the network
//     truthfully is the word of the key's author. A Groth16 proof is bound to
//     the key's every byte, a PLONK proof to the circuit and the statement.
//   - It does not mean that the proof is fresh. Anyone may replay it, and
//     anyone can turn a Groth16 proof into another valid one of the same
//     statement without knowing a secret: never recognise a proof by its bytes.
//     Ask for a context of your choice ([WithContext]) and remember contexts.
//   - It does not mean that the input is the one you sent. Compare it with
//     [WithInput], or read it from the returned statement.
//
// # Errors
//
// [ErrMalformed]: the bytes, the key or the structure are not what they should
// be. [ErrWrongModel]: the proof was made for another key. [ErrRejected]: well
// formed, but not an acceptable proof; [ErrContext], [ErrInput] and
// [ErrUnsafeKey] are kinds of it.
package verifier
