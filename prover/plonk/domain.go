package plonk

import (
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"

	"github.com/nnark/nnark/prover/simd"
)

// minThirds is the least power of two three of which make a domain.
const minThirds = 1 << 5

// Size returns the number of rows of the smallest domain that holds so many: 2^k or 3·2^k.
func Size(rows int) int {
	n := 1 << bits.Len(uint(max(rows, 1)-1))
	if thirds := n / 4; thirds >= minThirds && rows <= 3*thirds {
		return 3 * thirds
	}
	return n
}

// NewDomain returns the domain of n roots of unity, n = 2^k or 3·2^k as [Size] returns it, in
// gnark's form: ω = 5^((r-1)/n), which for powers of two is gnark's choice. 9·2^28 divides
// r - 1. gnark's own transforms serve powers of two alone.
func NewDomain(n int) *fft.Domain {
	if n&(n-1) == 0 {
		return fft.NewDomain(uint64(n), fft.WithoutPrecompute())
	}
	d := &fft.Domain{Cardinality: uint64(n)}
	d.CardinalityInv.SetUint64(d.Cardinality).Inverse(&d.CardinalityInv)
	d.FrMultiplicativeGen.SetUint64(5)
	d.FrMultiplicativeGenInv.Inverse(&d.FrMultiplicativeGen)
	d.Generator = simd.RootOfUnity(n)
	d.GeneratorInv.Inverse(&d.Generator)
	return d
}

// domain transforms between the coefficients of polynomials and their values on n roots of
// unity. n is m or 3m for a power of two m; coefficients are in blocks of m, each in
// bit-reversed order.
//
// Of three blocks, p = p0 + p1·X^m + p2·X^2m, the values on ω^j·⟨ω³⟩ are those of
// p0 + ζ^j·p1 + ζ^2j·p2 there, ζ = ω^m being a cube root of unity: three transforms of size m.
type domain struct {
	n, m  int
	small *simd.Domain
	zeta  [3]fr.Element // ζ^j

	twist, untwist [3]fr.Vector // ω^(ji) and ω^(-ji), in a block's order; of j = 0 none
}

func newDomain(d *fft.Domain) *domain {
	n := int(d.Cardinality)
	out := &domain{n: n, m: n}
	if n%3 == 0 {
		out.m = n / 3
		out.zeta[0].SetOne()
		out.zeta[1].Exp(d.Generator, big.NewInt(int64(out.m)))
		out.zeta[2].Square(&out.zeta[1])
		var w, v fr.Element
		for j := 1; j < 3; j++ {
			w.Exp(d.Generator, big.NewInt(int64(j)))
			v.Inverse(&w)
			out.twist[j], out.untwist[j] = powers(w, out.m), powers(v, out.m)
			fft.BitReverse(out.twist[j])
			fft.BitReverse(out.untwist[j])
		}
	}
	out.small = simd.NewDomain(out.m)
	return out
}

// reorder takes coefficients from their natural order to the blocks' and back.
func (d *domain) reorder(v fr.Vector) {
	for at := 0; at < d.n; at += d.m {
		fft.BitReverse(v[at : at+d.m])
	}
}

// at returns where coefficient i is.
func (d *domain) at(i int) int {
	if d.m == 1 {
		return i
	}
	return i - i%d.m + int(bits.Reverse64(uint64(i%d.m))>>(64-bits.TrailingZeros(uint(d.m))))
}

// inverse replaces values by n times the coefficients, times scale.
func (d *domain) inverse(v fr.Vector, scale *fr.Element) {
	if d.m == d.n {
		p := d.small.Poly(v)
		p.Inverse()
		p.Scale(scale)
		p.Store(v)
		return
	}
	var parts [3]fr.Vector
	for j := range parts {
		parts[j] = make(fr.Vector, d.m)
		for i := range parts[j] {
			parts[j][i] = v[3*i+j]
		}
		p := d.small.Poly(parts[j])
		p.Inverse()
		p.Scale(scale)
		p.Store(parts[j])
		if j > 0 {
			parts[j].Mul(parts[j], d.untwist[j])
		}
	}
	for b := range parts { // Σ_j ζ^(-jb)·parts[j]
		d.combine(v[b*d.m:(b+1)*d.m], &parts, 3-b)
	}
}

// forward replaces coefficients by values.
func (d *domain) forward(v fr.Vector) {
	if d.m == d.n {
		p := d.small.Poly(v)
		p.Forward()
		p.Store(v)
		return
	}
	var blocks, parts [3]fr.Vector
	for b := range blocks {
		blocks[b] = v[b*d.m : (b+1)*d.m]
	}
	for j := range parts { // Σ_b ζ^(jb)·blocks[b]
		parts[j] = make(fr.Vector, d.m)
		d.combine(parts[j], &blocks, j)
		if j > 0 {
			parts[j].Mul(parts[j], d.twist[j])
		}
		p := d.small.Poly(parts[j])
		p.Forward()
		p.Store(parts[j])
	}
	for j := range parts {
		for i := range parts[j] {
			v[3*i+j] = parts[j][i]
		}
	}
}

// combine sets out to Σ_b ζ^(jb)·v[b]. out is none of them.
func (d *domain) combine(out fr.Vector, v *[3]fr.Vector, j int) {
	scratch := make(fr.Vector, part)
	for lo := 0; lo < d.m; lo += part {
		hi := min(lo+part, d.m)
		sum := out[lo:hi]
		copy(sum, v[0][lo:hi])
		for b := 1; b < 3; b++ {
			addScaled(sum, v[b][lo:hi], &d.zeta[j*b%3], scratch)
		}
	}
}

// Interpolate replaces values on as many rows, of a number that [Size] returns, by the
// coefficients of the polynomial that has them.
func Interpolate(v fr.Vector) {
	d := NewDomain(len(v))
	own := newDomain(d)
	own.inverse(v, &d.CardinalityInv)
	own.reorder(v)
}
