package gadget

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
)

// TestGatherBetweenRows tries keys between two rows, whose parts would be the last ones of a row
// and the first ones of the next. Nothing bounds the key but that it is gathered by.
func TestGatherBetweenRows(t *testing.T) {
	const rows, cols, width = 4, 6, 1<<50 - 1 // four columns are a part, two are the other
	b := relation.NewBuilder()
	values := make([]int64, rows*cols)
	for j := range rows { // packed, the same number in each part of each row
		values[j*cols], values[j*cols+4] = 5, 5
	}
	w := b.Param("w", []int{rows, cols}, values)
	key := b.Column("key", []int{1}, func(*relation.Assignment) []int64 { return []int64{1} })
	var columns []relation.Tensor
	for k := range cols {
		c := b.Column("column", []int{1}, func(*relation.Assignment) []int64 { return values[k:][:1] })
		b.NonNegative(c, width)
		columns = append(columns, c)
	}
	b.Gather(key, columns, w)
	sys, err := b.Finish()
	require.NoError(t, err)
	for _, cfg := range []Config{{}, {Baked: true}, {Plonk: true}, {Plonk: true, Baked: true}} {
		p, err := New(sys, cfg)
		require.NoError(t, err)
		g := p.Gatherings[0]
		require.Equal(t, []int{0, 0, 0, 0, 1, 1}, g.part)
		ccs := build(t, p)
		honest := assign(t, p)
		require.NoError(t, solve(t, p, ccs, honest))
		keyAt := p.blocks[key.Block().ID]
		for _, halves := range []uint64{0, 1, 2, 3, 4, 5, 6} { // twice the key
			lie := &Witness{append(fr.Vector{}, honest.Secret...), honest.Statement}
			two := fr.NewElement(2)
			half := fr.NewElement(halves)
			lie.Secret[keyAt].Div(&half, &two)
			clear(lie.Secret[g.at:][:g.elements()])
			for part := range uint64(2) {
				lie.Secret[g.at+int(halves+part)].SetOne()
			}
			require.Equal(t, halves%2 == 0, solve(t, p, ccs, lie) == nil, "%+v: key %d/2", cfg, halves)
		}
	}
}
