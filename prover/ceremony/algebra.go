package ceremony

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Progress is told what a long operation does and the fraction done, in [0, 1].
type Progress func(stage string, done float64)

// g2Weight is what a point of G2 costs, in points of G1.
const g2Weight = 3

// meter adds up the parts of one stage.
type meter struct {
	report      Progress
	stage       string
	total, done float64
}

func newMeter(p Progress, stage string, total int) *meter {
	return &meter{report: p, stage: stage, total: float64(max(total, 1))}
}

// part returns what reports the next part of n points.
func (m *meter) part(n, weight int) func(done int) {
	before := m.done
	m.done += float64(n * weight)
	return func(done int) {
		if m.report != nil {
			m.report(m.stage, min(1, (before+float64(done*weight))/m.total))
		}
	}
}

// fraction is part for an operation that reports fractions.
func (m *meter) fraction(n, weight int) func(done float64) {
	tell := m.part(n, weight)
	return func(done float64) { tell(int(done * float64(n))) }
}

// random draws numbers of 128 bits, which nobody can foresee.
func random(n int) ([]fr.Element, error) {
	raw := make([]byte, 16*n)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("randomness: %w", err)
	}
	v := make([]fr.Element, n)
	for i := range v {
		v[i].SetBytes(raw[16*i:][:16])
	}
	return v, nil
}

// sumG1 is a multi-exponentiation whose terms come in parts.
type sumG1 struct {
	points  []bn254.G1Affine
	scalars []fr.Element
	sum     bn254.G1Affine
}

func (s *sumG1) add(points []bn254.G1Affine, scalars []fr.Element) {
	s.points, s.scalars = append(s.points, points...), append(s.scalars, scalars...)
}

// sub subtracts the terms.
func (s *sumG1) sub(points []bn254.G1Affine, scalars []fr.Element) {
	for i := range scalars {
		var minus fr.Element
		s.scalars = append(s.scalars, *minus.Neg(&scalars[i]))
	}
	s.points = append(s.points, points...)
}

func (s *sumG1) task() msm.Task { return msm.G1(&s.sum, s.points, s.scalars) }

// pairingsEqual reports whether e(p, q) = e(s, t).
func pairingsEqual(p *bn254.G1Affine, q *bn254.G2Affine, s *bn254.G1Affine, t *bn254.G2Affine) bool {
	var minus bn254.G1Affine
	minus.Neg(s)
	ok, err := bn254.PairingCheck([]bn254.G1Affine{*p, minus}, []bn254.G2Affine{*q, *t})
	return err == nil && ok
}

// checkG1 reports points off the curve, which has prime order.
func checkG1(lists ...[]bn254.G1Affine) error {
	for _, list := range lists {
		if !all(len(list), func(i int) bool { return list[i].IsOnCurve() }) {
			return invalid("a point of G1 is off the curve")
		}
	}
	return nil
}

// checkG2 reports points off the curve or outside the subgroup of prime order.
//
// The curve has 10069·5864401·… times as many points. If one point of a list has a part
// outside the subgroup, so has a sum with random coefficients below 2^32, but for a chance
// of 1/10069 + 2^-32, whatever the others are. Ten sums leave a chance of 2^-132.
func checkG2(ctx context.Context, lists ...[]bn254.G2Affine) error {
	const sums = 10
	for _, list := range lists {
		if !all(len(list), func(i int) bool { return list[i].IsOnCurve() }) {
			return invalid("a point of G2 is off the curve")
		}
		if len(list) <= sums {
			if !all(len(list), func(i int) bool { return list[i].IsInSubGroup() }) {
				return invalid("a point of G2 is outside the subgroup")
			}
			continue
		}
		raw := make([]byte, 4*len(list))
		rho := make([]fr.Element, len(list))
		for range sums {
			if _, err := rand.Read(raw); err != nil {
				return fmt.Errorf("randomness: %w", err)
			}
			for i := range rho {
				rho[i].SetUint64(uint64(binary.BigEndian.Uint32(raw[4*i:])))
			}
			var sum bn254.G2Affine
			if err := msm.Run(ctx, msm.G2(&sum, list, rho)); err != nil {
				return err
			}
			if !sum.IsInSubGroup() {
				return invalid("a point of G2 is outside the subgroup")
			}
		}
	}
	return nil
}

// all reports whether f holds for all i below n.
func all(n int, f func(i int) bool) bool {
	var failed atomic.Bool
	part := n/runtime.GOMAXPROCS(0) + 1
	_ = msm.Run(context.Background(), msm.Parallel(n, part, func(_ *msm.Worker, lo, hi int) {
		for i := lo; i < hi && !failed.Load(); i++ {
			if !f(i) {
				failed.Store(true)
			}
		}
	})...)
	return !failed.Load()
}
