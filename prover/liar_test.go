package prover

import (
	"math/big"
	"math/bits"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
)

// liar is a prover that knows its challenge.
type liar struct {
	*Keys
	z      fr.Element
	w      *gadget.Witness
	blocks map[string]int // first secret input of each column block
	tables []int
}

func newLiar(t *testing.T, k *Keys) *liar {
	l := &liar{Keys: k, z: fr.NewElement(0xdecade), w: k.witness(t, 3), blocks: map[string]int{}}
	plan := k.compiled.Plan
	n := 0
	if plan.Committed() {
		n = plan.Weights() + 1
	}
	for _, b := range plan.Sys.Blocks {
		if b.Kind == relation.Column {
			l.blocks[b.Name] = n
			n += b.Size()
		}
	}
	for _, tab := range plan.Sys.Tables {
		l.tables = append(l.tables, n)
		n += tab.Len()
	}
	return l
}

func (l *liar) add(block string, i int, v fr.Element) {
	x := &l.w.Secret[l.blocks[block]+i]
	x.Add(x, &v)
}

// balance makes every table's sum vanish at the known challenge, whatever the queries are,
// by the multiplicity of the first row.
func (l *liar) balance() {
	plan := l.compiled.Plan
	most := 0
	for _, t := range plan.Sys.Tables {
		n := t.Len()
		for _, q := range plan.Sys.Lookups {
			if q.Table == t {
				n += q.Cols[0].Size()
			}
		}
		most = max(most, n)
	}
	x := l.z
	for range bits.Len(uint(most)) {
		x.Square(&x)
	}
	pole := func(a, b fr.Element) (d fr.Element) { return *d.Sub(&x, a.Add(&a, b.Mul(&b, &l.z))) }
	for i, t := range plan.Sys.Tables {
		var sum fr.Element
		for _, q := range plan.Sys.Lookups {
			if q.Table != t {
				continue
			}
			as := q.Cols[0].Exprs()
			var bs []relation.Expr
			if t.IsFunction() {
				bs = q.Cols[1].Exprs()
			}
			for k := range as {
				var b fr.Element
				if bs != nil {
					b = l.expr(&bs[k])
				}
				d := pole(l.expr(&as[k]), b)
				sum.Add(&sum, d.Inverse(&d))
			}
		}
		var first fr.Element
		for k := range t.Len() {
			var a, b fr.Element
			a.SetInt64(t.Domain.Lo + int64(k))
			if t.IsFunction() {
				b.SetInt64(t.At(t.Domain.Lo + int64(k)))
			}
			d := pole(a, b)
			if k == 0 {
				first = d
			}
			d.Inverse(&d)
			sum.Sub(&sum, d.Mul(&d, &l.w.Secret[l.tables[i]+k]))
		}
		m := &l.w.Secret[l.tables[i]]
		m.Add(m, sum.Mul(&sum, &first))
	}
}

func (l *liar) expr(e *relation.Expr) (v fr.Element) {
	v.SetInt64(e.Const)
	for _, m := range e.Terms {
		var c fr.Element
		x := l.w.Secret[l.blocks[m.Block.Name]+m.Index]
		v.Add(&v, x.Mul(&x, c.SetInt64(m.Coef)))
	}
	return v
}

// claim adds to output or input element i of the statement's tensors.
func (l *liar) claim(element int, v fr.Element) {
	x := &l.w.Statement[element]
	x.Add(x, &v)
}

// succeeds proves the lie under the known challenge and has verifiers refuse it. It is
// false if the circuit refuses it.
func (l *liar) succeeds(t *testing.T) bool {
	t.Helper()
	tr := &frozen{challenges: []fr.Element{l.z}, public: verifier.FoldStatement(l.w.Statement, l.z)}
	if l.compiled.Plan.Committed() {
		tr.challenges = []fr.Element{fr.NewElement(5), l.z}
	}
	p, err := l.prove(t, l.w, tr)
	if err != nil {
		return false
	}
	_, err = l.compiled.Program.Eval(testInput(3)) // the statement is another one
	require.NoError(t, err)
	require.NotEqual(t, l.witness(t, 3).Statement[1:], l.w.Statement[1:])
	l.rejected(t, p)
	_, err = l.prove(t, l.w, l.honestTranscript(l.w.Statement))
	require.ErrorIs(t, err, groth16.ErrUnsatisfied, "with the true challenge the circuit refuses")
	return true
}

func one() fr.Element { return fr.One() }

func times(k int64, x fr.Element) (v fr.Element) {
	v.SetInt64(k)
	return *v.Mul(&v, &x)
}

// The statement: context, 64 inputs of 5 bits in 2 elements, 144 features of 7 bits in 4,
// the scores in one. Feature 0 is the lowest digit of element 3. A lie about features ends
// there: the scores are made to follow by hand.
const features, scores = 3, 7

// follow moves the scores as feature 0 moves them, by weight·d each.
func (l *liar) follow(d fr.Element) {
	dense := l.compiled.Program.Nodes[4].Op.(*circuits.MatMul)
	place := one()
	for o := range dense.Rows {
		v := times(dense.Weights[o*dense.Inner], d)
		l.claim(scores, *v.Mul(&v, &place))
		place = times(1<<19, place)
	}
}

// forgeLookup claims another value of the function.
func forgeLookup(t *testing.T, l *liar) bool {
	l.add("relu/out", 0, one())
	l.claim(features, one())
	l.follow(one())
	l.balance()
	return l.succeeds(t)
}

// forgeRemainder moves a quotient by one and its remainder by 2^s: the packed sums of
// accumulators stay.
func forgeRemainder(t *testing.T, l *liar) bool {
	l.add("shift/out", 0, one())
	l.add("shift/remainder", 0, times(-4, one()))
	l.add("relu/out", 0, one())
	l.claim(features, one())
	l.follow(one())
	l.balance()
	return l.succeeds(t)
}

// forgeProjection moves two accumulators so that their weighted sum at z stays.
func forgeProjection(t *testing.T, l *liar) bool {
	for _, c := range l.compiled.Plan.Contracts[:1] {
		require.True(t, strings.HasPrefix(c.Describe(), "projection"), c.Describe())
	}
	honest := l.w
	for distance := 1; distance < 6; distance++ { // columns to an element: 1 to 5
		for stage := distance; stage <= 2*distance; stage++ {
			l.w = &gadget.Witness{Secret: append(fr.Vector{}, honest.Secret...), Statement: append(fr.Vector{}, honest.Statement...)}
			var back fr.Element
			back.Exp(l.z, big.NewInt(int64(stage)))
			back.Inverse(&back).Neg(&back)
			l.add("shift/remainder", 0, one())
			l.add("shift/remainder", distance, back)
			l.add("relu/out", 0, one()) // something to lie about
			l.claim(features, one())
			l.follow(one())
			l.balance()
			if l.succeeds(t) {
				return true
			}
		}
	}
	return false
}

// forgeInput claims another input for the same outputs.
func forgeInput(t *testing.T, l *liar) bool {
	d := one()
	l.claim(1, d)
	var power fr.Element
	power.Exp(l.z, big.NewInt(1))
	power.Neg(&power)
	l.claim(0, power)
	return l.succeeds(t)
}
