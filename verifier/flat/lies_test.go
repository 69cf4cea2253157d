package flat_test

import (
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/flat"
)

// rejects proves with a lie, by a prover who does not mind, and fails if the verifier believes it.
func rejects(t *testing.T, name string, lie lies) {
	t.Helper()
	p := testNetwork().prover(4)
	p.lie = lie
	require.False(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))), name)
}

func add(x *fr.Element, by int64) {
	var d fr.Element
	x.Add(x, d.SetInt64(by))
}

// What the statements are about, weights too, is as it is: some integers of every tensor.
func TestEveryIntegerCounts(t *testing.T) {
	n := testNetwork()
	by := int64(1)
	for name, b := range n.blocks {
		for i := 0; i < b.Size(); i += 1 + b.Size()/4 {
			by = -by
			rejects(t, name, lies{witness: func(p *prover) { add(&p.values[n.at(name, i)], by) }})
		}
	}
}

// So is all else that boxes read: digits, how often table rows are looked up, inverses.
func TestEveryValueCounts(t *testing.T) {
	n := testNetwork()
	masks := reads(&flat.Plan{Values: n.Plan.Values, Row: n.Plan.Row, Products: n.Plan.Products, Sums: n.Plan.Sums})
	var addresses []int
	for a := range len(n.values) {
		if reads(n.Plan)[a] && !masks[a] {
			addresses = append(addresses, a)
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 25 {
		a := addresses[r.IntN(len(addresses))]
		rejects(t, "value", lies{inverses: func(v []fr.Element) { add(&v[a], 1) }, witness: func(p *prover) {
			if n.Plan.Rows[a>>n.Plan.Row] == flat.Inverse {
				return
			}
			add(&p.values[a], 1)
		}})
	}
}

// Lies of several values that cancel in some statement.
func TestLiesThatCancel(t *testing.T) {
	n := testNetwork()
	var quarter, half, three fr.Element
	quarter.SetUint64(4)
	quarter.Inverse(&quarter)
	half.SetUint64(2)
	half.Inverse(&half)
	three.SetUint64(3)
	set := func(p *prover, name string, i int, by *fr.Element) {
		x := &p.values[n.at(name, i)]
		x.Add(x, by)
	}
	for name, lie := range map[string]func(p *prover){
		"a quotient more": func(p *prover) { add(&p.values[n.at("q", 1)], 1); add(&p.values[n.at("rem", 1)], -4) },
		"a quotient more, and what follows": func(p *prover) {
			q := n.ints[n.at("q", 1)]
			add(&p.values[n.at("q", 1)], 1)
			add(&p.values[n.at("rem", 1)], -4)
			add(&p.values[n.at("y", 1)], 2*q+1)
			add(&p.values[n.at("prod", 1)], (q+1)*(q+1)*(q+4)-q*q*(q+3))
		},
		"a quarter more": func(p *prover) {
			set(p, "q", 0, &quarter)
			add(&p.values[n.at("rem", 0)], -1)
		},
		"a quarter more, squared": func(p *prover) {
			set(p, "q", 0, &quarter)
			add(&p.values[n.at("rem", 0)], -1)
			q, y := p.values[n.at("q", 0)], &p.values[n.at("y", 0)]
			y.Square(&q)
			q.Add(&q, &three)
			p.values[n.at("prod", 0)].Mul(y, &q)
		},
		"half a weight and a half": func(p *prover) { set(p, "w", 0, &half); add(&p.values[n.at("w", 1)], -1) },
		"outputs exchanged": func(p *prover) {
			x, y := &p.values[n.at("m", 0)], &p.values[n.at("m", 4)]
			require.NotEqual(t, x, y)
			*x, *y = *y, *x
		},
		"one output to the other": func(p *prover) { add(&p.values[n.at("m", 2)], 3); add(&p.values[n.at("m", 5)], -3) },
		"products":                func(p *prover) { add(&p.values[n.at("prod", 2)], 3); add(&p.values[n.at("prod", 5)], -3) },
		"zeros":                   func(p *prover) { add(&p.values[n.at("z", 4)], 3); add(&p.values[n.at("z", 5)], -3) },
		"a row's columns":         func(p *prover) { add(&p.values[n.at("col0", 1)], -2); add(&p.values[n.at("col1", 1)], 2) },
		"another row":             func(p *prover) { add(&p.values[n.at("key", 1)], -1) },
		"a bias for another": func(p *prover) {
			add(&p.values[n.at("bias", 0)], 1)
			add(&p.values[n.at("bias", 1)], -1)
		},
		"a symmetric factor": func(p *prover) { add(&p.values[n.at("mm", 1)], 1); add(&p.values[n.at("mm", 2)], -1) },
	} {
		rejects(t, name, lies{witness: lie})
	}
}

// Masks that are no masks prove nothing.
func TestFalseMasks(t *testing.T) {
	m := testNetwork().Plan.Masks()
	rejects(t, "product", lies{masks: func(v []fr.Element) { add(&v[m.Products[0][2]], 1) }})
	rejects(t, "products that cancel", lies{masks: func(v []fr.Element) { add(&v[m.Products[0][2]], 1); add(&v[m.Products[1][2]], -1) }})
	// A product for another, each with a factor of the mask.
	n := testNetwork()
	rejects(t, "product of a mask", lies{masks: func(v []fr.Element) { add(&v[m.Products[0][2]], 1) }, witness: func(p *prover) { add(&p.values[n.at("prod", 0)], -1) }})
	// Sums cancel whatever u, v and z are: nothing to lie about, nor gained.
	rejects(t, "sum", lies{masks: func(v []fr.Element) { add(&v[m.Sum[2]], 5) }, witness: func(p *prover) { add(&p.values[n.at("m", 0)], -5) }})
}

// Each scalar of a proof is bound.
func TestEveryScalarCounts(t *testing.T) {
	one := fr.One()
	for name, lie := range map[string]lies{
		"output":        {sums: func(_ *flat.Points, pr *flat.Proof, _ fr.Element) { add(&pr.Output, 1) }},
		"mask's sum":    {sums: func(_ *flat.Points, pr *flat.Proof, _ fr.Element) { add(&pr.MaskSum, 1) }},
		"first message": {first: func(i int, m *flat.Cubic, _ fr.Element) { add(&m[i%3], int64(i%2)) }},
		"hiding":        {hiding: func(_ *flat.Points, pr *flat.Proof, _ fr.Element) { add(&pr.Hiding, 1) }},
		"mask value":    {mask: func(pr *flat.Proof, _ fr.Element) { add(&pr.MaskValue, 1) }},
		"second message": {second: func(i int, m *flat.Quadratic, _ fr.Element) {
			if i == 4 {
				add(&m[0], 1)
			}
		}},
		"last second message": {second: func(i int, m *flat.Quadratic, _ fr.Element) {
			if i == testNetwork().Plan.Values-1 {
				add(&m[1], 1)
			}
		}},
	} {
		rejects(t, name, lie)
	}
	for k := range 5 {
		rejects(t, "value", lies{values: func(pr *flat.Proof) { pr.Values[k].Add(&pr.Values[k], &one) }})
	}
}
