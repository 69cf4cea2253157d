package model

import (
	"maps"
	"slices"
)

// Operators returns the ONNX operators that a network may hold, sorted; "domain:Name" outside
// the default domain. Some are evaluated, and stay in a Graph; the others, and some forms of
// the first, are replaced by simpler ones when it is read.
func Operators() (evaluated, replaced []string) {
	return slices.Sorted(maps.Keys(operators)), slices.Sorted(maps.Keys(expansions))
}
