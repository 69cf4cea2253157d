package flat_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
)

// Whatever bytes are a plan, they are its only ones, are read in time, and its boxes and folds can be evaluated.
func FuzzParsePlan(f *testing.F) {
	f.Add(testNetwork().Plan.AppendTo(nil))
	f.Add(folding().Plan.AppendTo(nil))
	for seed := range uint64(12) {
		f.Add(randomFolds(rand.New(rand.NewPCG(seed, 17))).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		begin := time.Now()
		p, err := flat.ParsePlan(data)
		require.Less(t, time.Since(begin), 20*time.Second)
		if err != nil {
			return
		}
		require.NoError(t, p.Check())
		require.Equal(t, data, p.AppendTo(nil))
		if p.Values > 12 || max(p.Products, p.Sums, p.Outputs, p.Zeros, p.Columns) > 12 || p.Weights > 64 || len(p.Exposes) > 20 {
			return
		}
		terms := 0
		for i := range p.Boxes {
			terms += p.Boxes[i].Terms()
		}
		var public [][]int64
		for i := range p.Exposes {
			n := p.Exposes[i].Terms()
			terms += n
			public = append(public, make([]int64, min(n, 1<<12)))
		}
		if terms > 1<<12 {
			return
		}
		r := seeded(1)
		c, omega := randomPoints(p, r), flattest.Random(r, p.Values)
		foldsMean(t, p, c, "fuzz")
		require.Equal(t, extension(scatter(p, c), omega), p.Functional(c, flat.NewPoint(omega)))
		p.Constants(c, public)
		key := &flat.Key{Plan: p, Model: make([]bn254.G1Affine, p.ModelRows())}
		eta := fr.One()
		_, err = key.Combine(c, flat.NewPoint(omega), &eta, &flat.Proof{Witness: make([]bn254.G1Affine, p.Count(flat.Witness)), Inverses: make([]bn254.G1Affine, p.Count(flat.Inverse))})
		require.NoError(t, err)
	})
}

// Numbers of a plan's encoding are changed to edges: it is refused, or the same bytes are written again.
func TestChangedBytesOfPlans(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 17))
	parsed, refused := 0, 0
	for seed := range uint64(10) {
		data := randomFolds(rand.New(rand.NewPCG(seed, 18))).AppendTo(nil)
		for range 300 {
			at := r.IntN(len(data))
			_, n := binary.Uvarint(data[at:])
			n = max(n, 1)
			x := []uint64{0, 1, 1 << r.IntN(64), 1<<r.IntN(64) - 1, 1<<48 - 1, 1<<64 - 1, r.Uint64N(1 << 13)}[r.IntN(7)]
			changed := append(binary.AppendUvarint(append([]byte{}, data[:at]...), x), data[at+n:]...)
			begin := time.Now()
			p, err := flat.ParsePlan(changed)
			require.Less(t, time.Since(begin), 20*time.Second)
			if err != nil {
				refused++
				continue
			}
			parsed++
			require.Equal(t, changed, p.AppendTo(nil))
		}
		for i := range data {
			_, err := flat.ParsePlan(data[:i])
			require.Error(t, err, "cut at %d", i)
		}
	}
	require.Greater(t, parsed, 30)
	require.Greater(t, refused, 1000)
}
