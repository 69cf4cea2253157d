// Package hyperkzg verifies openings of multilinear polynomials under KZG commitments.
//
// A vector v of C = 2^c elements, c >= 1, is committed as Σ v[j]·[τ^j]_1, that is as the
// univariate polynomial P_0(X) = Σ v[j]·X^j. A proof says what the vector's multilinear
// extension is at a point x = (x_0, …, x_{c-1}):
//
//	y = Σ_j v[j] · Π_k (bit_k(j) ? x_k : 1 - x_k)
//
// where bit_0 is the most significant of j's c bits. Package prover/hyperkzg makes proofs.
//
// # Protocol
//
// With P_i(X) = E_i(X²) + X·O_i(X²), binding the lowest bit of the index to s_i = x_{c-1-i}
// halves the vector:
//
//	P_{i+1} = (1 - s_i)·E_i + s_i·O_i            and P_c = y
//	P_{i+1}(r²) = (1 - s_i)·(P_i(r) + P_i(-r))/2 + s_i·(P_i(r) - P_i(-r))/(2r)
//
// In order, each line absorbed by the [Transcript] under the label in quotes, with
// "hyperkzg " before it:
//
//	both            "commitment" to P_0, "point" x, "value" y
//	prover          "folds": commitments to P_1, …, P_{c-1}
//	challenge "r"   not 0, 1 or -1, so that r, -r and r² differ
//	prover          "plus" P_i(r) and "minus" P_i(-r) for i < c, "square" P_0(r²)
//	challenge "q"
//	prover          "quotient": commitment to Q = (B - I)/Z
//	challenge "z"
//	prover          "opening": commitment to W = (B - I(z) - Z(z)·Q)/(X - z)
//
// B = Σ q^i·P_i, Z = (X² - r²)(X - r²), and I of degree < 3 takes B's values at Z's roots. The
// verifier computes P_i(r²) for 0 < i < c, refuses a P_c(r²) other than y, and accepts when,
// with [1]_1 the standard generator,
//
//	e([B]_1 - I(z)·[1]_1 - Z(z)·[Q]_1 + z·[W]_1, [1]_2) = e([W]_1, [τ]_2)
//
// The last message is absorbed too: challenges that a caller draws afterwards depend on the
// whole proof.
//
// # Soundness
//
// Let the reference string have N >= C powers of τ in G1 and F be the scalar field. In the algebraic
// group model, where whoever makes a point knows it as a combination of these, and unless
// τ can be computed from the reference string, P_i, Q and W are polynomials of degree < N.
// If P_{i+1} = (1 - s_i)·E_i + s_i·O_i fails for some i < c, a proof is accepted with
// probability at most (3N + c - 1)/|F| over the challenges:
//
//	2(N-1)/|F|   both sides differ, as polynomials of degree < N, and agree at r²
//	(c-1)/|F|    a false value at r, -r or r² disappears in the combination by powers of q
//	(N+2)/|F|    B - I(z) - Z(z)·Q is zero at z though Z does not divide B - I
//
// Challenges that are hashes can be tried repeatedly, each try with this probability.
//
// For N = C these equations say that the vector's extension is y at x. For N > C they say so
// of its first C coefficients, and of each further C that their extension is 0 at x. A commitment
// of degree C or more is therefore refused, but for another c/|F|, only if x was drawn at random after the
// commitment. For a point that the prover knew before, N has to be C, or the degree bounded in
// another way. A part of the commitment in a base independent of the powers of τ is refused but for
// (c+2)/|F|.
//
// # Secrecy
//
// A proof is not zero-knowledge: its commitments and values are functions of the vector. Who wants
// to hide a vector v opens v + η·μ for a uniform μ, committed before the challenge η.
//
// # References
//
// Folding of coefficients: Bootle, Chiesa, Hu, Orrù, [Gemini], Eurocrypt 2022. Multilinear openings
// from univariate ones: Kohrita, Towa, [Zeromorph], 2023; the combination used here is known as
// HyperKZG. One opening of many polynomials at many points: Boneh, Drake, Fisch, Gabizon, [BDFG20].
//
// [Gemini]: https://eprint.iacr.org/2022/420
// [Zeromorph]: https://eprint.iacr.org/2023/917
// [BDFG20]: https://eprint.iacr.org/2020/081
package hyperkzg
