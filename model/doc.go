// Package model reads trained networks and their inputs: ONNX files into a
// [Graph] whose shapes are known and whose constants are folded, JSON and NumPy
// files into tensors. It also runs a graph in floating point, the reference that
// a quantized network is calibrated on and compared with.
//
// # What is accepted
//
// ONNX files of the default operator set, versions 1 to 25, and of ai.onnx.ml, with
// the weights inside the file or in files beside it. The operators are those of the
// tables in ops.go and expand.go; a graph with other ones is still read, and
// [Graph.Unsupported] lists all of them. A first axis of an input that is symbolic,
// zero or missing (the batch) becomes 1 if nothing else is said; every other axis
// must be a number, which [WithShape], [WithDim] or a file of inputs ([LoadONNXFor])
// give.
//
// # What reading does
//
// ParseONNX sorts the nodes topologically, drops those no output depends on,
// infers shapes, evaluates every node whose inputs are constants (and Shape, whose
// result only depends on shapes), and removes nodes that change nothing: Identity,
// Dropout, and casts between float types. Calls of a model's own functions become the
// functions' nodes, and operators that are defined by simpler ones (a GRU, an SVM, a
// transposed convolution) those: see expand.go. Quantized operators become the real
// ones they stand for, without the rounding: a network that was shipped in eight bits
// is quantized anew.
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
// a budget. Of external data, only regular files with one name in the model's own
// folder are opened, never a path. Nothing panics.
package model
