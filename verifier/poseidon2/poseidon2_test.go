package poseidon2

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

func sum(t *testing.T, xs ...uint64) fr.Element {
	t.Helper()
	v := make([]fr.Element, len(xs))
	for i, x := range xs {
		v[i].SetUint64(x)
	}
	d, err := Sum(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The digest separates lengths (also across the rate), orders and values.
func TestSum(t *testing.T) {
	long := make([]uint64, Width)
	seen := map[fr.Element]string{}
	for name, d := range map[string]fr.Element{
		"0":         sum(t, 0),
		"0 0":       sum(t, 0, 0),
		"1":         sum(t, 1),
		"1 0":       sum(t, 1, 0),
		"0 1":       sum(t, 0, 1),
		"15 zeros":  sum(t, long[:Width-1]...),
		"16 zeros":  sum(t, long...),
		"last is 1": sum(t, append(append([]uint64{}, long[:Width-1]...), 1)...),
	} {
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[d] = name
	}
}

// A golden value: changing the permutation's parameters changes every digest ever published.
func TestGolden(t *testing.T) {
	d := sum(t, 1, 2, 3)
	if got := d.Text(16); got != golden {
		t.Errorf("Sum(1, 2, 3) = %s, want %s", got, golden)
	}
}

const golden = "1c90d8c758cb2338900e651cbeaf50770b119e096f1b423f87eaabce4a9a836"
