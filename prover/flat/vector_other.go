//go:build !linux

package flat

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

// newVector returns n zeros.
func newVector(n int) fr.Vector { return make(fr.Vector, n) }
