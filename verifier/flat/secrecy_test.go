package flat_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/prover/hyperkzg"
	"github.com/nnark/nnark/verifier/flat"
)

func rank(m [][]fr.Element) (n int) {
	for col := range m[0] {
		pivot := n
		for pivot < len(m) && m[pivot][col].IsZero() {
			pivot++
		}
		if pivot == len(m) {
			continue
		}
		m[n], m[pivot] = m[pivot], m[n]
		for i := n + 1; i < len(m); i++ {
			var f fr.Element
			f.Div(&m[i][col], &m[n][col])
			for k := range m[i] {
				var x fr.Element
				m[i][k].Sub(&m[i][k], x.Mul(&f, &m[n][k]))
			}
		}
		n++
	}
	return n
}

// secondMessages returns, for a one at each address and zeros elsewhere, what the second sumcheck says
// with coefficients e: the claim of the masks and both coefficients of each round.
func secondMessages(e []fr.Element, addresses []int, coefficient func(j int) fr.Element, omega []fr.Element) [][]fr.Element {
	out := make([][]fr.Element, len(addresses))
	at, value := append([]int{}, addresses...), make([]fr.Element, len(addresses))
	for j := range out {
		value[j].SetOne()
		out[j] = append(out[j], coefficient(j))
	}
	for i := range omega {
		h := len(e) / 2
		for j, a := range at {
			var zero, square, de, dx fr.Element
			de.Sub(&e[a&(h-1)|h], &e[a&(h-1)])
			if a < h {
				zero.Mul(&e[a], &value[j])
				square.Neg(square.Mul(&de, &value[j]))
				one := fr.One()
				dx.Sub(&one, &omega[i])
			} else {
				square.Mul(&de, &value[j])
				dx = omega[i]
			}
			out[j] = append(out[j], zero, square)
			value[j].Mul(&value[j], &dx)
			at[j] = a & (h - 1)
		}
		e = bind(e, &omega[i])
	}
	return out
}

// The second sumcheck's messages depend on the masks' pairs in as many independent ways as on all
// values together, whatever the other coefficients are. Equal coefficients would not do.
func TestMasksHideEverything(t *testing.T) {
	odd := func(j int) fr.Element { return fr.NewElement(uint64(2*j + 1)) }
	ones := func(int) fr.Element { return fr.One() }
	check := func(t *testing.T, e []fr.Element, pairs []int, alpha fr.Element, r *rand.Rand) {
		n := len(pairs) / 2
		omega := flattest.Random(r, n)
		for _, how := range []struct {
			coefficient func(j int) fr.Element
			full        bool
		}{{odd, true}, {ones, false}} {
			for j, a := range pairs {
				w := how.coefficient(j)
				e[a].Mul(&alpha, &w)
			}
			got := rank(secondMessages(e, pairs, how.coefficient, omega))
			require.Equal(t, how.full, got == 2*n, "rank %d of %d", got, 2*n)
		}
	}
	require.EqualValues(t, 10, flat.Hiding, "the degree in alpha, as the documentation has it")
	for n := 9; n <= 20; n++ {
		r := rand.New(rand.NewPCG(uint64(n), 9))
		e := make([]fr.Element, 1<<n)
		pairs := flat.MasksOf(n, n).Pairs
		check(t, e, pairs, fr.One(), r)
		few := 1 << min(n, 12)
		for i, x := range flattest.Random(r, few) {
			e[i*(len(e)/few)] = x
		}
		check(t, e, pairs, flattest.Random(r, 1)[0], r)
	}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 10))
		p := testNetwork().Plan
		switch {
		case seed > 4:
			p = randomFolds(r)
		case seed > 0:
			p = randomPlan(r)
		}
		c := randomPoints(p, r)
		w := c.Powers()
		e := scatter(p, c)
		for j, a := range p.Masks().Pairs {
			k := odd(j)
			require.Equal(t, times(k, w[flat.Hiding]), e[a], "only the masks' claim reads them")
		}
		check(t, e, p.Masks().Pairs, w[flat.Hiding], r)

		// No more than that is said of all values.
		var some []int
		for range 2*p.Values + 8 {
			some = append(some, r.IntN(len(e)))
		}
		require.LessOrEqual(t, rank(secondMessages(e, some, func(int) fr.Element { return flattest.Random(r, 1)[0] }, flattest.Random(r, p.Values))), 2*p.Values+1)
	}
}

