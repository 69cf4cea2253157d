package poseidon2

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/poseidon2"
)

var update = flag.Bool("update", false, "rewrite constants.bin")

// The constants are gnark-crypto's, and so is the permutation.
func TestPermutation(t *testing.T) {
	var want bytes.Buffer
	write := func(v []fr.Element, n int) {
		if len(v) != n {
			t.Fatalf("%d constants, want %d", len(v), n)
		}
		for i := range v {
			b := v[i].Bytes()
			want.Write(b[:])
		}
	}
	theirs := poseidon2.NewParameters(Width, FullRounds, PartialRounds)
	write(theirs.DiagM1, Width)
	const half = FullRounds / 2
	for i := range FullRounds {
		at := i
		if i >= half {
			at += PartialRounds
		}
		write(theirs.RoundKeys[at], Width)
	}
	for i := range PartialRounds {
		keys := theirs.RoundKeys[half+i]
		write(keys[:1], 1)
		for _, k := range keys[1:] {
			if !k.IsZero() {
				t.Fatal("a partial round adds to more than the first element")
			}
		}
	}
	if *update {
		if err := os.WriteFile("constants.bin", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want.Bytes(), constants) {
		t.Fatal("constants.bin: run with -update")
	}
	their := poseidon2.NewPermutation(Width, FullRounds, PartialRounds)
	for n := range 300 {
		var s [Width]fr.Element
		for i := range s {
			switch n % 3 {
			case 0:
				s[i].SetInt64(int64(n*i - 40))
			default:
				if _, err := s[i].SetRandom(); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := s
		if err := their.Permutation(want[:]); err != nil {
			t.Fatal(err)
		}
		if parameters().permute(&s); s != want {
			t.Fatalf("permutation %d differs from gnark-crypto's", n)
		}
	}
}

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
