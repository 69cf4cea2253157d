package flat_test

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/hyperkzg"
)

// proven is a true proof and its key.
var proven = sync.OnceValue(func() (out struct {
	key  *flat.Key
	data []byte
}) {
	p := testNetwork().prover(20)
	out.key, out.data = p.key, p.prove(nil, flat.NewTranscript(testSeed)).AppendTo(nil)
	return out
})

func decoded(t *testing.T) *flat.Proof {
	pr, rest, err := flat.Decode(proven().data)
	require.NoError(t, err)
	require.Empty(t, rest)
	return pr
}

func TestEncoding(t *testing.T) {
	p, n := proven(), testNetwork()
	require.Equal(t, p.data, decoded(t).AppendTo(nil))
	require.Len(t, p.data, p.key.Plan.ProofSize())
	require.True(t, verify(t, p.key, testSeed, n.public, decoded(t)))
	_, rest, err := flat.Decode(append(slices.Clone(p.data), "tail"...))
	require.NoError(t, err)
	require.Equal(t, "tail", string(rest))
	for i := 0; i < len(p.data); i += 1 + 6*min(1, i%32) {
		_, _, err := flat.Decode(p.data[:i])
		require.ErrorIs(t, err, flat.ErrMalformed)
	}
}

// Scalars have one encoding each, and points are of the curve.
func TestOtherEncodings(t *testing.T) {
	p, n := proven(), testNetwork()
	points := len(decoded(t).Witness) + 1 + len(decoded(t).Inverses)
	const head = 7 // bytes that say a proof's shape
	item := make([]byte, 32)
	for i := range (len(p.data) - head - hyperkzg.Size(n.Plan.Row)) / 32 {
		for _, b := range [][]byte{fr.Modulus().Bytes(), bytes.Repeat([]byte{0xff}, 32)} {
			bad := slices.Clone(p.data)
			copy(item, bad[head+32*i:])
			if i >= points && b[0] != 0xff { // the same scalar
				var x, y big.Int
				x.Add(x.SetBytes(item), y.SetBytes(b)).FillBytes(bad[head+32*i : head+32*i+32])
			} else {
				copy(bad[head+32*i:], b)
			}
			_, _, err := flat.Decode(bad)
			require.ErrorIs(t, err, flat.ErrMalformed, "%d", i)
		}
	}
}

// One bit of each byte of a proof: it is not read, or not accepted.
func TestBitFlips(t *testing.T) {
	p, n := proven(), testNetwork()
	read := 0
	for i := range p.data {
		bad := slices.Clone(p.data)
		bad[i] ^= 1 << (i * 5 % 8)
		pr, _, err := flat.Decode(bad)
		if err != nil {
			require.ErrorIs(t, err, flat.ErrMalformed)
			continue
		}
		require.Equal(t, bad, pr.AppendTo(nil), "a second encoding")
		if read++; read%6 == 0 || i > len(p.data)-300 {
			require.False(t, verify(t, p.key, testSeed, n.public, pr), "byte %d", i)
		}
	}
	require.Greater(t, read, len(p.data)/4)
}

// Structures that decoding never makes are errors too, and no panics.
func TestMalformed(t *testing.T) {
	p, n := proven(), testNetwork()
	off := bn254.G1Affine{}
	off.X.SetOne()
	off.Y.SetOne()
	for name, change := range map[string]func(pr *flat.Proof){
		"nothing":         func(pr *flat.Proof) { *pr = flat.Proof{} },
		"few witnesses":   func(pr *flat.Proof) { pr.Witness = pr.Witness[1:] },
		"many witnesses":  func(pr *flat.Proof) { pr.Witness = append(pr.Witness, pr.Mask) },
		"few inverses":    func(pr *flat.Proof) { pr.Inverses = pr.Inverses[1:] },
		"many inverses":   func(pr *flat.Proof) { pr.Inverses = append(pr.Inverses, pr.Mask) },
		"few rounds":      func(pr *flat.Proof) { pr.First = pr.First[1:] },
		"many rounds":     func(pr *flat.Proof) { pr.First = append(pr.First, flat.Cubic{}) },
		"few seconds":     func(pr *flat.Proof) { pr.Second = nil },
		"many seconds":    func(pr *flat.Proof) { pr.Second = append(pr.Second, flat.Quadratic{}) },
		"witness off":     func(pr *flat.Proof) { pr.Witness[0] = off },
		"inverse off":     func(pr *flat.Proof) { pr.Inverses[0] = off },
		"mask off":        func(pr *flat.Proof) { pr.Mask = off },
		"no opening":      func(pr *flat.Proof) { pr.Opening.Folds, pr.Opening.Plus, pr.Opening.Minus = nil, nil, nil },
		"opening off":     func(pr *flat.Proof) { pr.Opening.Opening = off },
		"infinity":        func(pr *flat.Proof) { clear(pr.Witness); clear(pr.Inverses); pr.Mask = bn254.G1Affine{} },
		"infinity, zeros": func(pr *flat.Proof) { *pr = zero(pr) },
	} {
		t.Run(name, func(t *testing.T) {
			pr := decoded(t)
			change(pr)
			require.False(t, verify(t, p.key, testSeed, n.public, pr))
			if !strings.Contains(name, "opening") && !strings.Contains(name, "infinity") {
				_, _, err := p.key.Verify(testSeed, n.public, pr)
				require.ErrorIs(t, err, flat.ErrMalformed)
			}
		})
	}
	require.False(t, verify(t, p.key, testSeed, n.public, nil))
	for name, public := range map[string][][]int64{
		"none": nil, "few": n.public[:1], "nil": {nil, nil}, "short": {n.public[0][1:], n.public[1]},
		"long": {append(slices.Clone(n.public[0]), 0), n.public[1]}, "more": append(slices.Clone(n.public), nil), "exchanged": {n.public[1], n.public[0]},
		"extreme": {{math.MinInt64, math.MaxInt64, 0, 0, 0, 0}, n.public[1]},
	} {
		require.False(t, verify(t, p.key, testSeed, public, decoded(t)), name)
	}
	for name, model := range map[string][]bn254.G1Affine{"none": nil, "infinity": make([]bn254.G1Affine, len(p.key.Model)), "more": append(slices.Clone(p.key.Model), off)} {
		require.False(t, verify(t, &flat.Key{Plan: n.Plan, Model: model}, testSeed, n.public, decoded(t)), name)
	}
	require.False(t, verify(t, p.key, [32]byte{}, n.public, decoded(t)), "another seed")
}

