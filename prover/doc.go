// Package prover makes keys and proofs for compiled networks.
//
//	c, err := circuits.Compile(p)
//	keys, err := prover.UnsafeSetup(ctx, c, nil)   // one-party keys, marked so
//	proof, err := keys.Prove(ctx, inputs, prover.Options{})
//	out, err := verifier.Verify(keys.VerifyingKey, proof)
//
// # Keys
//
// A setup serves an architecture. Under Groth16 with committed weights, [Keys.WithModel]
// gives the keys of other weights of the same architecture: the proof system's part stays,
// the model's commitment in the verifying key changes. Whoever made a Groth16 key alone
// could prove false statements with what they may have kept; such keys are marked, and
// verifiers can refuse them. Keys from files ([Import], [ImportSRS]) are marked as well, for
// a file does not show who made it; those of a verified ceremony ([FromCeremony]) and of a
// reference string whose digest the caller accepts are not. Under the flat argument (package
// flat) there is no key but such a string's powers of tau and the model's commitments. [Audit] finds out whether a
// verifying key that somebody else made is for a program.
//
// # Secrets
//
// A program holds the weights; the opening of a model's commitment is the weights with a
// random blinding. Proofs and verifying keys reveal neither, whatever proving key is used:
// keys under which they would are refused. SECURITY.md says what that rests on.
//
// gnark writes to its own logger, which is the importer's: its solver says there which
// values a failing constraint has. An honest witness fails none; who wants to be sure
// silences it (gnark's logger.Disable), as the command does.
//
// A proof is checked with package verifier before it is returned.
package prover
