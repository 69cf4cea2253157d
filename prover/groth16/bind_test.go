package groth16

import (
	"context"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend"
	"github.com/stretchr/testify/require"
)

func TestBindPacked(t *testing.T) {
	ctx := context.Background()
	c, wires := packedCase(t, 20, 5, 0)
	pk, vk := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	values := make([]fr.Element, len(wires), len(wires)+1)
	for i, w := range wires {
		values[i] = c.secret[w-p.nbPublic]
	}
	wires = append(wires, p.Masks()[0])
	values = append(values, fr.NewElement(987654321))

	b, err := p.Bind(ctx, wires, values)
	require.NoError(t, err)
	require.Less(t, len(b.k.bases), len(p.k.bases)-50) // the products are gone
	require.Empty(t, b.commitment[0].bases)

	tr := boundTranscript{"statement", firstInput(c, 20, 5)}
	first, err := b.Prove(ctx, c.secret, nil, tr, nil)
	require.NoError(t, err)
	verify(t, vk, first, backend.WithVerifierHashToFieldFunction(tr.hash()))
	mask := func(i int) fr.Element { return fr.NewElement(987654321) }
	unbound, err := p.Prove(ctx, c.secret, mask, tr, nil)
	require.NoError(t, err)
	require.Equal(t, unbound.Commitments[0], first.Commitments[0])
	require.Equal(t, unbound.PoKs[0], first.PoKs[0])

	// another input under the same weights
	other, _ := packedCase(t, 20, 5, 1)
	require.NotEqual(t, c.secret, other.secret)
	tr.x0 = firstInput(other, 20, 5)
	second, err := b.Prove(ctx, other.secret, nil, tr, nil)
	require.NoError(t, err)
	verify(t, vk, second, backend.WithVerifierHashToFieldFunction(tr.hash()))
	require.Equal(t, first.Commitments[0], second.Commitments[0])
	require.NotEqual(t, first.Commitments[1], second.Commitments[1])

	// other weights
	for _, i := range []int{0, 1, 50, 100} {
		wrong := append(fr.Vector{}, c.secret...)
		wrong[i].SetUint64(7)
		_, err = b.Prove(ctx, wrong, nil, tr, nil)
		require.ErrorIs(t, err, ErrBoundValue)
	}
}

func TestBindPlain(t *testing.T) {
	c := plainCase(t, 16, 40)
	pk, vk := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	wires, values := inputWires(p, c, 16*40)
	b, err := p.Bind(context.Background(), wires, values)
	require.NoError(t, err)
	proof, err := b.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, nil)
	require.NoError(t, err)
	verify(t, vk, proof)
}

// TestBindEverything binds all inputs: of a chain, whose products have no bound
// side but the first, and of a circuit in which wires fold.
func TestBindEverything(t *testing.T) {
	for _, c := range []testCase{chainCase(t, 20), linearCase(t)} {
		pk, vk := setupFor(t, c)
		p, err := New(c.r1cs, pk)
		require.NoError(t, err)
		wires, values := inputWires(p, c, p.nbSecret)
		b, err := p.Bind(context.Background(), wires, values)
		require.NoError(t, err)
		proof, err := b.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, nil)
		require.NoError(t, err)
		verify(t, vk, proof)
	}
}

// TestBindNested folds wires into wires that are folded themselves.
func TestBindNested(t *testing.T) {
	c := linearCase(t)
	pk, vk := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	wires, values := inputWires(p, c, 2)
	b, err := p.Bind(context.Background(), wires, values)
	require.NoError(t, err)
	proof, err := b.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, nil)
	require.NoError(t, err)
	verify(t, vk, proof)
}

// inputWires returns the first n secret inputs' wires and values.
func inputWires(p *Prover, c testCase, n int) (wires []int, values []fr.Element) {
	for i := range n {
		wires, values = append(wires, p.nbPublic+i), append(values, c.secret[i])
	}
	return wires, values
}

func TestBindErrors(t *testing.T) {
	ctx := context.Background()
	c, _ := packedCase(t, 4, 2, 0)
	pk, _ := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	one := fr.One()
	for _, wires := range [][]int{{0}, {1}, {-1}, {p.wires}, {p.wires - 1}, {2, 2}} {
		_, err := p.Bind(ctx, wires, []fr.Element{one, one}[:len(wires)])
		require.ErrorIs(t, err, ErrWire, "%v", wires)
	}
	_, err = p.Bind(ctx, []int{2}, nil)
	require.ErrorIs(t, err, ErrWire)
	b, err := p.Bind(ctx, []int{2}, []fr.Element{one})
	require.NoError(t, err)
	_, err = b.Bind(ctx, []int{3}, []fr.Element{one})
	require.ErrorIs(t, err, ErrWire)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = p.Bind(cancelled, []int{2}, []fr.Element{one})
	require.ErrorIs(t, err, context.Canceled)
}
