// Package solving says how often gnark's solver may run on one constraint system at a time.
package solving

import (
	"sync"

	"github.com/consensys/gnark/constraint"
)

// Lock returns what a solver of a system with these blueprints has to hold: a lock if gnark
// keeps state of a run in the system (lookup tables, GKR), nothing otherwise.
func Lock(blueprints []constraint.Blueprint) sync.Locker {
	for _, b := range blueprints {
		if _, stateful := b.(constraint.BlueprintStateful[constraint.U64]); stateful {
			return new(sync.Mutex)
		}
	}
	return free{}
}

type free struct{}

func (free) Lock()   {}
func (free) Unlock() {}
