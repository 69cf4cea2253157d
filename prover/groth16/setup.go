package groth16

import (
	"context"
	"fmt"
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd/msm"
)

// Setup makes a proving and a verifying key for the circuit, distributed and
// laid out as those of gnark's groth16.Setup. Whoever runs it could keep the
// secret randomness and forge proofs; Setup overwrites it (package secret says
// how far that reaches).
//
// progress, which may be nil, is called with the fraction done, in (0, 1].
// Setup returns the context's error if cancelled.
func Setup(ctx context.Context, r1cs *cs.R1CS, progress func(done float64)) (pk *g16.ProvingKey, vk *g16.VerifyingKey, err error) {
	layout, err := newLayout(r1cs)
	if err != nil {
		return nil, nil, err
	}
	s := &setup{layout: layout, domain: fft.NewDomain(uint64(r1cs.GetNbConstraints()))}
	secret.Do(func() {
		defer s.erase()
		pk, vk, err = s.run(ctx, r1cs, progress)
	})
	return pk, vk, err
}

// setup holds the exponents of the keys.
type setup struct {
	*layout
	domain *fft.Domain

	// the toxic waste
	t, alpha, beta, gamma, delta fr.Element
	sigma                        []fr.Element // of each commitment

	a, b, c []fr.Element // the wires' polynomials at t
	k       []fr.Element // β·a + α·b + c, over δ or γ
	z       []fr.Element // t^i·(t^n-1)/δ

	secrets secret.List // all slices that depend on the toxic waste
}

func (s *setup) run(ctx context.Context, r1cs *cs.R1CS, progress func(float64)) (*g16.ProvingKey, *g16.VerifyingKey, error) {
	if err := s.sample(); err != nil {
		return nil, nil, err
	}
	s.evaluate(r1cs)
	s.scalars()
	return s.keys(ctx, progress)
}

// sample draws the toxic waste, no element of which may be zero.
func (s *setup) sample() error {
	s.sigma = s.secrets.New(len(s.commitments))
	secrets := []*fr.Element{&s.t, &s.alpha, &s.beta, &s.gamma, &s.delta}
	for i := range s.sigma {
		secrets = append(secrets, &s.sigma[i])
	}
	for _, x := range secrets {
		if err := secret.Draw(x); err != nil {
			return fmt.Errorf("groth16: setup: %w", err)
		}
	}
	return nil
}

// erase overwrites the secrets, as far as the language lets us.
func (s *setup) erase() {
	s.secrets.Clear()
	s.t, s.alpha, s.beta, s.gamma, s.delta = fr.Element{}, fr.Element{}, fr.Element{}, fr.Element{}, fr.Element{}
}

// evaluate computes each wire's polynomials at t: Σ of its coefficients in the
// constraints times the Lagrange polynomials
//
//	L_i(t) = ω^i/n · (t^n-1)/(t-ω^i)
func (s *setup) evaluate(r1cs *cs.R1CS) {
	lagrange := s.secrets.New(s.constraints)
	power := make([]fr.Element, s.constraints)
	w := fr.One()
	for i := range lagrange {
		power[i] = w
		lagrange[i].Sub(&s.t, &w)
		w.Mul(&w, &s.domain.Generator)
	}
	scale := s.vanishing()
	scale.Mul(&scale, &s.domain.CardinalityInv)
	lagrange = s.secrets.Hold(fr.BatchInvert(lagrange))
	vector := fr.Vector(lagrange)
	vector.Mul(vector, power)
	vector.ScalarMul(vector, &scale)

	s.a, s.b, s.c = s.secrets.New(s.wires), s.secrets.New(s.wires), s.secrets.New(s.wires)
	it := r1cs.GetR1CIterator()
	for i, row := 0, it.Next(); row != nil; i, row = i+1, it.Next() {
		addTerms(s.a, r1cs, row.L, &lagrange[i])
		addTerms(s.b, r1cs, row.R, &lagrange[i])
		addTerms(s.c, r1cs, row.O, &lagrange[i])
	}
}

// vanishing returns t^n - 1.
func (s *setup) vanishing() (v fr.Element) {
	one := fr.One()
	v.Exp(s.t, new(big.Int).SetUint64(s.domain.Cardinality))
	return *v.Sub(&v, &one)
}

// scalars computes the exponents of the K and Z points.
func (s *setup) scalars() {
	var overGamma, overDelta fr.Element
	overGamma.Inverse(&s.gamma)
	overDelta.Inverse(&s.delta)
	s.k = s.secrets.New(s.wires)
	var t fr.Element
	for i := range s.k {
		s.k[i].Mul(&s.a[i], &s.beta)
		t.Mul(&s.b[i], &s.alpha)
		s.k[i].Add(&s.k[i], &t).Add(&s.k[i], &s.c[i])
		if s.role[i] == private {
			s.k[i].Mul(&s.k[i], &overDelta)
		} else {
			s.k[i].Mul(&s.k[i], &overGamma)
		}
	}
	s.z = s.secrets.New(int(s.domain.Cardinality))
	x := s.vanishing()
	x.Mul(&x, &overDelta)
	for i := range s.z {
		s.z[i] = x
		x.Mul(&x, &s.t)
	}
	bitReverse(s.z) // the order of the quotient's coefficients
}

// bitReverse permutes a slice of a power of two of elements in place; gnark-crypto's
// function has buffers, which nobody would overwrite.
func bitReverse(v []fr.Element) {
	shift := bits.LeadingZeros64(uint64(len(v))) + 1
	for i := range v {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			v[i], v[j] = v[j], v[i]
		}
	}
}

