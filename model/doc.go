// Package model reads trained networks and their inputs: ONNX files into a
// [Graph] whose shapes are known and whose constants are folded, JSON and NumPy
// files into tensors. It also runs a graph in floating point, the reference that
// a quantised network is calibrated on and compared with.
//
// # What is accepted
//
// ONNX files of the default operator set, versions 8 to 20, with the weights
// inside the file. The operators are those of the table in ops.go; a graph with
// other ones is still read, and [Graph.Unsupported] lists all of them. A first
// axis of an input that is symbolic, zero or missing (the batch) becomes 1, every
// other axis must be a number.
//
// # What reading does
//
// ParseONNX sorts the nodes topologically, drops those no output depends on,
// infers shapes, evaluates every node whose inputs are constants (and Shape, whose
// result only depends on shapes), and removes nodes that change nothing: Identity,
// Dropout, and casts between float types.
//
// # Numbers
//
// All float types are held as float32, all integer types and bool as int64. The
// evaluator accumulates sums in float64, in a fixed order: a product of two
// float32 values is exact there, so a fused multiply-add changes nothing and the
// linear operators give the same bits on every platform. NaN and infinity are
// refused in weights and inputs.
//
// # Hostile files
//
// A model file may come from anyone. Lengths are checked before anything is
// allocated, no tensor may exceed 2^28 elements, the work of constant folding has
// a budget, and external data is refused, so that no path in a file is ever opened.
// Nothing panics.
package model
