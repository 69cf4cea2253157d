// Package groth16 is a fast Groth16 for circuits compiled by gnark over BN254.
//
// It shares gnark's constraint systems, solver, keys and proofs: keys made by
// either serve the other, and gnark's verifier accepts the proofs. What differs
// is the work done:
//
//   - [Setup] uses tables of the generators' multiples instead of one chain of
//     doublings per point.
//   - [New] merges wires with equal base points, which needs only the key.
//   - [Prover.Bind] fixes the values of some wires, such as a model's weights,
//     once and for all. Their share of every sum becomes a constant, and a wire
//     that is the product of bound wires with others disappears into those.
//   - [Prover.Prove] runs the multi-scalar multiplications of package
//     prover/simd/msm, and six Fourier transforms instead of seven.
//
// Commitments (gnark's api.Commit, BSB22) are supported. If all they commit to
// are secret inputs, the challenges are known before the solver runs, and
// public inputs may depend on them; see [Transcript].
//
// Nothing here runs in constant time.
package groth16
