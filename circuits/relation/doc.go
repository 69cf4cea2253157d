// Package relation states what must hold between the integers of a quantized
// network, without saying how a proof system enforces it.
//
// An operator hands a [Builder] statements about committed integer columns. There
// are five kinds:
//
//   - linear expressions, which are free: a [Tensor] is a sum of scaled views of
//     columns plus a constant ([Builder.Zero] sets one to zero);
//   - [Lookup]: a tuple of expressions is a row of a fixed [Table];
//   - [Gather]: a tuple is the row of a matrix of parameters that a key names, and [Member]: an
//     expression equals one of some others;
//   - [Product]: a·b = c, element by element;
//   - [Contract]: out = W·x over the inner axes, a matrix product or, through a
//     window map, a convolution; [MatMul] is the same for two committed matrices.
//
// [Expose] adds which tensors are public. [Builder.Finish] returns the [System]: the
// list of statements, with every column's integer interval derived from the
// statements themselves. A column no statement bounds is an error, so a forgotten
// range check does not compile; nor does a statement one of whose expressions is not
// proven to stay below 2^62, where the field and an int64 could part ways (checked.go,
// expressions.go).
//
// Package gadget interprets a System as gnark constraints.
package relation
