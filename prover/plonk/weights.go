package plonk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"

	"github.com/nnark/nnark/prover/simd/msm"
)

// ErrWeights: weights and key do not fit, or there are none to prove with.
var ErrWeights = errors.New("plonk: weights and key do not fit")

// Support shows that a key of private weights is its circuit's but for weights: with W the
// rows of weights, [Qr'] the key's selector, [Qr] the circuit's, n rows in all and
//
//	C = Qr' - Qr,  V = (X^n - 1) / Π_{i in W}(X - ω^i),
//
// Quotient is [q], q = C/V, which exists only if C is zero on all other rows; Opening shows
// that C - V(s)·q is zero at a point s that is the hash of all of these.
//
// Soundness: q is fixed before s, so C = V·q as polynomials, but for at most n + 3 in r
// choices of s.
//
// Secrecy: the exponents of both points follow from that of C, q(τ) = C(τ)/V(τ) and
// (C(τ) - V(s)·q(τ))/(τ - s); whoever knows [Qr'], and τ, could compute them.
type Support struct{ Quotient, Opening bn254.G1Affine }

// Hide returns the prover of a private model: its key commits to the circuit's selector qR
// with the weights on their rows, in the order of the rows given to [Setup], the last of them
// a random number. The receiver's own weights, if any, play no part.
//
// The last has to be drawn anew for each key that is published: two keys with one, be it of
// different weights or sizes, differ by a combination of weights that can be guessed.
func (p *Prover) Hide(ctx context.Context, weights fr.Vector) (*Prover, *Support, error) {
	if len(p.weightRows) == 0 || len(weights) != len(p.weightRows) {
		return nil, nil, fmt.Errorf("%w: %d weights for %d rows", ErrWeights, len(weights), len(p.weightRows))
	}
	if p.pk.KzgLagrange.G1[p.weightRows[len(weights)-1]].IsInfinity() {
		return nil, nil, fmt.Errorf("%w: with this reference string the key would not hide them", ErrCircuit)
	}
	hidden := &Prover{
		spr: p.spr, commitment: p.commitment, domain: p.domain, cosets: p.cosets, rows: p.rows, lagrange: p.lagrange, grand: p.grand,
		weightRows: p.weightRows, circuit: p.circuit, weights: weights, solving: p.solving,
	}
	pk, vk := *p.pk, *p.circuit
	points := make([]bn254.G1Affine, len(weights))
	for i, row := range p.weightRows {
		points[i] = pk.KzgLagrange.G1[row]
	}
	var sum bn254.G1Affine
	if err := msm.Run(ctx, msm.G1(&sum, points, weights)); err != nil {
		return nil, nil, err
	}
	vk.Qr.Add(&vk.Qr, &sum)
	pk.Vk, hidden.pk = &vk, &pk
	s, err := hidden.support(ctx)
	return hidden, s, err
}

// Open returns the prover with the key of the receiver, which it fits by [ErrWeights] only
// if it is the one that hides these weights.
func (p *Prover) Open(ctx context.Context, weights fr.Vector) (*Prover, error) {
	hidden, _, err := p.Hide(ctx, weights)
	if err != nil {
		return nil, err
	}
	if hidden.pk.Vk.Qr != p.pk.Vk.Qr {
		return nil, fmt.Errorf("%w: the key hides others", ErrWeights)
	}
	return hidden, nil
}

// support makes the proof of [Support].
func (p *Prover) support(ctx context.Context) (*Support, error) {
	n := p.cosets.n
	values := make(fr.Vector, n)
	roots := make(fr.Vector, len(p.weightRows))
	for i, row := range p.weightRows {
		values[row], roots[i] = p.weights[i], p.cosets.roots[row]
	}
	c := p.cosets.coefficients(values)
	p.cosets.domain.reorder(c)
	// C·Π(X - ω^i) = q·(X^n - 1), and q has fewer terms than there are roots.
	q := multiply(c, vanishing(roots))[n:]
	out := new(Support)
	g := p.pk.Kzg.G1
	if err := msm.Run(ctx, msm.G1(&out.Quotient, g[:len(q)], q)); err != nil {
		return nil, err
	}
	s := p.supportPoint(&p.pk.Vk.Qr, &out.Quotient)
	v, defined := p.vanishingAt(&s)
	if !defined {
		return nil, ErrSelfCheck
	}
	for i := range q {
		t := product(&v, &q[i])
		c[i].Sub(&c[i], &t)
	}
	w, zero := divide(c, &s)
	if !zero.IsZero() {
		return nil, ErrSelfCheck
	}
	return out, msm.Run(ctx, msm.G1(&out.Opening, g[:len(w)], w))
}

