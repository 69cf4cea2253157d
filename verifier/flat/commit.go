package flat

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254"
)

// Blinder returns Xi, the base of the blindings of rows: a point that nobody knows a multiple
// of, by hashing to the curve.
func Blinder() bn254.G1Affine { return blinder() }

var blinder = sync.OnceValue(func() bn254.G1Affine {
	p, err := bn254.HashToG1([]byte("blinding of rows"), []byte("nnark flat 1"))
	if err != nil {
		panic("flat: " + err.Error()) // no input of it is anybody's
	}
	return p
})
