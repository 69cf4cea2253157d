package flat_test

import (
	"math/rand/v2"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func commit(row []fr.Element, blinder fr.Element) (c bn254.G1Affine) {
	points := append(append([]bn254.G1Affine{}, testPowers().g1[:len(row)]...), flat.Blinder())
	scalars := append(append([]fr.Element{}, row...), blinder)
	if _, err := c.MultiExp(points, scalars, ecc.MultiExpConfig{}); err != nil {
		panic(err)
	}
	return c
}

func extension(v, point []fr.Element) (sum fr.Element) {
	for i := range v {
		w := flattest.Eq(point, i, -1)
		sum.Add(&sum, w.Mul(&w, &v[i]))
	}
	return sum
}

func dot(v, w []fr.Element) (sum fr.Element) {
	for i := range v {
		var x fr.Element
		sum.Add(&sum, x.Mul(&v[i], &w[i]))
	}
	return sum
}

func excessOf(sum fr.Element, said fr.Element) (d fr.Element) { return *d.Sub(&said, &sum) }

func bind(v []fr.Element, x *fr.Element) []fr.Element {
	h := len(v) / 2
	out := make([]fr.Element, h)
	for i := range out {
		out[i].Sub(&v[i+h], &v[i]).Mul(&out[i], x).Add(&out[i], &v[i])
	}
	return out
}

// cubic returns the coefficients of 1, X² and X³ of the polynomial with these values at 0, 1, -1 and 2.
func cubic(y [4]fr.Element) (m flat.Cubic, sum fr.Element) {
	var half, sixth, t fr.Element
	half.SetUint64(2)
	half.Inverse(&half)
	sixth.SetUint64(6)
	sixth.Inverse(&sixth)
	m[0] = y[0]
	m[1].Add(&y[1], &y[2]).Mul(&m[1], &half).Sub(&m[1], &y[0])
	// y2 - y0 = 2·l + 4·q + 8·c and (y1 - y-1)/2 = l + c.
	var lc fr.Element
	lc.Sub(&y[1], &y[2]).Mul(&lc, &half)
	m[2].Sub(&y[3], &y[0])
	t.Double(&lc)
	m[2].Sub(&m[2], &t)
	t.Double(&m[1]).Double(&t)
	m[2].Sub(&m[2], &t).Mul(&m[2], &sixth)
	return m, *sum.Add(&y[0], &y[1])
}

func times(x, y fr.Element) fr.Element { return *x.Mul(&x, &y) }

// dot3 is Σ e·(a·b - c).
func dot3(e, a, b, c []fr.Element) (sum fr.Element) {
	for i := range e {
		var x fr.Element
		x.Mul(&a[i], &b[i]).Sub(&x, &c[i]).Mul(&x, &e[i])
		sum.Add(&sum, &x)
	}
	return sum
}
