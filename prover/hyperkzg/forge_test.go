package hyperkzg

import (
	"context"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/hyperkzg"
)

// forger is a prover of false values that guesses the next challenge before each message and may
// change the message accordingly. Its guess is right if the transcript's challenge is frozen.
type forger struct {
	*opening
	point   []fr.Element
	delta   fr.Element // claimed value minus the true one
	r, q, z fr.Element

	folds, values, quotient, trapdoor func(*forger)
}

// claim makes a proof that the vector has the value o.y + delta.
func (f *forger) claim(tb testing.TB, commitment bn254.G1Affine, t *transcript) (y fr.Element, p *hyperkzg.Proof) {
	run := func(lie func(*forger)) {
		if lie != nil {
			lie(f)
		}
	}
	y.Add(&f.y, &f.delta)
	t.Points("hyperkzg commitment", commitment)
	t.Scalars("hyperkzg point", f.point...)
	t.Scalars("hyperkzg value", y)
	f.r = t.peek("hyperkzg r")
	run(f.folds)
	require.NoError(tb, f.commitFolds())
	t.Points("hyperkzg folds", f.proof.Folds...)
	f.r = t.Challenge("hyperkzg r")
	require.NoError(tb, f.evaluate(&f.r))
	f.q = t.peek("hyperkzg q")
	run(f.values)
	t.Scalars("hyperkzg plus", f.proof.Plus...)
	t.Scalars("hyperkzg minus", f.proof.Minus...)
	t.Scalars("hyperkzg square", f.proof.Square)
	f.q = t.Challenge("hyperkzg q")
	require.NoError(tb, f.divideByRoots(&f.q))
	f.z = t.peek("hyperkzg z")
	run(f.quotient)
	t.Points("hyperkzg quotient", f.proof.Quotient)
	f.z = t.Challenge("hyperkzg z")
	combined := append([]fr.Element(nil), f.combined...)
	require.NoError(tb, f.open(&f.z))
	f.combined = combined
	run(f.trapdoor)
	t.Points("hyperkzg opening", f.proof.Opening)
	return y, &f.proof
}

// lieInFolds adds to P_{c-1} the polynomial a(X - r²), which is zero at r² and folds to
// a(x_0 - (1-x_0)·r²) = delta.
func lieInFolds(f *forger) {
	one, x := fr.One(), f.point[0]
	var square, a, t fr.Element
	square.Square(&f.r)
	t.Sub(&one, &x).Mul(&t, &square)
	a.Sub(&x, &t).Inverse(&a).Mul(&a, &f.delta)
	last := f.polys[len(f.polys)-1]
	last[0].Sub(&last[0], t.Mul(&a, &square))
	last[1].Add(&last[1], &a)
}

// weight is what fold i gains by one more at r: (1-s_i)/2 + s_i/(2r).
func (f *forger) weight(i int) (w fr.Element) {
	one, two, s := fr.One(), fr.NewElement(2), f.point[len(f.point)-1-i]
	w.Div(&s, &f.r)
	s.Sub(&one, &s)
	w.Add(&w, &s).Div(&w, &two)
	return w
}

// lieInLastValue changes P_{c-1}(r) so that it folds to the claimed value.
func lieInLastValue(f *forger) {
	i := len(f.point) - 1
	w := f.weight(i)
	w.Inverse(&w).Mul(&w, &f.delta)
	f.proof.Plus[i].Add(&f.proof.Plus[i], &w)
}

// lieInValues does so and keeps the combinations by powers of q: P_0(r) takes back what B(r)
// gained, and P_0(r²) what B(r²) lost by the derived P_1(r²).
func lieInValues(f *forger) {
	last := len(f.point) - 1
	p := &f.proof
	honest := p.Plus[last]
	lieInLastValue(f)
	var gain fr.Element
	gain.Sub(&p.Plus[last], &honest)
	for range last {
		gain.Mul(&gain, &f.q)
	}
	p.Plus[0].Sub(&p.Plus[0], &gain)
	w := f.weight(0)
	gain.Mul(&gain, &w).Mul(&gain, &f.q)
	p.Square.Add(&p.Square, &gain)
}

// lieInQuotient commits to the constant (B(z) - I(z))/Z(z) instead of Q.
func lieInQuotient(f *forger) {
	value, vanishing := f.interpolation()
	k := evaluateNaively(f.combined, f.z)
	k.Sub(&k, &value).Div(&k, &vanishing)
	f.opening.quotient = fr.Vector{k}
	if err := f.commit(&f.proof.Quotient, f.opening.quotient); err != nil {
		panic(err)
	}
}