// zero is a proof of the same shape that says nothing.
func zero(pr *flat.Proof) flat.Proof {
	out := flat.Proof{Witness: make([]bn254.G1Affine, len(pr.Witness)), Inverses: make([]bn254.G1Affine, len(pr.Inverses)), First: make([]flat.Cubic, len(pr.First)), Second: make([]flat.Quadratic, len(pr.Second))}
	out.Opening.Folds = make([]bn254.G1Affine, len(pr.Opening.Folds))
	out.Opening.Plus, out.Opening.Minus = make([]fr.Element, len(pr.Opening.Plus)), make([]fr.Element, len(pr.Opening.Minus))
	return out
}

// A plan of the same sizes that says something else refuses the proof, under the same seed.
func TestOtherPlans(t *testing.T) {
	p, n := proven(), testNetwork()
	for i := range n.Plan.Boxes {
		other := *n.Plan
		other.Boxes = slices.Clone(n.Plan.Boxes)
		b := &other.Boxes[i]
		switch i % 3 {
		case 0:
			b.Coef++
		case 1:
			other.Boxes = slices.Delete(other.Boxes, i, i+1)
		case 2:
			b.Slot ^= 1
			if b.Claim == flat.Output || b.Claim == flat.Tables {
				b.Coef = -b.Coef
			}
		}
		require.False(t, verify(t, &flat.Key{Plan: &other, Model: p.key.Model}, testSeed, n.public, decoded(t)), "box %d %+v", i, b)
	}
}

// Every message changes each challenge that comes after it, and none before.
func TestEveryMessageIsAbsorbed(t *testing.T) {
	p, n := proven(), testNetwork()
	record := func(seed [32]byte, pr *flat.Proof) (labels []string, x []fr.Element) {
		tr := flat.Recorded(seed, func(label string, c fr.Element) { labels, x = append(labels, label), append(x, c) })
		_, _, _ = p.key.VerifyWith(tr, n.public, pr)
		return labels, x
	}
	labels, honest := record(testSeed, decoded(t))
	require.Equal(t, []string{"hyperkzg r", "hyperkzg q", "hyperkzg z"}, labels[len(labels)-3:])
	changes := func(name, from string, nth int, seed [32]byte, pr *flat.Proof) {
		at := slices.Index(labels, from) + nth
		_, got := record(seed, pr)
		require.GreaterOrEqual(t, len(got), len(honest)-2, name) // a false opening ends at r
		for i := range got {
			require.Equal(t, i < at, got[i] == honest[i], "%s and challenge %s", name, labels[i])
		}
	}
	each := func(name, from string, step int, of func(pr *flat.Proof) []*fr.Element) {
		for i := range of(decoded(t)) {
			pr := decoded(t)
			add(of(pr)[i], 1)
			changes(name, from, i/max(step, 1)*min(step, 1), testSeed, pr)
		}
	}
	points := func(name, from string, of func(pr *flat.Proof) []bn254.G1Affine) {
		for i := range of(decoded(t)) {
			pr := decoded(t)
			q := &of(pr)[i]
			q.Double(q)
			changes(name, from, 0, testSeed, pr)
		}
	}
	changes("seed", labels[0], 0, [32]byte{9}, decoded(t))
	points("witness", "beta", func(pr *flat.Proof) []bn254.G1Affine { return pr.Witness })
	pr := decoded(t)
	pr.Mask.Double(&pr.Mask)
	changes("mask", "beta", 0, testSeed, pr)
	points("inverses", "tau", func(pr *flat.Proof) []bn254.G1Affine { return pr.Inverses })
	each("sums", "lambda", 0, func(pr *flat.Proof) []*fr.Element { return []*fr.Element{&pr.Output, &pr.MaskSum} })
	each("first", "sigma", 3, func(pr *flat.Proof) (out []*fr.Element) {
		for i := range pr.First {
			out = append(out, &pr.First[i][0], &pr.First[i][1], &pr.First[i][2])
		}
		return out
	})
	each("values", "alpha", 0, func(pr *flat.Proof) []*fr.Element {
		v := &pr.Values
		return []*fr.Element{&v[0], &v[1], &v[2], &v[3], &v[4], &pr.Hiding}
	})
	each("second", "omega", 2, func(pr *flat.Proof) (out []*fr.Element) {
		for i := range pr.Second {
			out = append(out, &pr.Second[i][0], &pr.Second[i][1])
		}
		return out
	})
	each("mask value", "eta", 0, func(pr *flat.Proof) []*fr.Element { return []*fr.Element{&pr.MaskValue} })
	each("blinding", "hyperkzg r", 0, func(pr *flat.Proof) []*fr.Element { return []*fr.Element{&pr.Blinding} })
}

