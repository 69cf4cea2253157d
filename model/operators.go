package model

import (
	"maps"
	"slices"
)

// Operator is what networks may hold of an ONNX operator.
type Operator struct {
	Name      string // "domain:Name" outside the default domain
	Versions  []int  // the opsets in which ONNX defined or changed it; nil outside ONNX's own domains
	Evaluated bool   // it stays in a Graph, at least in some forms
	Replaced  bool   // it is replaced by simpler ones when it is read, at least in some forms
	Refused   string // forms that are not replaced
}

// Operators returns the operators that a network may hold, sorted.
func Operators() []Operator {
	var all []Operator
	names := slices.Concat(slices.Collect(maps.Keys(operators)), slices.Collect(maps.Keys(expansions)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if name == Trees { // of no file
			continue
		}
		_, evaluated := operators[name]
		x, replaced := expansions[name]
		all = append(all, Operator{name, versions[name], evaluated, replaced, x.refused})
	}
	return all
}
