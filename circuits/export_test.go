package circuits

import (
	"math/rand/v2"
	"runtime/debug"
	"testing"
)

// Solving small circuits some hundred thousand times makes much garbage and keeps none.
func init() { debug.SetGCPercent(400) }

// What the tests of whole networks, which import package quantize, need of the operators'.

type (
	TestCircuit = testCircuit
	Tallied     = tallied
)

func NewTestCircuit(t testing.TB, p *Program) *TestCircuit { return compile(t, p) }

func (k *testCircuit) Extremes() [][][]int64                 { return k.extremes() }
func (k *testCircuit) RandomInputs(rng *rand.Rand) [][]int64 { return k.randomInputs(rng) }
func BroadcastShape(x, y []int) ([]int, error)               { return broadcastShape(x, y) }
