package flat

import (
	"errors"
	"flag"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

var randomSystems = flag.Int("random", 60, "systems of statements that random tests draw")

// Plans of random statements say what the statements say: of honest integers, and of all that
// differ in one integer.
func TestPlansMeanTheirStatements(t *testing.T) {
	programs, wrong, harmless, refused := *randomSystems, 0, 0, 0
	if testing.Short() {
		programs = min(programs, 10)
	}
	for seed := range uint64(programs) {
		r := rand.New(rand.NewPCG(seed, 1))
		sys, err := system(r)
		if errors.Is(err, relation.ErrRange) {
			refused++
			continue
		}
		require.NoError(t, err)
		c, err := New(sys)
		if errors.Is(err, ErrUnsupported) {
			refused++
			continue
		}
		require.NoError(t, err, "seed %d", seed)
		a := sys.Assign(nil)
		w, err := c.Witness(a, fr.Element{})
		require.NoError(t, err, "seed %d", seed)
		public := w.Public
		require.True(t, flattest.Statements(sys, a, public), "seed %d", seed)
		m := flattest.Of(c.Plan, c.valuesOf(a), public, r)
		require.True(t, m.Holds(), "seed %d: %d products, %d zeros, sums %v, tables %v", seed, m.Unequal, m.Nonzero, m.SumsDiffer, m.TablesDo)
		for range 25 {
			b := sys.Blocks[r.IntN(len(sys.Blocks))]
			x := a.Of(b)
			i, by := r.IntN(len(x)), []int64{1, -1, 4, -16}[r.IntN(4)]
			x[i] += by
			holds := flattest.Statements(sys, a, public)
			require.Equal(t, holds, flattest.Of(c.Plan, c.valuesOf(a), public, r).Holds(), "seed %d: %s[%d] by %d", seed, b.Name, i, by)
			if x[i] -= by; holds {
				harmless++
			} else {
				wrong++
			}
		}
		for k := range public {
			i := r.IntN(len(public[k]))
			public[k][i]++
			require.False(t, flattest.Of(c.Plan, c.valuesOf(a), public, r).Holds(), "seed %d", seed)
			public[k][i]--
		}
		for k := range c.tables {
			v, one := c.valuesOf(a), fr.One()
			x := &v[c.tables[k].count(r.IntN(c.tables[k].rows))]
			x.Add(x, &one)
			require.False(t, flattest.Of(c.Plan, v, public, r).Holds(), "seed %d", seed)
		}
		v, reads := c.valuesOf(a), c.reads()
		for i, x := range flattest.Random(r, len(v)) {
			if !reads[i] {
				v[i] = x
			}
		}
		require.True(t, flattest.Of(c.Plan, v, public, r).Holds(), "seed %d: addresses that nothing reads", seed)
	}
	t.Logf("%d lies, %d changes that no statement minds, %d systems refused", wrong, harmless, refused)
	require.Greater(t, wrong, 5*programs)
	require.Greater(t, harmless, programs/4)
	require.Less(t, refused, programs/4)
}

// valuesOf is [Compiled.Witness] in the field, without minding integers that no table has, and with folded weights
// behind the values.
func (c *Compiled) valuesOf(a *relation.Assignment) []fr.Element {
	v := make([]fr.Element, 1<<c.Plan.Values+c.Plan.Weights<<c.Plan.Row)
	for i, b := range c.sys.Blocks {
		for k, x := range a.Of(b) {
			v[c.blocks[i].address(k)].SetInt64(x)
		}
	}
	ints := make([]int64, 1<<c.Plan.Values)
	for i, b := range c.sys.Blocks {
		if !c.folded[c.blocks[i]] {
			c.blocks[i].put(ints, a.Of(b))
		}
	}
	one, x := fr.One(), c.lookedUp(ints)
	for i := range c.tables {
		t := &c.tables[i]
		for _, q := range t.queries {
			rowOf := q.row(x)
			for k := range q.slots.size {
				if row := rowOf(x[q.slots.address(k)]); row >= 0 {
					count := &v[t.count(row)]
					count.Add(count, &one)
				}
			}
		}
	}
	return v
}

// reads lists the addresses that boxes read.
func (c *Compiled) reads() map[int]bool {
	at := map[int]bool{}
	for i := range c.Plan.Boxes {
		flattest.Terms(&c.Plan.Boxes[i], nil, func(value, _, _ int, _ fr.Element) { at[value] = true })
	}
	return at
}

// Every kind of statement that there is has a case in New.
func TestStatementsKnown(t *testing.T) {
	known := map[string]int{ // fields of each element
		"Blocks": 6, "Tables": 4, "Lookups": 3, "Products": 4, "Zeros": 2, "Contracts": 8, "MatMuls": 4, "Gathers": 4, "Members": 3, "Exposes": 4,
		"Bounds": 0, "unbounded": 0, // derived
	}
	sys := reflect.TypeFor[relation.System]()
	for i := range sys.NumField() {
		f := sys.Field(i)
		n, ok := known[f.Name]
		require.True(t, ok, "%s: a kind of statement that plans do not have", f.Name)
		if n > 0 {
			e := f.Type.Elem()
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			require.Equal(t, n, e.NumField(), "%s: a statement says more than plans do", f.Name)
		}
	}
}

// What plans cannot show is refused, so that nobody takes it for proven.
func TestDigestsAreRefused(t *testing.T) {
	for _, v := range []statement.Visibility{statement.Digest, 77} {
		b := relation.NewBuilder()
		x := b.Column("x", []int{2}, func(*relation.Assignment) []int64 { return []int64{1, 2} })
		b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 3})
		b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: 0, Hi: 3}, Visibility: v})
		sys, err := b.Finish()
		require.NoError(t, err)
		_, err = New(sys)
		require.ErrorIs(t, err, ErrUnsupported)
	}
}

