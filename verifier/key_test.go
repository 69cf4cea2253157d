package verifier_test

import (
	"crypto/sha256"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

func TestVerifyingKeyRoundTrip(t *testing.T) {
	for name, key := range map[string]*verifier.VerifyingKey{
		"groth16 committed": committedModel().key, "groth16 baked": bakedModel().key,
		"plonk committed": committedPlonk().key, "plonk baked": bakedPlonk().key,
	} {
		t.Run(name, func(t *testing.T) {
			data, err := key.MarshalBinary()
			require.NoError(t, err)
			got, err := verifier.ParseVerifyingKey(data)
			require.NoError(t, err)
			require.Equal(t, key.Card, got.Card)
			require.Equal(t, key.Groth16, got.Groth16)
			require.Equal(t, key.Plonk, got.Plonk)
			require.Equal(t, [32]byte(sha256.Sum256(data)), got.Digest())
			for n := range data {
				_, err := verifier.ParseVerifyingKey(data[:n])
				require.ErrorIs(t, err, verifier.ErrMalformed, n)
			}
			_, err = verifier.ParseVerifyingKey(append(data, 0))
			require.ErrorIs(t, err, verifier.ErrMalformed)
			data[len("nnark-vk-2")+2] = 3 // no such setup
			_, err = verifier.ParseVerifyingKey(data)
			require.ErrorIs(t, err, verifier.ErrMalformed)
		})
	}
}

// A flipped bit gives no key, or one that proofs of the honest key are not for.
func TestVerifyingKeyBitFlips(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			data, err := s.key.MarshalBinary()
			require.NoError(t, err)
			for bit := 0; bit < 8*len(data); bit += 5 {
				data[bit/8] ^= 1 << (bit % 8)
				key, err := verifier.ParseVerifyingKey(data)
				if err == nil {
					_, err = verifier.Verify(key, s.proof)
					require.ErrorIs(t, err, verifier.ErrWrongModel)
				} else {
					require.ErrorIs(t, err, verifier.ErrMalformed)
				}
				data[bit/8] ^= 1 << (bit % 8)
			}
		})
	}
}

