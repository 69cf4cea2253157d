package hyperkzg

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// shaped is a proof of nothing with different parts.
func shaped(c int) *Proof {
	_, _, g, _ := bn254.Generators()
	next := func() bn254.G1Affine { g.Double(&g); return g }
	p := &Proof{Folds: make([]bn254.G1Affine, c-1), Plus: make([]fr.Element, c), Minus: make([]fr.Element, c)}
	p.Square = fr.NewElement(7)
	for i := range p.Folds {
		p.Folds[i] = next()
	}
	for i := range p.Plus {
		p.Plus[i].SetInt64(int64(-1 - i))
		p.Minus[i].SetInt64(int64(1 + i))
	}
	p.Quotient, p.Opening = next(), next()
	return p
}

func TestEncoding(t *testing.T) {
	for _, c := range []int{1, 2, 9} {
		p := shaped(c)
		data := p.AppendTo([]byte("head"))[4:]
		require.Len(t, data, Size(c))
		require.Len(t, data, 32*(3*c+2))
		q, rest, err := Decode(append(data, "tail"...), c)
		require.NoError(t, err)
		require.Equal(t, p, q)
		require.Equal(t, "tail", string(rest))
		for n := range data {
			_, _, err := Decode(data[:n], c)
			require.ErrorIs(t, err, ErrMalformed)
		}
	}
	zero := &Proof{Folds: make([]bn254.G1Affine, 1), Plus: make([]fr.Element, 2), Minus: make([]fr.Element, 2)}
	q, _, err := Decode(zero.AppendTo(nil), 2)
	require.NoError(t, err)
	require.Equal(t, zero, q)
	for _, c := range []int{-1 << 62, -1, 0, maxCoordinates + 1, 1 << 62} {
		_, _, err := Decode(make([]byte, 1<<12), c)
		require.ErrorIs(t, err, ErrMalformed)
	}
}

// Other encodings of the same, or of nothing, are not read.
func TestOtherEncodings(t *testing.T) {
	const c = 2
	data := shaped(c).AppendTo(nil)
	points, scalars := []int{0, 6, 7}, []int{1, 2, 3, 4, 5}
	order, prime := fr.Modulus().Bytes(), fp.Modulus().Bytes()
	compressed := slices.Clone(prime)
	compressed[0] |= 0x80
	infinity, four := make([]byte, 32), make([]byte, 32)
	infinity[0], infinity[31] = 0x40, 1
	four[0], four[31] = 0x80, 4 // 4³ + 3 is not a square
	refused := func(item int, b []byte) {
		bad := slices.Clone(data)
		copy(bad[32*item:], b)
		p, rest, err := Decode(bad, c)
		require.ErrorIs(t, err, ErrMalformed, "%d %x", item, b)
		require.Nil(t, p)
		require.Nil(t, rest)
	}
	for _, i := range scalars {
		refused(i, order)
		refused(i, bytes.Repeat([]byte{0xff}, 32))
	}
	for _, i := range points {
		for _, b := range [][]byte{compressed, infinity, four, make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)} {
			refused(i, b)
		}
	}
}

// What is decoded has the shape that Verify asks for, and no other encoding.
func FuzzDecode(f *testing.F) {
	for c := 1; c <= 3; c++ {
		f.Add(shaped(c).AppendTo(nil), c)
	}
	f.Add(make([]byte, 200), 1)
	f.Fuzz(func(t *testing.T, data []byte, c int) {
		p, rest, err := Decode(data, c)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.NoError(t, p.check(c))
		require.Equal(t, data, append(p.AppendTo(nil), rest...))
	})
}

func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if strings.Contains(path, ".") && !strings.HasPrefix(path, "github.com/consensys/gnark-crypto/") && path != "github.com/nnark/nnark/verifier/internal/msm" {
			t.Errorf("imports %s", path)
		}
	}
}
