// Package gadget interprets a [relation.System] as a gnark circuit.
//
// The circuit's secret inputs are all committed integers of a proof: packed weights,
// columns, lookup multiplicities. Nothing the prover is free to choose is computed by a
// hint; the solver only derives what constraints force: products, powers of the
// challenge, inverses. A lying prover is therefore one that assigns other secret inputs.
//
// # Order
//
// A challenge means something only for values fixed before it. [Circuit.Define] has four
// steps, in this order: statements that need no challenge (products, linear relations,
// packed contractions), the statement's elements, the one commitment to every secret
// input (funnel.go), and the checks at the challenge z (projected contractions, lookups,
// the statement's fold).
//
// Under PLONK the order of rows means nothing: what is fixed before the challenge is what
// the commitment takes and what the key has in its selectors, the weights (plonk.go). There
// columns share rows with other statements (place.go), and sums cost nothing until they are
// used (sum.go).
//
// # One challenge
//
// Every check is a polynomial identity in z. Where an argument needs two independent
// variables, they are z and z^N with N above the first one's degree (Kronecker's
// substitution): distinct monomials stay distinct, so a false identity is a non-zero
// polynomial. The degrees of all identities of a plan add up to at most 2^44 ([New] refuses
// others), so one that is false holds with probability below 2^-209.
package gadget
