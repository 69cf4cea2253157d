package evm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/solidity"
)

// TestInputHash: every contract's inputHash is what Go makes of the same inputs, and refuses integers
// that the model's inputs cannot be, and other numbers of them.
func TestInputHash(t *testing.T) {
	hashed := 0
	for name, f := range forgers(t) {
		s, _, _ := f.statement(t)
		data, err := solidity.InputHashCalldata(f.key, s)
		if err != nil {
			require.ErrorIs(t, err, solidity.ErrUnsupported, name)
			require.NotContains(t, contracts(t)[name].abi.Methods, "inputHash")
			continue
		}
		hashed++
		elements := 0
		for i := range f.key.Card.Inputs {
			elements += f.key.Card.Inputs[i].Elements()
		}
		want := solidity.InputHash(s[1 : 1+elements])
		c := newChain(t)
		address, r := c.deploy(t, contracts(t)[name], constructorArguments(f.key)...)
		require.NoError(t, r.err)
		r = c.call(address, data)
		require.NoError(t, r.err, name)
		require.Equal(t, want[:], r.output, name)
	}
	require.Greater(t, hashed, 4)

	f := forgers(t)["Committed"] // bytes up to 127
	s, _, _ := f.statement(t)
	data, err := solidity.InputHashCalldata(f.key, s)
	require.NoError(t, err)
	c := newChain(t)
	address, r := c.deploy(t, contracts(t)["Committed"], constructorArguments(f.key)...)
	require.NoError(t, r.err)
	first := 4 + 2*32 // behind the offset and the length
	for _, m := range []struct {
		want   string
		change func(data []byte)
	}{
		{"IntegerOutOfRange(uint256)", func(d []byte) { d[first] = 128 }},
		{"IntegerOutOfRange(uint256)", func(d []byte) { d[first+99] = 255 }},
		{"ArrayLength(uint256)", func(d []byte) { d[first-1]-- }},
	} {
		lie := append([]byte{}, data...)
		m.change(lie)
		require.Equal(t, m.want, c.call(address, lie).revertName(t))
	}
	moved := append([]byte{}, data...)
	moved[first] ^= 1
	r = c.call(address, moved)
	require.NoError(t, r.err)
	want := solidity.InputHash(s[1:2])
	require.NotEqual(t, want[:], r.output)
}
