// Package circuits holds networks of exact integers and states, for a proof system, what such
// a network computes.
//
// A [Program] is a list of operators over integers, made of a trained network by package
// quantize or read by [ParseProgram]. [Program.Eval] runs it natively; [Compile] turns it into
// a gnark constraint system. An operator lives in one file, where its integer semantics
// (Eval) and its statements (Relate) stand side by side; what the statements cost in
// constraints is package gadget's business, what they mean package relation's.
//
//	g, err := model.LoadONNX("lenet5.onnx")
//	p, err := quantize.Graph(g, samples, circuits.Config{})
//	c, err := circuits.Compile(p)
package circuits
