package model

import (
	"maps"
	"slices"
)

// modern drops attributes of old versions of an operator that say what newer versions always
// do. Others stay, and are refused as unknown.
func modern(n *Node) {
	if n.Opset >= 8 || len(n.Attrs) == 0 {
		return
	}
	attrs := maps.Clone(n.Attrs)
	delete(attrs, "consumed_inputs") // which memory may be written over
	if v, ok := attrs["is_test"].(int); ok && v == 1 {
		delete(attrs, "is_test")
	}
	_, placed := attrs["axis"]
	elementwise := []string{"Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less", "Gemm", "PRelu"}
	if slices.Contains(elementwise, n.Op) && !placed {
		delete(attrs, "broadcast")
	}
	n.Attrs = attrs
}
