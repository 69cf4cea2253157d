// Package msm computes multi-scalar multiplications Σ sᵢ·Pᵢ on BN254 in affine
// coordinates, from batches of independent additions ([simd.AddG1]).
//
// The method is Pippenger's bucket method with signed digits. Points are sorted
// by bucket and every bucket is summed as a balanced tree, so that equal
// scalars, equal points and long buckets cost what any others do. The sum
// Σ d·S_d of a window's buckets is taken over the rows and columns of a square
// grid of the bits of d, and then bit by bit, by the same additions; a single
// chain of doublings ends it.
//
// Scalars are taken with their sign (v or r-v, whichever is smaller) and split
// by magnitude, and full-size scalars that occur several times have their
// points added first: small, negative and repeated values are cheap.
//
// Nothing here runs in constant time.
package msm
