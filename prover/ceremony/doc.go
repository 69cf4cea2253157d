// Package ceremony makes Groth16 keys whose secrets nobody knows, by several parties one
// after the other, and checks that they did.
//
// # Protocol
//
// The mathematics is that of Bowe, Gabizon and Miers (eprint 2017/1050), as in gnark's
// mpcsetup, with γ = 1. Phase 1 makes powers of τ, with α and β, for every circuit up to a
// size; phase 2 makes one circuit's δ, and a σ for each of its commitments. A contribution
// multiplies each secret of a phase by a random x that its contributor forgets: a secret is
// unknown if one contributor forgot theirs. Each phase ends with a beacon, public randomness
// of a later time, from which everybody computes the x of a last contribution. Phase 1 can
// start from a public powers-of-tau file ([NewFromPtau]).
//
// A [Transcript] is one file. It holds a short record of each step, and the points of the
// last one. Steps are chained by hashes; a step's record shows the secrets after it as
// points, [τ]₁, [α]₁, [β]₁ or [δ]₁, [σ]₂, each with a Schnorr proof that its contributor knew
// the x. The proofs' challenge hashes all that came before, the contributor's name and
// statement: nobody can repeat another's step, or change a name.
//
// gnark proves knowledge of a σ's x with the point x·G₁. Together, all contributors but one
// then know σ·G₁, and with it pass off as a commitment one with a multiple of G₁ added, which
// shifts every constraint. Here σ is seen in G₂ only, and in the bases to the σ.
//
// # Verification
//
// [Verify] compiles nothing and believes nothing: it has the circuit, and checks that
//
//   - the records are a chain of at least two contributions by different names and a
//     beacon, in each phase that was not imported; that an imported phase 1 is one that the
//     caller accepts;
//   - the points of phase 1 are powers of the τ, α and β that the chain ends with;
//   - every point of phase 2 is what the circuit, these powers and the chain's last δ and σ
//     make it; that nothing is missing or left over.
//
// Points in G2 are held against the subgroup of prime order. All other checks are linear
// equations between points, one for each point; [Verify] checks their sum with random
// coefficients of 128 bits, drawn after the file was read. The time is that of a few
// multi-exponentiations, whatever the number of contributions.
//
// The result does not depend on intermediate points, which are not kept: whatever they
// were, the last ones are right, and their secrets are the chain's.
package ceremony
