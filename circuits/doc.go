// Package circuits turns a trained network into one of exact integers and states, for a
// proof system, what that network computes.
//
// [Quantize] chooses scales from samples and returns a [Program]: a list of operators over
// integers. [Program.Eval] runs it natively; [Compile] turns it into a gnark constraint
// system. An operator lives in one file, where its integer semantics (Eval) and its
// statements (Relate) stand side by side; what the statements cost in constraints is
// package gadget's business, what they mean package relation's.
//
//	g, err := model.LoadONNX("lenet5.onnx")
//	p, err := circuits.Quantize(g, samples, circuits.Config{})
//	c, err := circuits.Compile(p)
package circuits