// The first sumcheck's messages are a bijection of its mask's coefficients; without the constant they
// would not be.
func TestFirstMaskHidesEverything(t *testing.T) {
	for _, n := range []int{3, 7, 13} {
		r := rand.New(rand.NewPCG(uint64(n), 11))
		sigma := flattest.Random(r, n)
		var m [][]fr.Element
		for k := range 3*n + 1 {
			g := &mask{rounds: make([][3]fr.Element, n)}
			if k < 3*n {
				g.rounds[k/3][k%3].SetOne()
			} else {
				g.constant.SetOne()
			}
			said := []fr.Element{g.sum(nil)}
			for i := range n {
				var y [4]fr.Element
				for j, x := range []int64{0, 1, -1, 2} {
					y[j] = g.sum(append(append([]fr.Element{}, sigma[:i]...), *new(fr.Element).SetInt64(x)))
				}
				c, _ := cubic(y)
				said = append(said, c[:]...)
			}
			m = append(m, said)
		}
		require.Equal(t, 3*n, rank(append([][]fr.Element{}, copied(m[:3*n])...)))
		require.Equal(t, 3*n+1, rank(m))
	}
}

func copied(m [][]fr.Element) (out [][]fr.Element) {
	for _, row := range m {
		out = append(out, append([]fr.Element{}, row...))
	}
	return out
}

// said lists all that a proof says.
func said(pr *flat.Proof) (scalars []fr.Element, points []bn254.G1Affine) {
	scalars = append(scalars, pr.Output, pr.MaskSum, pr.Hiding, pr.MaskValue, pr.Blinding, pr.Opening.Square)
	scalars = append(append(scalars, pr.Values[:]...), append(append([]fr.Element{}, pr.Opening.Plus...), pr.Opening.Minus...)...)
	for i := range pr.First {
		scalars = append(scalars, pr.First[i][:]...)
	}
	for i := range pr.Second {
		scalars = append(scalars, pr.Second[i][:]...)
	}
	points = append(append(append(points, pr.Witness...), pr.Mask), pr.Inverses...)
	return scalars, append(append(points, pr.Opening.Folds...), pr.Opening.Quotient, pr.Opening.Opening)
}

// programmed is a transcript all of whose challenges are known.
func programmed() *flat.Transcript {
	n := map[string]int{}
	return flat.Chosen(testSeed, func(label string) (fr.Element, bool) {
		n[label]++
		return known(label, n[label]-1), true
	})
}

// Who tries all secrets recognises the one in a proof without masks, and nothing in a proof with masks:
// for equal challenges, no message is ever said twice or as it would be without.
func TestNoDictionary(t *testing.T) {
	candidates := []*network{newNetwork(0), newNetwork(1)}
	require.Equal(t, candidates[0].public, candidates[1].public)
	require.NotEqual(t, candidates[0].ints, candidates[1].ints)
	prove := func(n *network, seed uint64, unmasked bool) ([]fr.Element, []bn254.G1Affine) {
		p := n.prover(1)
		p.rand, p.unmasked = seeded(seed), unmasked
		return said(p.prove(t, programmed()))
	}
	scalars, points := prove(candidates[0], 1, true)
	again, pointsAgain := prove(candidates[0], 2, true)
	require.Equal(t, scalars, again)
	require.Equal(t, points, pointsAgain)
	other, _ := prove(candidates[1], 1, true)
	require.NotEqual(t, scalars, other)
	seenScalars := make([]map[fr.Element]bool, len(scalars))
	seenPoints := make([]map[bn254.G1Affine]bool, len(points))
	for i := range scalars {
		seenScalars[i] = map[fr.Element]bool{scalars[i]: true, other[i]: true}
	}
	for i := range points {
		seenPoints[i] = map[bn254.G1Affine]bool{points[i]: true}
	}
	for seed := range uint64(8) {
		scalars, points := prove(candidates[seed%2], 10+seed, false)
		for i, x := range scalars {
			require.False(t, seenScalars[i][x], "scalar %d", i)
			seenScalars[i][x] = true
		}
		for i, x := range points {
			require.False(t, seenPoints[i][x], "point %d", i)
			seenPoints[i][x] = true
		}
	}
}

