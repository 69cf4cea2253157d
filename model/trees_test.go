package model

import (
	"errors"
	"testing"
)

// TestTreesRefused: attributes that a walk could fall out of, or run in circles by. A file may have
// them, though none should.
func TestTreesRefused(t *testing.T) {
	good := func() *TreeNodes {
		return &TreeNodes{Scores: 1, Roots: []int{0}, Feature: []int{0, 1}, Strict: []int{0, 1}, Yes: []int{1, -1}, No: []int{-2, -3},
			Threshold: []float32{0.5, 1}, Value: []float32{1, 2, 3}}
	}
	if _, err := TreesOf(good().attrs(), 2); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(n *TreeNodes){
		"a feature that is not there": func(n *TreeNodes) { n.Feature[1] = 2 },
		"a child that is its parent":  func(n *TreeNodes) { n.Yes[1] = 0 },
		"a child that is itself":      func(n *TreeNodes) { n.No[1] = 1 },
		"a child behind the last":     func(n *TreeNodes) { n.Yes[0] = 2 },
		"a leaf that is not there":    func(n *TreeNodes) { n.No[0] = -4 },
		"a root that is not there":    func(n *TreeNodes) { n.Roots[0] = 2 },
		"a leaf as a root, not there": func(n *TreeNodes) { n.Roots[0] = -5 },
		"scores that do not fit":      func(n *TreeNodes) { n.Scores = 2 },
		"no scores":                   func(n *TreeNodes) { n.Scores = 0 },
		"a mode that is none":         func(n *TreeNodes) { n.Strict[0] = 2 },
		"lists of different lengths":  func(n *TreeNodes) { n.No = n.No[:1] },
	} {
		n := good()
		spoil(n)
		if _, err := TreesOf(n.attrs(), 2); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