func TestHostileGroth16Keys(t *testing.T) {
	infinity1, infinity2 := bn254.G1Affine{}, bn254.G2Affine{}
	negG1, negG2 := generatorG1, generatorG2
	negG1.Neg(&negG1)
	negG2.Neg(&negG2)
	offCurve := generatorG1
	offCurve.Y.SetOne()
	for name, break_ := range map[string]func(k *verifier.Groth16Key){
		"alpha infinity":        func(k *verifier.Groth16Key) { k.Alpha = infinity1 },
		"alpha off the curve":   func(k *verifier.Groth16Key) { k.Alpha = offCurve },
		"alpha generator":       func(k *verifier.Groth16Key) { k.Alpha = generatorG1 },
		"alpha -generator":      func(k *verifier.Groth16Key) { k.Alpha = negG1 },
		"beta infinity":         func(k *verifier.Groth16Key) { k.Beta = infinity2 },
		"beta outside G2":       func(k *verifier.Groth16Key) { k.Beta = pointNotInG2() },
		"beta generator":        func(k *verifier.Groth16Key) { k.Beta = generatorG2 },
		"gamma infinity":        func(k *verifier.Groth16Key) { k.Gamma = infinity2 },
		"gamma delta":           func(k *verifier.Groth16Key) { k.Gamma = k.Delta },
		"gamma -delta":          func(k *verifier.Groth16Key) { k.Gamma.Neg(&k.Delta) },
		"beta delta":            func(k *verifier.Groth16Key) { k.Beta = k.Delta },
		"beta gamma":            func(k *verifier.Groth16Key) { k.Beta = k.Gamma },
		"delta infinity":        func(k *verifier.Groth16Key) { k.Delta = infinity2 },
		"delta generator":       func(k *verifier.Groth16Key) { k.Delta = generatorG2 },
		"delta -generator":      func(k *verifier.Groth16Key) { k.Delta = negG2 },
		"K_one infinity":        func(k *verifier.Groth16Key) { k.K[0] = infinity1 },
		"K_E infinity":          func(k *verifier.Groth16Key) { k.K[1] = infinity1 },
		"K_z infinity":          func(k *verifier.Groth16Key) { k.K[3] = infinity1 },
		"K_c0 off the curve":    func(k *verifier.Groth16Key) { k.K[2] = offCurve },
		"K too short":           func(k *verifier.Groth16Key) { k.K = k.K[:3] },
		"K too long":            func(k *verifier.Groth16Key) { k.K = append(k.K, k.K[0]) },
		"K missing":             func(k *verifier.Groth16Key) { k.K = nil },
		"one sigma":             func(k *verifier.Groth16Key) { k.CommitmentSigmaNeg = k.CommitmentSigmaNeg[:1] },
		"same sigma":            func(k *verifier.Groth16Key) { k.CommitmentSigmaNeg[1] = k.CommitmentSigmaNeg[0] },
		"sigma 1":               func(k *verifier.Groth16Key) { k.CommitmentSigmaNeg[1].Neg(&k.CommitmentG) },
		"sigma -1":              func(k *verifier.Groth16Key) { k.CommitmentSigmaNeg[1] = k.CommitmentG },
		"sigma infinity":        func(k *verifier.Groth16Key) { k.CommitmentSigmaNeg[1] = infinity2 },
		"G infinity":            func(k *verifier.Groth16Key) { k.CommitmentG = infinity2 },
		"no weights":            func(k *verifier.Groth16Key) { k.Weights = nil },
		"C infinity":            func(k *verifier.Groth16Key) { k.Weights.C = infinity1 },
		"C, PoK infinity":       func(k *verifier.Groth16Key) { *k.Weights = verifier.WeightCommitment{} },
		"C without knowledge":   func(k *verifier.Groth16Key) { k.Weights.C = generatorG1 },
		"PoK of something else": func(k *verifier.Groth16Key) { k.Weights.PoK = generatorG1 },
		"PoK of the other sigma": func(k *verifier.Groth16Key) {
			k.CommitmentSigmaNeg[0], k.CommitmentSigmaNeg[1] = k.CommitmentSigmaNeg[1], k.CommitmentSigmaNeg[0]
		},
		"all infinity": func(k *verifier.Groth16Key) {
			*k = verifier.Groth16Key{K: make([]bn254.G1Affine, 4), CommitmentSigmaNeg: make([]bn254.G2Affine, 2), Weights: &verifier.WeightCommitment{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := cloneKey(t, committedModel().key)
			break_(key.Groth16)
			requireHostile(t, key, aProof())
		})
	}
	t.Run("weights in a baked key", func(t *testing.T) {
		key := cloneKey(t, bakedModel().key)
		key.Groth16.Weights = &verifier.WeightCommitment{C: generatorG1, PoK: generatorG1}
		requireHostile(t, key, aProof())
	})
	t.Run("gamma generator", func(t *testing.T) { // as ceremonies have it
		key := cloneKey(t, bakedModel().key)
		key.Groth16.Gamma = generatorG2
		require.NoError(t, key.Check())
	})
}

// requireHostile demands that a changed key is refused in every way.
func requireHostile(t *testing.T, key *verifier.VerifyingKey, p *verifier.Proof) {
	require.ErrorIs(t, key.Check(), verifier.ErrMalformed)
	data, err := key.MarshalBinary()
	if err == nil {
		fresh, err := verifier.ParseVerifyingKey(data)
		if err == nil {
			// Compression turned a point off the curve into one on it, which
			// is also what verification uses.
			require.NotEqual(t, key, fresh)
			return
		}
		require.ErrorIs(t, err, verifier.ErrMalformed)
	}
	_, err = verifier.Verify(key, p)
	require.ErrorIs(t, err, verifier.ErrMalformed)
	_, err = verifier.VerifyBatch(key, []*verifier.Proof{p})
	require.ErrorIs(t, err, verifier.ErrMalformed)
}

func TestHostilePlonkKeys(t *testing.T) {
	for name, break_ := range map[string]func(k *verifier.PlonkKey){
		"size 0":                func(k *verifier.PlonkKey) { k.Size = 0 },
		"size 1":                func(k *verifier.PlonkKey) { k.Size = 1 },
		"size not a power":      func(k *verifier.PlonkKey) { k.Size++ },
		"size beyond the field": func(k *verifier.PlonkKey) { k.Size = 1 << 29 },
		"size 2^63":             func(k *verifier.PlonkKey) { k.Size = 1 << 63 },
		"commitment row":        func(k *verifier.PlonkKey) { k.CommitmentIndex = k.Size - 3 },
		"commitment row max":    func(k *verifier.PlonkKey) { k.CommitmentIndex = math.MaxUint64 },
		"S infinity":            func(k *verifier.PlonkKey) { k.S[1] = bn254.G1Affine{} },
		"Qcp infinity":          func(k *verifier.PlonkKey) { k.Qcp = bn254.G1Affine{} },
		"Ql off the curve":      func(k *verifier.PlonkKey) { k.Ql.Y.SetOne() },
		"G1 infinity":           func(k *verifier.PlonkKey) { k.G1 = bn254.G1Affine{} },
		"G2 infinity":           func(k *verifier.PlonkKey) { k.G2 = bn254.G2Affine{} },
		"G2 outside":            func(k *verifier.PlonkKey) { k.G2 = pointNotInG2() },
		"tau infinity":          func(k *verifier.PlonkKey) { k.G2Tau = bn254.G2Affine{} },
		"tau 1":                 func(k *verifier.PlonkKey) { k.G2Tau = k.G2 },
		"tau -1":                func(k *verifier.PlonkKey) { k.G2Tau.Neg(&k.G2) },
		"no proof of support":   func(k *verifier.PlonkKey) { k.Weights = nil },
		"quotient infinity":     func(k *verifier.PlonkKey) { k.Weights.Quotient = bn254.G1Affine{} },
		"opening off the curve": func(k *verifier.PlonkKey) { k.Weights.Opening.Y.SetOne() },
		"Qr infinity":           func(k *verifier.PlonkKey) { k.Qr = bn254.G1Affine{} },
	} {
		t.Run(name, func(t *testing.T) {
			key := cloneKey(t, committedPlonk().key)
			break_(key.Plonk)
			requireHostile(t, key, aPlonkProof())
		})
	}
}

func TestHostileCards(t *testing.T) {
	for name, break_ := range map[string]func(c *verifier.Card){
		"no name":          func(c *verifier.Card) { c.Name = "" },
		"long name":        func(c *verifier.Card) { c.Name = strings.Repeat("a", 257) },
		"escape in a name": func(c *verifier.Card) { c.Name = "a\x1b[2J" },
		"not UTF-8":        func(c *verifier.Card) { c.Name = "\xff" },
		"text direction":   func(c *verifier.Card) { c.Labels[0] = "a\u202eb" },
		"empty label":      func(c *verifier.Card) { c.Labels[0] = "" },
		"too many labels":  func(c *verifier.Card) { c.Labels = slices.Repeat([]string{"a"}, 1<<16+1) },
		"unknown system":   func(c *verifier.Card) { c.System = 7 },
		"other system":     func(c *verifier.Card) { c.System = verifier.Plonk },
		"unknown weights":  func(c *verifier.Card) { c.Weights = 7 },
		"unknown setup":    func(c *verifier.Card) { c.Setup.Kind = 7 },
		"PLONK's setup":    func(c *verifier.Card) { c.Setup.Kind = verifier.ReferenceString },
		"ceremony of none": func(c *verifier.Card) { c.Setup.Kind = verifier.Ceremony },
		"ceremony of one": func(c *verifier.Card) {
			c.Setup = verifier.Setup{Kind: verifier.Ceremony, Contributions: 1, Transcript: [32]byte{1}}
		},
		"no transcript":      func(c *verifier.Card) { c.Setup = verifier.Setup{Kind: verifier.Ceremony, Contributions: 2} },
		"one party of two":   func(c *verifier.Card) { c.Setup = verifier.Setup{Contributions: 2} },
		"stray transcript":   func(c *verifier.Card) { c.Setup = verifier.Setup{Transcript: [32]byte{1}} },
		"other weights":      func(c *verifier.Card) { c.Weights = verifier.BakedWeights },
		"no inputs":          func(c *verifier.Card) { c.Inputs = nil },
		"no outputs":         func(c *verifier.Card) { c.Outputs = nil },
		"too many inputs":    func(c *verifier.Card) { c.Inputs = make([]verifier.TensorCard, 257) },
		"same name twice":    func(c *verifier.Card) { c.Inputs = append(c.Inputs, c.Inputs[0]) },
		"axis 0":             func(c *verifier.Card) { c.Inputs[0].Shape[0] = 0 },
		"axis -1":            func(c *verifier.Card) { c.Inputs[0].Shape[0] = -1 },
		"overflowing shape":  func(c *verifier.Card) { c.Inputs[0].Shape = []int{1 << 28, 1 << 28, 1 << 8} },
		"nine axes":          func(c *verifier.Card) { c.Inputs[0].Shape = []int{1, 1, 1, 1, 1, 1, 1, 1, 3} },
		"huge public tensor": func(c *verifier.Card) { c.Inputs[0].Shape = []int{1<<21 + 1} },
		"huge statement": func(c *verifier.Card) {
			c.Inputs[0].Shape, c.Inputs[0].Lo, c.Inputs[0].Hi = []int{1 << 20}, math.MinInt64, math.MaxInt64
		},
		"unknown mode":       func(c *verifier.Card) { c.Inputs[0].Mode = 3 },
		"private output":     func(c *verifier.Card) { c.Outputs[0].Mode = verifier.Private },
		"exponent":           func(c *verifier.Card) { c.Inputs[0].Exp = 257 },
		"empty interval":     func(c *verifier.Card) { c.Inputs[0].Lo = c.Inputs[0].Hi },
		"reversed interval":  func(c *verifier.Card) { c.Inputs[0].Lo, c.Inputs[0].Hi = 5, 4 },
		"NaN":                func(c *verifier.Card) { c.Inputs[0].RealLo = math.NaN() },
		"infinite":           func(c *verifier.Card) { c.Inputs[0].RealHi = math.Inf(1) },
		"reversed reals":     func(c *verifier.Card) { c.Inputs[0].RealLo = 2 },
		"reals of an output": func(c *verifier.Card) { c.Outputs[0].RealHi = 1 },
		"-0 of an output":    func(c *verifier.Card) { c.Outputs[0].RealLo = math.Copysign(0, -1) },
	} {
		t.Run(name, func(t *testing.T) {
			key := cloneKey(t, committedModel().key)
			break_(&key.Card)
			require.ErrorIs(t, key.Check(), verifier.ErrMalformed)
			_, err := key.MarshalBinary()
			require.ErrorIs(t, err, verifier.ErrMalformed)
			require.Zero(t, key.Digest())
		})
	}
	require.ErrorIs(t, new(verifier.VerifyingKey).Check(), verifier.ErrMalformed)
	require.ErrorIs(t, (*verifier.VerifyingKey)(nil).Check(), verifier.ErrMalformed)
}

// A key changed after its first use is another key: nothing of the old one is
// left in a cache.
func TestChangedKey(t *testing.T) {
	key := cloneKey(t, committedModel().key)
	_, err := verifier.Verify(key, aProof())
	require.NoError(t, err)
	key.Card.Labels[1] = "maybe"
	_, err = verifier.Verify(key, aProof())
	require.ErrorIs(t, err, verifier.ErrWrongModel)
	key.Card.Labels[1] = "yes"
	_, err = verifier.Verify(key, aProof())
	require.NoError(t, err)
}

// What was checked is what verifies: a point moved off the curve in a way that
// its encoding does not show is not used.
func TestKeyChangedUnderItsDigest(t *testing.T) {
	key := cloneKey(t, committedModel().key)
	digest := key.Digest()
	y := &key.Groth16.K[1].Y
	if y.LexicographicallyLargest() {
		y.SetOne().Neg(y)
	} else {
		y.SetOne()
	}
	require.Equal(t, digest, key.Digest())
	_, err := verifier.Verify(key, aProof())
	require.NoError(t, err)
	require.ErrorIs(t, key.Check(), verifier.ErrMalformed)
}

// TestParsePinned: bytes of another digest are not looked at.
func TestParsePinned(t *testing.T) {
	data, err := committedModel().key.MarshalBinary()
	require.NoError(t, err)
	key, err := verifier.ParsePinned(data, committedModel().key.Digest())
	require.NoError(t, err)
	require.Equal(t, committedModel().key.Digest(), key.Digest())
	_, err = verifier.ParsePinned(data, bakedModel().key.Digest())
	require.ErrorIs(t, err, verifier.ErrOtherKey)
	_, err = verifier.ParsePinned(data[1:], committedModel().key.Digest())
	require.ErrorIs(t, err, verifier.ErrOtherKey)
}

// The same circuit and card under another commitment is another model.
func TestOtherWeights(t *testing.T) {
	m := *committedModel()
	m.key = cloneKey(t, m.key)
	m.blind.MustSetRandom()
	m.bindWeights(t)
	require.NoError(t, m.key.Check())
	_, err := verifier.Verify(m.key, aProof())
	require.ErrorIs(t, err, verifier.ErrWrongModel)

	p := clone(t, aProof())
	p.KeyDigest = m.key.Digest()
	_, err = verifier.Verify(m.key, p)
	require.ErrorIs(t, err, verifier.ErrRejected)

	_, err = verifier.Verify(m.key, m.prove(t, 0, [3]int64{7, 0, 255}))
	require.NoError(t, err)
}

func FuzzParseVerifyingKey(f *testing.F) {
	for _, key := range []*verifier.VerifyingKey{committedModel().key, bakedModel().key, committedPlonk().key, bakedPlonk().key} {
		data, err := key.MarshalBinary()
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := verifier.ParseVerifyingKey(data)
		if err != nil {
			require.ErrorIs(t, err, verifier.ErrMalformed)
			return
		}
		again, err := key.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, data, again, "two encodings of one key")
		for _, s := range samples() {
			if _, err := verifier.Verify(key, s.proof); err != nil {
				class(t, err)
			} else {
				require.Equal(t, s.key.Digest(), key.Digest())
			}
		}
	})
}