// A simulator, who knows the challenges and no integers, draws what a proof says subject to the
// checks, and solves for the mask's commitment.
func TestSimulator(t *testing.T) {
	for seed := range uint64(4) {
		n := []*network{testNetwork(), folding()}[seed%2]
		pl := n.Plan
		key := n.prover(1).key
		r := rand.New(rand.NewPCG(seed, 12))
		tr, pr := programmed(), new(flat.Proof)
		_, _, g, _ := bn254.Generators()
		scalar := func() fr.Element { return flattest.Random(r, 1)[0] }
		pr.Witness = bn254.BatchScalarMultiplicationG1(&g, flattest.Random(r, pl.Count(flat.Witness)))
		pr.Inverses = bn254.BatchScalarMultiplicationG1(&g, flattest.Random(r, pl.Count(flat.Inverse)))
		c := pl.Begin(tr, pr)
		pl.Middle(tr, c, pr)
		pr.Output, pr.MaskSum = scalar(), scalar()
		pl.Sum(tr, c, pr)
		claim := pl.FirstClaim(c, pr)
		for range pl.Rounds() {
			m := flat.Cubic(flattest.Random(r, 3))
			x := tr.Challenge("sigma")
			claim, pr.First, c.Sigma = m.At(&claim, &x), append(pr.First, m), append(c.Sigma, x)
		}
		pr.Values, pr.Hiding = [5]fr.Element(flattest.Random(r, 5)), scalar()
		y, err := pl.Claims(tr, c, claim, pr, n.public)
		require.NoError(t, err)
		w := c.Powers()
		claim = dot(y[:], w[:])
		e := scatter(pl, c)
		var omega []fr.Element
		for i := range pl.Values {
			m := flat.Quadratic(flattest.Random(r, 2))
			if i == pl.Values-1 { // of two values whose sum is claimed
				var v [2]fr.Element
				v[0].Div(&m[0], &e[0])
				v[1].Sub(&claim, &m[0]).Div(&v[1], &e[1])
				m[1] = times(*new(fr.Element).Sub(&e[1], &e[0]), *new(fr.Element).Sub(&v[1], &v[0]))
			}
			x := tr.Challenge("omega")
			claim, pr.Second, omega = m.At(&claim, &x), append(pr.Second, m), append(omega, x)
			e = bind(e, &x)
		}
		claim.Div(&claim, &e[0])
		pr.MaskValue, pr.Blinding = scalar(), scalar()
		eta := pl.Eta(tr, pr)
		// A row with the value that is opened.
		row, low := flattest.Random(r, 1<<pl.Row), omega[pl.Values-pl.Row:]
		value := times(eta, pr.MaskValue)
		value.Add(&value, &claim)
		d := extension(row, low)
		weight := flattest.Eq(low, 0, -1)
		d.Sub(&value, &d).Div(&d, &weight)
		row[0].Add(&row[0], &d)
		// η·C_μ is what the combination lacks.
		all := commit(row, fr.Element{})
		without, err := key.Combine(c, flat.NewPoint(omega), &eta, pr)
		require.NoError(t, err)
		pr.Mask.Sub(&all, &without)
		d.Inverse(&eta)
		pr.Mask = scaledPoint(pr.Mask, d)
		_, opening, err := hyperkzg.Open(context.Background(), testPowers().g1, all, row, low, tr)
		require.NoError(t, err)
		pr.Opening = *opening
		left, right, err := key.VerifyWith(programmed(), n.public, pr)
		require.NoError(t, err)
		require.True(t, accepts(t, left, right, err))
		require.False(t, verify(t, key, testSeed, n.public, pr))
	}
}

func scaledPoint(p bn254.G1Affine, by fr.Element) bn254.G1Affine {
	out := bn254.BatchScalarMultiplicationG1(&p, []fr.Element{by})
	return out[0]
}
