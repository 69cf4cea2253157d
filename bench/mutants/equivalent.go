package main

import "strings"

// proven is a change that alters nothing a proof rests on, with the argument why.
type proven struct {
	file, rule, text string // of the mutant: its file's end, its rule, and what its text contains
	why              string
}

// equivalents lists the mutants that survive because they are no change.
var equivalents = []proven{}

func (m mutant) isEquivalent() bool {
	for _, e := range equivalents {
		if strings.HasSuffix(m.file, e.file) && m.what == e.rule && strings.Contains(m.from, e.text) {
			return true
		}
	}
	return false
}
