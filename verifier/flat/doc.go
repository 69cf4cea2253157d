// Package flat verifies the flat argument: zero-knowledge proofs that committed integers satisfy
// a plan of lookups, products, sums of products and linear equations, with no other setup than
// powers of tau. Package circuits/flat makes plans of networks, package prover/flat proofs.
//
// It is called flat because every integer of the network is committed, so that all layers are
// proven at once: the proof has as many rounds as the logarithm of the integers, not of the
// layers.
//
// # Statement
//
// F is the scalar field of BN254, V a vector of 2^n elements of it in rows of 2^c. Row r is committed as
// C_r = Σ_j V[r,j]·[τ^j]_1 + s_r·Ξ, where s_r is random and Ξ ([Blinder]) a point that nobody knows a multiple of.
// eq(p, i) is the weight of index i in the multilinear extension at p, f~ the extension of f.
// A [Plan] names linear functionals of V, made of boxes ([Box]), for slots of four kinds:
//
//	products   a(s)·b(s) = c(s) for every slot s
//	sums       Σ_k A_l(p,k)·B_l(k,q) = o_l(p,q), all outputs o_l(p,q) having slots among the outputs
//	zeros      z(s) = 0; public integers are zeros, less what they are equal to
//	tables     Σ h = 0 over the inverses h of what is looked up, less those of the tables' rows
//
// A lookup in table t is a product h·(β_t + u) = 1, where u combines a tuple's columns,
// u = u_0 + γ·Σ_j eq(ε, j)·u_{1+j}; a row of the table is a product h·(β_t + u) = m, where m is how often it
// is looked up (logarithmic derivatives, [LogUp]). Weights are values like others, in rows that the key holds.
//
// Or they are no values: boxes from 2^n on read rows W of weights, which the key holds too. Such a box belongs to a fold
// ([Fold]), whose boxes are of one claim. By each of them the weight W[r,j] has the coefficient out_b(r)·in(j). in is made of
// the bits of slots and sides that move with columns, and is the same in all boxes of the fold; out_b is made of the
// others, and has the box's coefficient and challenge. So a fold is a row v of V, called virtual, that no other box reads:
//
//	V[v] = Σ_b Σ_r out_b(r)·W[r], which the claim gives the coefficients in
//
// [Plan.Check] refuses boxes that are no such products, and boxes of one fold that differ in what in is made of.
//
// # Protocol
//
// Each line is absorbed by the [Transcript] or drawn from it, in this order. Random slots and values, [Masks],
// are part of each vector.
//
//	both         seed: hash of the key and the statement
//	prover       witness: rows of integers and how often table rows are looked up; mask: a row μ, uniform
//	challenges   β of each table, γ, ε
//	prover       inverses: rows of h
//	challenges   τ for the products, ρ for the outputs, ζ for the zeros
//	prover       sums: O = o~(ρ), and G = Σ_x g(x) for g(x) = g_0 + Σ_i g_i(x_i) of degree 3, whose
//	             coefficients are values
//	challenges   λ, θ
//	sumcheck     Σ_x [eq(τ,x)·(a·b - c) + λ·A·B + θ·g] = λ·O + θ·G; A(k) = Σ_l Σ_p eq(ρ,(l,p))·A_l(p,k) and B alike
//	             over q. Spaces of fewer slots join in the last rounds. It ends at σ.
//	prover       values: a, b, c, A, B at σ. That of g follows: θ·g(σ) is what is left.
//	prover       hiding: Σ_j (2j+1)·V[pair_j]
//	both         virtual rows V[v] and their commitments C_v = Σ_b Σ_r out_b(r)·C_{W,r}: nothing is said, since
//	             out_b depends on the plan, β, γ, ε, ρ, ζ and σ alone
//	challenge    α
//	sumcheck     Σ_i E(i)·V(i) = Σ_k α^k·y_k, where E = Σ_k α^k·E_k combines the functionals of
//	             [Claim] with values y_k less constants. It ends at ω, so V~(ω) is the last value / E~(ω).
//	prover       mask value: m = μ~(ω'), ω' being the last c coordinates
//	challenge    η
//	prover       blinding: s = Σ_r eq(ω'', r)·s_r + η·s_μ, ω'' the first coordinates; s_v = Σ_b Σ_r out_b(r)·s_{W,r}
//	both         C = Σ_r eq(ω'', r)·C_r + η·C_μ - s·Ξ
//	opening      C opens at ω' to V~(ω) + η·m (package hyperkzg)
//
// # Soundness
//
// The rows are fixed before the challenges that test them, because in the algebraic group model whoever sends a
// point knows it as a combination of the powers of tau and Ξ; Ξ is a hash to the curve. A false statement is then accepted with
// probability at most the sum, divided by |F| ≈ 2^254, of
//
//	(queries + rows)·(1 + log columns)   two tuples have one u, for γ and ε
//	queries + rows                       the fractions of a table add up though it lacks a row; the tables'
//	                                     β are independent, so one sum of all serves
//	log products + log outputs + log zeros
//	2 + 3·rounds                         λ and θ; the first sumcheck
//	10 + 2·n                             α; the second
//	1 + log rows                         η; combining rows, virtual ones too
//	3·(powers of tau) + 4·c              the opening
//
// which is below 2^30/|F| for every plan that [Plan.Check] accepts, for each try of a prover who draws
// challenges again (Fiat–Shamir). A row that is no vector of 2^c elements, because it has higher powers of tau
// or a part in Ξ, is found out by the opening at a point drawn after it. Folds add no term: W is in the key, so that a virtual row
// is fixed before α and ω, and its part in a claim is what the boxes say of W, as a polynomial and not by chance. Where rows of W
// are no vectors, V[v] is none either, or their combination is one, and then the claim is that of the vectors in it. Masks prove nothing false: the products' satisfy their own
// equation or are refused; the sums' two slots (u,v) and (-u,v) cancel, and (z,1) adds z to both sides; no box reads them.
// What a plan does not read may hold anything, and so may rows of a table that are made up to a power of two: their
// slots' inverses have the product zero, so that they are none of the table's. Outputs that are made up are zero, whatever a
// model holds there: one more equation.
//
// That every lookup, product and sum holds modulo r makes integers of them, because the compiler bounds
// every expression (circuits/relation).
//
// Fiat–Shamir is proven in the random oracle model; that no network computes SHA-256 of its own
// transcript is what one has to believe besides, as of any argument of this kind. The relations have constant depth, and everything is committed
// before the first challenge.
//
// # Zero knowledge
//
// Whatever the plan, with the key's powers of tau or any others:
//
//   - rows are uniform points, by their blindings s_r;
//   - G and the messages of the first sumcheck are a bijection of the 3·rounds + 1 coefficients of g;
//   - a, b, c are masked by two slots of random a, b and a·b; A and B by u and v, O by z;
//   - the messages of the second sumcheck and its claim [Claim] hiding depend on the pairs of masks in
//     2n independent ways, all there are (TestMasksHideEverything). The claim has the last power of α, so
//     that this holds for every plan but for one α in |F|/2^10 or so;
//   - the row that is opened is uniform, by μ; s is uniform, by s_μ;
//   - commitments to virtual rows follow from the key, and no message says more of these rows than of others: the pairs mask
//     the second sumcheck whatever its coefficients and the other values are.
//
// A simulator draws all scalars and rows uniformly, but for the last message's coefficient of X², which the
// two values that are left fix, and solves for C_μ (TestSimulator). Two proofs of one model share
// nothing but the model's rows, which are never opened.
//
// # Key and identity
//
// A key is a plan and the commitments to the rows of the weights, those of V before those of W, made once with blindings of their own. The
// architecture's digest covers the plan; weights have the widths that an auditor's opening shows, not the proof.
//
// [LogUp]: Haböck, 2022, https://eprint.iacr.org/2022/1530
//
// The sumcheck's masks are those of Libra (Xie et al., 2019, https://eprint.iacr.org/2019/317).
package flat
