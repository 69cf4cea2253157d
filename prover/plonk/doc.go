// Package plonk is a fast PLONK prover for circuits compiled by gnark over BN254
// (sparse R1CS, KZG, at most one BSB22 commitment).
//
// It shares gnark's constraint systems, solver, keys and proofs: keys made by either serve
// the other, and gnark's verifier accepts the proofs. What differs is the work done:
//
//   - What depends on the circuit alone is computed once: the selectors and the permutation
//     by coefficients and by their values on the cosets, [columns].
//   - All sums are those of package prover/simd/msm, for which small and repeated values are
//     cheap; the rows that pad the circuit share one point; the linearised polynomial's
//     commitment is the combination of eleven points that verifiers compute.
//   - The quotient takes 27 Fourier transforms of the domain's size: three cosets do, because
//     its six leading coefficients follow from those of its factors.
//
// # Zero-knowledge
//
// Each proof draws 12 numbers from the system's randomness, as gnark does with its option
// StatisticalZK: two for each of L, R and O, three for Z, two between the parts of the
// quotient, and one (two where the circuit has room) in the commitment. Without those in the
// quotient, proofs are not zero-knowledge, so there is no option.
//
// # Private weights
//
// The weights of a private model are selectors: in the circuit, qR is 0 on their rows; in the
// key, [Prover.Hide] adds them, and on one row more a random number ρ. That row has no other
// selector and a wire of its own, so it says that this wire is 0, whatever ρ is.
//
// Secrecy: [Qr'] = [Qr] + Σ w_i·[L_i] + ρ·[L_j] is uniform, L_j(τ) not being 0. What a proof
// shows beside it can be simulated without the weights: L, R, O, Z, the parts of the quotient
// but one, the commitment, and the claims of L, R, O, and Z at ωζ are uniform, because 12
// random numbers map onto them; S1, S2 and Qcp are the circuit's; the linearised polynomial's
// claim, the last part of the quotient and both openings follow from the verifier's
// equations, in which the key's points occur only with coefficients the simulator knows. For
// neither Qr nor any other selector is ever opened by itself: verifiers see them in the
// linearised polynomial alone, together with Z and the quotient. So one ρ serves any number of
// proofs. It must not serve two keys.
//
// Soundness: the key is fixed before a proof, and the commitment's challenge depends on it,
// through the first public input, a hash of the key and the context that the commitment
// takes (package circuits/gadget). So weights cannot be chosen with the challenge in sight.
// That the key has the circuit's selectors on all rows but those of weights is what [Support]
// shows; that the weights are small integers nothing shows but their opening, as under
// Groth16.
//
// Nothing here runs in constant time.
package plonk