// lieByTrapdoor divides (B - I(z) - Z(z)·Q)(τ), whatever its value at z, by τ - z.
func lieByTrapdoor(f *forger) {
	s := testSRS()
	value, vanishing := f.interpolation()
	l, q, d := evaluateNaively(f.combined, s.tau), evaluateNaively(f.opening.quotient, s.tau), s.tau
	l.Sub(&l, &value).Sub(&l, q.Mul(&q, &vanishing)).Div(&l, d.Sub(&d, &f.z))
	f.proof.Opening.ScalarMultiplicationBase(l.BigInt(new(big.Int)))
}

// interpolation is I(z) for the values sent, and Z(z), by Lagrange's formula.
func (f *forger) interpolation() (value, vanishing fr.Element) {
	derived := []fr.Element{f.proof.Square}
	for i, plus := range f.proof.Plus[:len(f.point)-1] { // (1-s)(a+b)/2 + s(a-b)/(2r) = w·a + (1-s-w)·b
		w, rest := f.weight(i), fr.One()
		rest.Sub(&rest, &f.point[len(f.point)-1-i]).Sub(&rest, &w)
		rest.Mul(&rest, &f.proof.Minus[i])
		w.Mul(&w, &plus).Add(&w, &rest)
		derived = append(derived, w)
	}
	vanishing = fr.One()
	for i, values := range [][]fr.Element{f.proof.Plus, f.proof.Minus, derived} {
		term := evaluateNaively(values, f.q)
		var t, u fr.Element
		for j := range f.roots {
			if j != i {
				t.Sub(&f.z, &f.roots[j])
				u.Sub(&f.roots[i], &f.roots[j])
				term.Mul(&term, t.Div(&t, &u))
			}
		}
		value.Add(&value, &term)
		vanishing.Mul(&vanishing, t.Sub(&f.z, &f.roots[i]))
	}
	return value, vanishing
}

// Whoever knows a challenge before the message that it must follow proves anything: so
// each of the equations is needed, and each message is absorbed in time.
func TestFrozenChallenges(t *testing.T) {
	s := testSRS()
	for _, test := range []struct {
		label    string // "" for forgers that need no frozen challenge
		smallest int    // number of coordinates from which on the forgery works
		forger   forger
		honest   bool // accepted with the real transcript
	}{
		{"hyperkzg r", 2, forger{folds: lieInFolds}, false},
		{"hyperkzg q", 2, forger{values: lieInValues}, false},
		{"hyperkzg z", 1, forger{values: lieInLastValue, quotient: lieInQuotient}, false},
		{"", 1, forger{values: lieInLastValue, trapdoor: lieByTrapdoor}, true},
	} {
		for c := test.smallest; c <= 5; c++ {
			r := seeded(uint64(c))
			v, point := randomScalars(r, 1<<c), randomScalars(r, c)
			attempt := func(seed *transcript, delta uint64) error {
				f := test.forger
				f.point, f.delta = point, fr.NewElement(delta)
				var err error
				f.opening, err = newOpening(context.Background(), s.powers, v, point)
				require.NoError(t, err)
				commitment, verifier := s.commit(t, v), *seed
				y, p := f.claim(t, commitment, seed)
				return s.verify(commitment, point, y, p, &verifier)
			}
			require.NoError(t, attempt(frozen(test.label), 1), "%s %d", test.label, c)
			err := attempt(newTranscript("a"), 1)
			if test.honest {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, hyperkzg.ErrRejected, "%s %d", test.label, c)
			for _, label := range []string{"hyperkzg r", "hyperkzg q", "hyperkzg z"} {
				if label != test.label {
					require.ErrorIs(t, attempt(frozen(label), 1), hyperkzg.ErrRejected, "%s %s %d", test.label, label, c)
				}
			}
		}
	}
}

// A forger that does not lie proves true values as Open does, and no others.
func TestNoLies(t *testing.T) {
	s := testSRS()
	for c := 1; c <= 5; c++ {
		p := randomClaim(t, c, "a")
		for _, delta := range []uint64{0, 1} {
			o, err := newOpening(context.Background(), s.powers, p.v, p.point)
			require.NoError(t, err)
			f := forger{opening: o, point: p.point, delta: fr.NewElement(delta)}
			y, proof := f.claim(t, p.commitment, newTranscript("a"))
			err = s.verify(p.commitment, p.point, y, proof, newTranscript("a"))
			if delta == 0 {
				require.NoError(t, err)
				require.Equal(t, p.proof, proof)
			} else {
				require.ErrorIs(t, err, hyperkzg.ErrRejected)
			}
		}
	}
}

