// Package flat turns the statements about a network's integers into a plan of the flat argument
// (package verifier/flat), and the integers into the values it commits to.
//
// Every integer gets an address among the values, every product, term of a sum, output and zero
// a slot, so that statements become boxes: regular sets of terms (address, slot). Axes are padded
// to powers of two where that keeps a box's counters in bits of their own, for then the
// verifier evaluates it counter by counter. A padded address may hold anything: no box reads it.
package flat
