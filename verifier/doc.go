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
//     whoever ran a one-party setup (see [Card].Setup and
//     [RefuseUnsafeSetup]) can forge proofs, and whoever wrote the key chose
//     the network. Pin [VerifyingKey.Digest], received over a channel you trust.
//   - Names, labels and scales are the card's: whether they describe the network
//     truthfully is the word of the key's author. A proof is bound to the key's
//     every byte.
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
//
// # Statement
//
// A statement is a vector of elements of BN254's scalar field: the context;
// each input, packed (see [Pack]) when public, one salted digest when a digest,
// nothing when private; each output likewise.
//
// # Groth16
//
// The circuit has one public input E and up to two Pedersen commitments
// (BSB22): the weights' C, which is the key's and the same in every proof, and
// D to everything else. With keyDigest the SHA-256 of the key's encoding and
// the statement s_0, s_1, ...:
//
//	stmt = SHA-256(keyDigest || s_0 || s_1 || ...)
//	c0   = SHA-256(stmt || C) mod r                committed weights
//	z    = SHA-256(stmt || D || c0) mod r          committed weights
//	z    = SHA-256(stmt || D) mod r                baked weights
//	E    = s_0*z + s_1*z^2 + ...
//	L    = K_one + E*K_E + c0*K_c0 + z*K_z + C + D, without c0 and C for baked weights
//
// with field elements in 32 bytes and points as X || Y, big-endian. A proof is
// accepted when
//
//	e(Ar, Bs) = e(alpha, beta) * e(L, gamma) * e(Krs, delta)
//	e(D, -sigma*G) * e(PoK, G) = 1
//
// Both equations are checked at once, the second raised to a power that hashes
// the whole proof: an error of 2^-128 per attempt. Proofs of D's knowledge are
// not folded with that of C, which was checked with the key. gnark's Groth16
// verifier accepts the same proof, given the public witness E, both commitments,
// the folded proof of knowledge and [NewChallengeHash].
//
// # PLONK
//
// The public inputs are [PlonkPublic]: the statement, with the context hashed together
// with the key's digest. Transcript, challenges and equations are
// those of gnark's PLONK with one commitment; its verifier accepts the same proofs.
//
// # Flat
//
// Package flat has the argument, whose seed is SHA-256(keyDigest || s_0 || s_1 || ...). Its keys hold a
// plan of the network, hiding commitments to its weights and tau*G2; the proof's pairing equation is
// e(left, G2) = e(right, tau*G2). It has private weights, and public and private tensors only.
//
// # Encodings
//
// Integers are big-endian, booleans one byte, points compressed as gnark-crypto
// does, texts UTF-8 after a 16-bit length. A key is "nnark-vk-2"; the card:
// system, weights mode, setup, architecture, name, inputs, outputs (each
// after an 8-bit count: name, mode, 8-bit rank, 32-bit axes, 16-bit exponent,
// Lo, Hi, RealLo, RealHi), labels after a 32-bit count; then for Groth16 alpha,
// beta, gamma, delta, K, G, the -sigma*G, and C, PoK for committed weights; for
// PLONK size, row of the commitment (64 bits each), S1, S2, S3, Ql, Qr, Qm, Qo,
// Qk, Qcp, the SRS's G1, G2, tau*G2, and for committed weights the two points of
// [PlonkWeights]; for Flat the plan ([flat.Plan]) after its 32-bit length, the points of the model after
// their 32-bit number, and tau*G2. For proofs see [Proof.MarshalBinary] and [Proof.MarshalJSON]. Every object has
// one binary encoding; nothing else is read.
package verifier