// CheckSupport returns [ErrWeights] unless the proof shows that a key with this commitment to
// qR is the circuit's but for weights. The reference string is taken as it is.
func (p *Prover) CheckSupport(qr *bn254.G1Affine, proof *Support) error {
	if len(p.weightRows) == 0 || proof == nil {
		return fmt.Errorf("%w: no weights, or nothing that shows where they are", ErrWeights)
	}
	s := p.supportPoint(qr, &proof.Quotient)
	v, ok := p.vanishingAt(&s)
	var c, t bn254.G1Affine
	c.Sub(qr, &p.circuit.Qr)
	t.ScalarMultiplication(&proof.Quotient, v.BigInt(new(big.Int)))
	c.Sub(&c, &t)
	if !ok || kzg.Verify(&c, &kzg.OpeningProof{H: proof.Opening}, s, p.pk.Vk.Kzg) != nil {
		return fmt.Errorf("%w: the key differs from the circuit's elsewhere", ErrWeights)
	}
	return nil
}

// supportPoint is the point at which a proof of [Support] is opened.
func (p *Prover) supportPoint(qr, quotient *bn254.G1Affine) (s fr.Element) {
	h := sha256.New()
	h.Write([]byte("nnark plonk support 1\n"))
	srs := &p.pk.Vk.Kzg
	for _, x := range [][]byte{srs.G1.Marshal(), srs.G2[0].Marshal(), srs.G2[1].Marshal()} {
		h.Write(x)
	}
	var word [8]byte
	write := func(x int) {
		binary.BigEndian.PutUint64(word[:], uint64(x))
		h.Write(word[:])
	}
	write(p.cosets.n)
	write(len(p.weightRows))
	for _, row := range p.weightRows {
		write(row)
	}
	for _, x := range []*bn254.G1Affine{&p.circuit.Qr, qr, quotient} {
		h.Write(x.Marshal())
	}
	s.SetBytes(h.Sum(nil))
	return s
}

// vanishingAt returns V(s), and false for an s on a row.
func (p *Prover) vanishingAt(s *fr.Element) (v fr.Element, ok bool) {
	over, t := fr.One(), fr.Element{}
	for _, row := range p.weightRows {
		over.Mul(&over, t.Sub(s, &p.cosets.roots[row]))
	}
	one := fr.One()
	v.Exp(*s, big.NewInt(int64(p.cosets.n))).Sub(&v, &one)
	ok = !v.IsZero()
	return *v.Div(&v, &over), ok
}

// vanishing returns Π(X - root), by halves.
func vanishing(roots fr.Vector) fr.Vector {
	if len(roots) == 1 {
		p := fr.Vector{{}, fr.One()}
		p[0].Neg(&roots[0])
		return p
	}
	half := len(roots) / 2
	return multiply(vanishing(roots[:half]), vanishing(roots[half:]))
}

// multiply returns the product of two polynomials.
func multiply(a, b fr.Vector) fr.Vector {
	n := len(a) + len(b) - 1
	if min(len(a), len(b)) < 32 {
		out := make(fr.Vector, n)
		for i := range a {
			for j := range b {
				t := product(&a[i], &b[j])
				out[i+j].Add(&out[i+j], &t)
			}
		}
		return out
	}
	d := fft.NewDomain(uint64(n), fft.WithoutPrecompute())
	transformed := func(p fr.Vector) fr.Vector {
		v := make(fr.Vector, d.Cardinality)
		copy(v, p)
		d.FFT(v, fft.DIF)
		return v
	}
	x, y := transformed(a), transformed(b)
	x.Mul(x, y)
	d.FFTInverse(x, fft.DIT)
	return x[:n]
}