// keys computes the points and assembles the keys.
func (s *setup) keys(ctx context.Context, progress func(float64)) (*g16.ProvingKey, *g16.VerifyingKey, error) {
	pk, vk := new(g16.ProvingKey), new(g16.VerifyingKey)
	pk.Domain = *s.domain
	var a, b []fr.Element
	a, pk.InfinityA, pk.NbInfinityA = s.nonZero(s.a, 0)
	b, pk.InfinityB, pk.NbInfinityB = s.nonZero(s.b, 3+len(s.sigma))

	list := scalarList{all: s.secrets.New(3 + len(a) + len(b) + len(s.z) + 2*s.wires)[:0]}
	list.add(append(s.secrets.New(3)[:0], s.alpha, s.beta, s.delta))
	list.add(a)
	list.add(b)
	list.add(s.z[:len(s.z)-1]) // the quotient has degree n-2
	list.add(s.pick(s.public))
	list.add(s.pick(s.private))
	list2 := append(b, s.beta, s.delta, s.gamma)
	for i, c := range s.commitments {
		basis := s.pick(c.PrivateCommitted)
		list.add(basis)
		powers := fr.Vector(s.secrets.New(len(basis)))
		powers.ScalarMul(basis, &s.sigma[i])
		list.add(powers)
		var minusSigma fr.Element
		minusSigma.Mul(&s.sigma[i], &s.gamma).Neg(&minusSigma)
		list2 = append(list2, minusSigma)
	}

	const g2Weight = 3 // what a point of G2 costs, in points of G1
	work := float64(len(list.all) + g2Weight*len(list2))
	report := func(done float64) {
		if progress != nil {
			progress(done / work)
		}
	}
	_, _, base1, base2 := bn254.Generators()
	points := make([]bn254.G1Affine, len(list.all))
	if err := msm.MulG1(ctx, points, base1, list.all, func(done int) { report(float64(done)) }); err != nil {
		return nil, nil, err
	}
	points2 := make([]bn254.G2Affine, len(list2))
	if err := msm.MulG2(ctx, points2, base2, list2, func(done int) { report(float64(len(points) + g2Weight*done)) }); err != nil {
		return nil, nil, err
	}

	cut := list.cutter(points)
	first := cut()
	pk.G1.Alpha, pk.G1.Beta, pk.G1.Delta = first[0], first[1], first[2]
	pk.G1.A, pk.G1.B, pk.G1.Z = cut(), cut(), cut()
	vk.G1.K, pk.G1.K = cut(), cut()
	n := len(b)
	pk.G2.B, pk.G2.Beta, pk.G2.Delta = points2[:n:n], points2[n], points2[n+1]
	vk.G1.Alpha, vk.G1.Beta, vk.G1.Delta = pk.G1.Alpha, pk.G1.Beta, pk.G1.Delta
	vk.G2.Beta, vk.G2.Delta, vk.G2.Gamma = pk.G2.Beta, pk.G2.Delta, points2[n+2]
	vk.PublicAndCommitmentCommitted = s.commitments.GetPublicAndCommitmentCommitted(s.commitments.CommitmentIndexes(), s.nbPublic)
	s.commitmentKeys(pk, vk, cut, points2[n+3:])
	if err := vk.Precompute(); err != nil {
		return nil, nil, fmt.Errorf("groth16: setup: %w", err)
	}
	return pk, vk, nil
}

// commitmentKeys fills in the Pedersen keys: a σ for each commitment, and γ's point as the
// G2 point of all, as gnark's ceremony has it. A verifier that folds its equations then
// pairs once with γ's point instead of twice. The check D·σγ = PoK·γ still compares D·σ with
// PoK, and σ occurs in G1 only in the basis to the σ, so neither equation has a term that
// could cancel one of the other's.
func (s *setup) commitmentKeys(pk *g16.ProvingKey, vk *g16.VerifyingKey, cut func() []bn254.G1Affine, minusSigma []bn254.G2Affine) {
	pk.CommitmentKeys = make([]pedersen.ProvingKey, len(s.commitments))
	vk.CommitmentKeys = make([]pedersen.VerifyingKey, len(s.commitments))
	for i := range s.commitments {
		pk.CommitmentKeys[i] = pedersen.ProvingKey{Basis: cut(), BasisExpSigma: cut()}
		vk.CommitmentKeys[i] = pedersen.VerifyingKey{G: vk.G2.Gamma, GSigmaNeg: minusSigma[i]}
	}
}

// scalarList joins lists of exponents, and cuts the points made from them.
type scalarList struct {
	all  []fr.Element
	ends []int
}

func (l *scalarList) add(s []fr.Element) {
	l.all = append(l.all, s...)
	l.ends = append(l.ends, len(l.all))
}

// cutter returns a function that returns the points of one list after another.
func (l *scalarList) cutter(points []bn254.G1Affine) func() []bn254.G1Affine {
	at, next := 0, 0
	return func() []bn254.G1Affine {
		cut := points[at:l.ends[next]:l.ends[next]]
		at = l.ends[next]
		next++
		return cut
	}
}

// nonZero returns the elements of v that are not zero, with room for more, which are, and
// how many.
func (s *setup) nonZero(v []fr.Element, more int) (kept []fr.Element, zero []bool, zeros uint64) {
	zero = make([]bool, len(v))
	kept = s.secrets.New(len(v) + more)[:0]
	for i := range v {
		if zero[i] = v[i].IsZero(); zero[i] {
			zeros++
		} else {
			kept = append(kept, v[i])
		}
	}
	return kept, zero, zeros
}

// pick returns the exponents of the wires' K points.
func (s *setup) pick(wires []int) []fr.Element {
	picked := s.secrets.New(len(wires))
	for i, w := range wires {
		picked[i] = s.k[w]
	}
	return picked
}