// A row of a higher degree than rows have, which longer powers of tau allow, and one with more of the
// blinder than is said.
func TestRowsOfOtherVectors(t *testing.T) {
	n := testNetwork()
	for name, extra := range map[string]func() bn254.G1Affine{
		"degree":  func() bn254.G1Affine { return testPowers().g1[1<<n.Plan.Row+3] },
		"blinder": flat.Blinder,
	} {
		p := n.prover(21)
		q := extra()
		p.commitments = func(rows []bn254.G1Affine) { rows[1].Add(&rows[1], &q) }
		require.False(t, verify(t, p.key, testSeed, n.public, p.prove(t, flat.NewTranscript(testSeed))), name)
	}
}

func FuzzDecode(f *testing.F) {
	data := proven().data
	f.Add(data)
	f.Add(data[:100])
	f.Add(bytes.Repeat([]byte{0x40}, len(data)))
	f.Add(make([]byte, len(data)))
	f.Fuzz(func(t *testing.T, data []byte) {
		pr, rest, err := flat.Decode(data)
		if err != nil {
			require.ErrorIs(t, err, flat.ErrMalformed)
			return
		}
		require.Equal(t, data, append(pr.AppendTo(nil), rest...))
		if verify(t, proven().key, testSeed, testNetwork().public, pr) {
			require.Equal(t, proven().data, pr.AppendTo(nil))
		}
	})
}

// Whatever plan passes its check can be evaluated.
func FuzzCheck(f *testing.F) {
	f.Add(uint8(9), uint8(8), uint8(4), uint8(4), uint8(3), uint8(3), uint8(2), uint8(1), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add(uint8(12), uint8(8), uint8(9), uint8(9), uint8(9), uint8(9), uint8(9), uint8(1), bytes.Repeat([]byte{0xff, 0x7f, 3}, 40))
	f.Fuzz(func(t *testing.T, values, row, products, sums, outputs, zeros, columns, tables uint8, data []byte) {
		if values > 14 {
			return
		}
		p := &flat.Plan{Values: int(values), Row: int(row), Products: int(products), Sums: int(sums), Outputs: int(outputs), Zeros: int(zeros), Columns: int(columns), Tables: int(tables)}
		p.Rows = make([]flat.Kind, 1<<max(0, int(values)-int(row)))
		next := func() (x int) {
			if len(data) == 0 {
				return 0
			}
			k := min(len(data), 1+int(data[0])%9)
			for _, b := range data[:k] {
				x = x<<8 | int(b)
			}
			data = data[k:]
			return x
		}
		for i := range p.Rows {
			if p.Rows[i] = flat.Kind(next() & 3); i&(i-1) == 0 {
				p.Rows[i] = flat.Witness
			}
		}
		for len(data) > 0 && len(p.Boxes) < 20 {
			b := flat.Box{Claim: flat.Claim(next() & 15), Symbol: flat.Symbol(next() & 7), Coef: int64(next()), Value: next() - 1, Slot: next(), Side: next(), Sides: next()}
			for range next() & 3 {
				b.Loops = append(b.Loops, flat.Loop{Size: next() & 0xff, Value: next(), Slot: next(), Side: next()})
			}
			p.Boxes = append(p.Boxes, b)
		}
		if p.Check() != nil || max(p.Products, p.Sums, p.Outputs, p.Zeros, p.Columns) > 14 {
			return
		}
		r := seeded(1)
		c := randomPoints(p, r)
		omega := flattest.Random(r, p.Values)
		p.Constants(c, nil)
		terms := 0
		for i := range p.Boxes {
			terms += p.Boxes[i].Terms()
		}
		if e := p.Functional(c, flat.NewPoint(omega)); terms < 1<<14 {
			require.Equal(t, extension(scatter(p, c), omega), e)
		}
		at := reads(p)
		for _, a := range p.Masks().Pairs {
			require.True(t, at[a])
		}
	})
}
