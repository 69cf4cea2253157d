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
// Nothing here runs in constant time.
package plonk