// Another point is absorbed than the one that vectors are folded at.
func TestOtherPoint(t *testing.T) {
	s := testSRS()
	for k := range 4 {
		p := randomClaim(t, 4, "a")
		o, err := newOpening(context.Background(), s.powers, p.v, p.point)
		require.NoError(t, err)
		f := forger{opening: o, point: append([]fr.Element(nil), p.point...)}
		f.point[k].Double(&f.point[k])
		y, proof := f.claim(t, p.commitment, newTranscript("a"))
		require.ErrorIs(t, s.verify(p.commitment, f.point, y, proof, newTranscript("a")), hyperkzg.ErrRejected)
	}
}

// A vector twice as long as it should be, whose lower half has the claimed value.
func TestDegree(t *testing.T) {
	s, r := testSRS(), seeded(7)
	const c = 4
	const n = 1 << c
	v, point := randomScalars(r, 2*n), randomScalars(r, c)
	commitment := s.commit(t, v)
	low, err := newOpening(context.Background(), s.powers, v[:n], point)
	require.NoError(t, err)

	// long folds all of v, to two coefficients instead of one.
	long := func(v, point []fr.Element) *opening {
		o := &opening{ctx: context.Background(), powers: s.powers, polys: []fr.Vector{v}}
		for i := range c {
			next, err := fold(o.ctx, o.polys[i], &point[c-1-i])
			require.NoError(t, err)
			o.polys = append(o.polys, next)
		}
		o.y = o.polys[c][0]
		o.polys = o.polys[:c]
		return o
	}
	attempt := func(o *opening, commitment bn254.G1Affine, point []fr.Element, values func(*forger)) error {
		f := forger{opening: o, point: point, values: values}
		y, p := f.claim(t, commitment, newTranscript("a"))
		require.Equal(t, extension(v[:n], point), y)
		return s.verify(commitment, point, y, p, newTranscript("a"))
	}
	require.ErrorIs(t, attempt(long(v, point), commitment, point, nil), hyperkzg.ErrRejected)

	// The lower half's folds, with v's own values, or the lower half's.
	mixed := *low
	mixed.powers, mixed.polys = s.powers, append([]fr.Vector{v}, low.polys[1:]...)
	again := mixed
	require.ErrorIs(t, attempt(&mixed, commitment, point, nil), hyperkzg.ErrRejected)
	require.ErrorIs(t, attempt(&again, commitment, point, func(f *forger) {
		require.NoError(t, low.evaluate(&f.r))
		f.proof.Plus, f.proof.Minus, f.proof.Square = low.proof.Plus, low.proof.Minus, low.proof.Square
	}), hyperkzg.ErrRejected)

	// An upper half that is zero at the point is accepted, as documented, there and nowhere else.
	high := extension(v[n:], point)
	weight := extension(append(make([]fr.Element, n-1), fr.One()), point)
	v[2*n-1].Sub(&v[2*n-1], high.Div(&high, &weight))
	commitment = s.commit(t, v)
	require.NoError(t, attempt(long(v, point), commitment, point, nil))
	point = randomScalars(r, c)
	require.ErrorIs(t, attempt(long(v, point), commitment, point, nil), hyperkzg.ErrRejected)
}

// A base without known logarithm does not disappear from a commitment.
func TestOtherBase(t *testing.T) {
	p := randomClaim(t, 3, "a")
	xi, err := bn254.HashToG1([]byte("base"), []byte("hyperkzg test"))
	require.NoError(t, err)
	p.commitment.Add(&p.commitment, &xi)
	_, p.proof, err = Open(context.Background(), testSRS().powers, p.commitment, p.v, p.point, newTranscript("a"))
	require.NoError(t, err)
	require.ErrorIs(t, p.verify("a"), hyperkzg.ErrRejected)
}

func TestPolynomials(t *testing.T) {
	r := seeded(8)
	for _, n := range []int{1, 2, 3, part - 1, part, part + 1, 2 * part, 3*part + 7} {
		p, x := fr.Vector(randomScalars(r, n)), randomScalar(r)
		at := newPowersOf(&x, n)
		value := evaluateNaively(p, x)
		require.Equal(t, value, at.evaluate(p))
		q, err := divide(context.Background(), append(fr.Vector(nil), p...), &x)
		require.NoError(t, err)
		require.Len(t, q, n-1)
		product := append(fr.Vector{value}, q...) // value + (X - x)·q
		for i := range q {
			var u fr.Element
			product[i].Sub(&product[i], u.Mul(&q[i], &x))
		}
		require.Equal(t, p, product)
	}
	empty, err := divide(context.Background(), nil, new(fr.Element))
	require.NoError(t, err)
	require.Empty(t, empty)
	require.ErrorIs(t, each(cancelled(), 5*part, func(int, int) {}), context.Canceled)
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
