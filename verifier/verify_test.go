package verifier_test

import (
	"math"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

func TestVerifyVerdicts(t *testing.T) {
	m, p := committedModel(), aProof()
	hash := fr.NewElement(9)
	hash.Inverse(&hash)
	withContext := m.prove(t, 7, [3]int64{1, 2, 3})
	private := cloneKey(t, m.key)
	private.Card.Inputs[0].Mode = verifier.Private
	digest := cloneKey(t, m.key)
	digest.Card.Inputs[0].Mode = verifier.Digest
	honest := cloneKey(t, m.key)
	honest.Card.Setup = testSetup(verifier.Groth16, verifier.BakedWeights)
	edit := func(p *verifier.Proof, f func(*verifier.Proof)) *verifier.Proof {
		q := clone(t, p)
		f(q)
		return q
	}
	for name, c := range map[string]struct {
		key     *verifier.VerifyingKey
		proof   *verifier.Proof
		opts    []verifier.Option
		want    error // nil: accepted
		verdict error
	}{
		"accepted":                  {key: m.key, proof: p},
		"context":                   {key: m.key, proof: withContext, opts: []verifier.Option{verifier.WithContext(7)}},
		"any context":               {key: m.key, proof: withContext, opts: []verifier.Option{verifier.WithAnyContext()}},
		"context not asked for":     {key: m.key, proof: withContext, want: verifier.ErrContext, verdict: verifier.ErrRejected},
		"other context":             {key: m.key, proof: withContext, opts: []verifier.Option{verifier.WithContext(8)}, want: verifier.ErrContext, verdict: verifier.ErrRejected},
		"context 0 expected 7":      {key: m.key, proof: p, opts: []verifier.Option{verifier.WithContext(7)}, want: verifier.ErrContext, verdict: verifier.ErrRejected},
		"hash as context":           {key: m.key, proof: withContext, opts: []verifier.Option{verifier.WithContextElement(hash)}, want: verifier.ErrContext, verdict: verifier.ErrRejected},
		"replayed as other context": {key: m.key, proof: edit(withContext, func(p *verifier.Proof) { p.Statement[0].SetUint64(8) }), opts: []verifier.Option{verifier.WithContext(8)}, want: verifier.ErrRejected, verdict: verifier.ErrRejected},
		"input":                     {key: m.key, proof: p, opts: []verifier.Option{verifier.WithInput(0, []int64{7, 0, 255})}},
		"real input":                {key: m.key, proof: p, opts: []verifier.Option{verifier.WithRealInput(0, []float64{7. / 256, 0.001, 1})}},
		"other input":               {key: m.key, proof: p, opts: []verifier.Option{verifier.WithInput(0, []int64{7, 0, 254})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"other real input":          {key: m.key, proof: p, opts: []verifier.Option{verifier.WithRealInput(0, []float64{8. / 256, 0, 1})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"input of other length":     {key: m.key, proof: p, opts: []verifier.Option{verifier.WithInput(0, []int64{7, 0})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"no input expected":         {key: m.key, proof: p, opts: []verifier.Option{verifier.WithInput(0, nil)}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"second input":              {key: m.key, proof: p, opts: []verifier.Option{verifier.WithInput(1, []int64{7, 0, 255})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"input -1":                  {key: m.key, proof: p, opts: []verifier.Option{verifier.WithInput(-1, []int64{7, 0, 255})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"real input out of range":   {key: m.key, proof: p, opts: []verifier.Option{verifier.WithRealInput(0, []float64{7. / 256, 0, 1.1})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"NaN input":                 {key: m.key, proof: p, opts: []verifier.Option{verifier.WithRealInput(0, []float64{math.NaN(), 0, 1})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"private input expected":    {key: private, proof: rekey(edit(p, func(p *verifier.Proof) { p.Statement = append(p.Statement[:1], p.Statement[2]) }), private), opts: []verifier.Option{verifier.WithInput(0, nil)}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"digest input expected":     {key: digest, proof: rekey(p, digest), opts: []verifier.Option{verifier.WithInput(0, []int64{7, 0, 255})}, want: verifier.ErrInput, verdict: verifier.ErrRejected},
		"unsafe key refused":        {key: m.key, proof: p, opts: []verifier.Option{verifier.RefuseUnsafeSetup()}, want: verifier.ErrUnsafeKey, verdict: verifier.ErrRejected},
		"safe key":                  {key: bakedModel().key, proof: bakedModel().prove(t, 0, [3]int64{7, 0, 255}), opts: []verifier.Option{verifier.RefuseUnsafeSetup()}},
		"key expected":              {key: m.key, proof: p, opts: []verifier.Option{verifier.WithKeyDigest(m.key.Digest())}},
		"other key expected":        {key: m.key, proof: p, opts: []verifier.Option{verifier.WithKeyDigest(bakedModel().key.Digest())}, want: verifier.ErrOtherKey, verdict: verifier.ErrRejected},
		"other system, same sizes":  {key: bakedPlonk().key, proof: rekey(p, bakedPlonk().key), want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"other key":                 {key: bakedModel().key, proof: p, want: verifier.ErrWrongModel, verdict: verifier.ErrWrongModel},
		"other key, renamed":        {key: bakedModel().key, proof: rekey(p, bakedModel().key), want: verifier.ErrRejected, verdict: verifier.ErrRejected},
		"same circuit, other card":  {key: honest, proof: rekey(p, honest), want: verifier.ErrRejected, verdict: verifier.ErrRejected},
		"other system":              {key: committedPlonk().key, proof: rekey(p, committedPlonk().key), want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"no proof":                  {key: m.key, proof: nil, want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"empty proof":               {key: m.key, proof: new(verifier.Proof), want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"two proofs in one":         {key: m.key, proof: edit(p, func(p *verifier.Proof) { p.Plonk = aPlonkProof().Plonk }), want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"no statement":              {key: m.key, proof: edit(p, func(p *verifier.Proof) { p.Statement = nil }), want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"long statement":            {key: m.key, proof: edit(p, func(p *verifier.Proof) { p.Statement = append(p.Statement, hash) }), want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
		"element beyond its digits": {key: m.key, proof: edit(p, func(p *verifier.Proof) { p.Statement[1].SetUint64(1 << 24) }), want: verifier.ErrRejected, verdict: verifier.ErrRejected},
		"no key":                    {key: nil, proof: p, want: verifier.ErrMalformed, verdict: verifier.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := verifier.Verify(c.key, c.proof, c.opts...)
			if c.want == nil {
				require.NoError(t, err)
				require.NotNil(t, st)
				return
			}
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.verdict, class(t, err))
			require.Nil(t, st)
		})
	}
}

// rekey returns the proof under another key's name.
func rekey(p *verifier.Proof, key *verifier.VerifyingKey) *verifier.Proof {
	q := *p
	q.KeyDigest = key.Digest()
	return &q
}

func TestVerifyBatch(t *testing.T) {
	committed, baked, plonk := committedModel(), bakedModel(), committedPlonk()
	for name, c := range map[string]struct {
		key   *verifier.VerifyingKey
		prove func(context uint64, x [3]int64) *verifier.Proof
	}{
		"groth16 committed": {committed.key, func(n uint64, x [3]int64) *verifier.Proof { return committed.prove(t, n, x) }},
		"groth16 baked":     {baked.key, func(n uint64, x [3]int64) *verifier.Proof { return baked.prove(t, n, x) }},
		"plonk":             {plonk.key, func(n uint64, x [3]int64) *verifier.Proof { return plonk.prove(t, n, x) }},
	} {
		t.Run(name, func(t *testing.T) {
			var proofs []*verifier.Proof
			for i := range 5 {
				proofs = append(proofs, c.prove(0, [3]int64{int64(i), 2, 3}))
			}
			for n := range len(proofs) + 1 {
				statements, err := verifier.VerifyBatch(c.key, proofs[:n])
				require.NoError(t, err)
				require.Len(t, statements, n)
				for i, st := range statements {
					require.Equal(t, []int64{int64(i), 2, 3}, st.Inputs[0].Ints)
				}
			}
			twice, err := verifier.VerifyBatch(c.key, []*verifier.Proof{proofs[0], proofs[0]})
			require.NoError(t, err)
			require.Len(t, twice, 2)

			for i := range proofs { // a swap that leaves sums over the batch as they were
				j := (i + 1) % len(proofs)
				bad := append([]*verifier.Proof(nil), proofs...)
				bad[i], bad[j] = clone(t, proofs[i]), clone(t, proofs[j])
				if bad[i].Groth16 != nil {
					bad[i].Groth16.Krs, bad[j].Groth16.Krs = bad[j].Groth16.Krs, bad[i].Groth16.Krs
				} else {
					bad[i].Plonk.Opening, bad[j].Plonk.Opening = bad[j].Plonk.Opening, bad[i].Plonk.Opening
				}
				requireOffenders(t, c.key, bad, map[int]error{i: verifier.ErrRejected, j: verifier.ErrRejected})
			}
			bad := append(append([]*verifier.Proof(nil), proofs...), nil, c.prove(9, [3]int64{}))
			requireOffenders(t, c.key, bad, map[int]error{5: verifier.ErrMalformed, 6: verifier.ErrContext})
			_, err = verifier.VerifyBatch(c.key, bad[6:], verifier.WithContext(9))
			require.NoError(t, err)
		})
	}
	_, err := verifier.VerifyBatch(bakedModel().key, []*verifier.Proof{aProof()})
	require.ErrorIs(t, err, verifier.ErrWrongModel)
}

func requireOffenders(t *testing.T, key *verifier.VerifyingKey, proofs []*verifier.Proof, want map[int]error) {
	statements, err := verifier.VerifyBatch(key, proofs)
	require.Nil(t, statements)
	var batch *verifier.BatchError
	require.ErrorAs(t, err, &batch)
	require.Len(t, batch.Indexes, len(want))
	for n, i := range batch.Indexes {
		require.ErrorIs(t, batch.Errs[n], want[i])
		require.ErrorIs(t, err, want[i])
	}
}

// Two proofs whose errors cancel when simply added up: Krs and Krs, one moved
// by +G, the other by -G; likewise the proofs of knowledge.
func TestVerifyBatchCancellingErrors(t *testing.T) {
	m := committedModel()
	for name, move := range map[string]func(p, q *verifier.Groth16Proof){
		"Krs": func(p, q *verifier.Groth16Proof) { p.Krs.Add(&p.Krs, &generatorG1); q.Krs.Sub(&q.Krs, &generatorG1) },
		"PoK": func(p, q *verifier.Groth16Proof) { p.PoK.Add(&p.PoK, &generatorG1); q.PoK.Sub(&q.PoK, &generatorG1) },
		"D":   func(p, q *verifier.Groth16Proof) { p.D, q.D, p.PoK, q.PoK = q.D, p.D, q.PoK, p.PoK },
	} {
		t.Run(name, func(t *testing.T) {
			p, q := clone(t, aProof()), m.prove(t, 0, [3]int64{7, 0, 255})
			move(p.Groth16, q.Groth16)
			requireOffenders(t, m.key, []*verifier.Proof{p, q}, map[int]error{0: verifier.ErrRejected, 1: verifier.ErrRejected})
		})
	}
}

// One key, proof and set of options shared by many goroutines, from the first
// verification on.
func TestVerifyConcurrently(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			key, good := cloneKey(t, s.key), clone(t, s.proof)
			before := encode(t, good)
			bad := clone(t, s.proof)
			bad.Statement[2].SetUint64(3)
			opts := []verifier.Option{verifier.WithInput(0, []int64{7, 0, 255})}
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() {
					for range 4 {
						if _, err := verifier.Verify(key, good, opts...); err != nil {
							t.Error(err)
						}
						if _, err := verifier.Verify(key, bad, opts...); err == nil {
							t.Error("accepted")
						}
						if _, err := verifier.VerifyBatch(key, []*verifier.Proof{good, good}, opts...); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			require.Equal(t, before, encode(t, good))
			require.Equal(t, s.key.Digest(), key.Digest())
		})
	}
}

// What the caller does to a returned statement does not reach the key.
func TestStatementIsTheCallers(t *testing.T) {
	key := cloneKey(t, committedModel().key)
	st, err := verifier.Verify(key, aProof())
	require.NoError(t, err)
	st.Inputs[0].Card.Shape[0], st.Inputs[0].Card.Name = 99, "other"
	require.Equal(t, committedModel().key.Digest(), key.Digest())
}

func BenchmarkVerifyBatch(b *testing.B) {
	for name, s := range samples() {
		b.Run(name, func(b *testing.B) {
			proofs := make([]*verifier.Proof, 100)
			for i := range proofs {
				proofs[i] = s.proof
			}
			for b.Loop() {
				if _, err := verifier.VerifyBatch(s.key, proofs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(proofs)), "ns/proof")
		})
	}
}