// An integer that its table lacks has no values.
func TestValuesRefuses(t *testing.T) {
	b := relation.NewBuilder()
	v := []int64{1, 2}
	x := b.Column("x", []int{2}, func(*relation.Assignment) []int64 { return v })
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 3})
	sys, err := b.Finish()
	require.NoError(t, err)
	c, err := New(sys)
	require.NoError(t, err)
	_, err = c.Witness(sys.Assign(nil), fr.Element{})
	require.NoError(t, err)
	v[1] = 4
	_, err = c.Witness(sys.Assign(nil), fr.Element{})
	require.ErrorIs(t, err, relation.ErrRange)
}

// Blocks, slots and masks have places of their own, and rows the kinds of what is in them.
func TestLayout(t *testing.T) {
	for seed := range uint64(30) {
		sys, err := system(rand.New(rand.NewPCG(seed, 2)))
		if errors.Is(err, relation.ErrRange) {
			continue
		}
		require.NoError(t, err)
		c := &compiler{Compiled: &Compiled{sys: sys}}
		c.compile()
		require.NoError(t, c.lay())
		p := c.Plan
		m := p.Masks()
		owner := map[int]string{}
		take := func(address int, who string) {
			require.Empty(t, owner[address], "%s at %d", who, address)
			owner[address] = who
		}
		masks := append(append([]int{m.Constant}, m.Pairs...), m.Sum[:]...)
		for _, x := range append(m.Rounds, m.Products[:]...) {
			masks = append(masks, x[:]...)
		}
		require.Len(t, masks, 2*p.Values+3*p.Rounds()+10)
		for _, a := range masks {
			take(a, "mask")
			require.Equal(t, flat.Witness, p.Rows[a>>p.Row])
		}
		for kind, group := range map[flat.Kind][]*space{flat.Witness: c.witnesses, flat.Inverse: c.inverses, flat.Model: c.models} {
			for _, s := range group {
				for i := range s.size {
					take(s.address(i), "value")
					if c.folded[s] { // in rows of weights, behind the values
						require.Equal(t, flat.Model, kind)
						require.GreaterOrEqual(t, s.address(i), 1<<p.Values)
						require.Less(t, s.address(i), 1<<p.Values+p.Weights<<p.Row)
						continue
					}
					require.Equal(t, kind, p.Rows[s.address(i)>>p.Row])
				}
			}
		}
		products, sums := flat.ReservedSlots()
		for _, g := range []struct {
			spaces []*space
			most   int
		}{{c.products, 1<<p.Products - products}, {c.sums, 1<<p.Sums - sums}, {c.outputs, 1 << p.Outputs}, {c.zeros, 1 << p.Zeros}} {
			clear(owner)
			for _, s := range g.spaces {
				for i := range s.size {
					take(s.address(i), "slot")
					require.Less(t, s.address(i), g.most)
				}
			}
		}
	}
}

// A public tensor is one box whatever its elements are: here constants, some of them zero, that are read in runs which do
// not divide it.
func TestPublicTensorsAreBoxes(t *testing.T) {
	for n := range int64(40) {
		b := relation.NewBuilder()
		x := make([]int64, 25)
		r := rand.New(rand.NewPCG(uint64(n), 3))
		for i := range x {
			x[i] = r.Int64N(3) - 1
		}
		b.Expose(relation.Expose{Name: "x", T: relation.Constants([]int{5, 5}, x), Interval: fixedpoint.Interval{Lo: -1, Hi: 1}, Visibility: statement.Public})
		b.Expose(relation.Expose{Name: "y", T: relation.Constants([]int{25}, x), Interval: fixedpoint.Interval{Lo: -1, Hi: 1}, Visibility: statement.Public})
		sys, err := b.Finish()
		require.NoError(t, err)
		_, err = New(sys)
		require.NoError(t, err)
	}
}
