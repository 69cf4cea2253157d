package prover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/flat"
)

// imported passes keys through gnark's encoding and Import.
func imported(t *testing.T, k *Keys, change func(pk, vk *bytes.Buffer)) (*Keys, error) {
	t.Helper()
	pk, vk, err := groth16.Setup(context.Background(), k.compiled.System.(*cs.R1CS), nil)
	require.NoError(t, err)
	var a, b bytes.Buffer
	_, err = pk.WriteTo(&a)
	require.NoError(t, err)
	_, err = vk.WriteRawTo(&b)
	require.NoError(t, err)
	if change != nil {
		change(&a, &b)
	}
	return Import(k.compiled, &a, &b)
}

var testSRS = sync.OnceValue(func() kzg.SRS {
	srs, _, err := newSRS(context.Background(), plonkSize(plonkKeys().compiled))
	if err != nil {
		panic(err)
	}
	srs.Pk.G1 = append(srs.Pk.G1, srs.Pk.G1[:50]...) // more, which are not looked at
	return srs
})

// srsFile is a reference string for the small program, in gnark-crypto's encoding.
func srsFile(t *testing.T, change func(*kzg.SRS)) *bytes.Buffer {
	t.Helper()
	srs := testSRS()
	srs.Pk.G1 = slices.Clone(srs.Pk.G1)
	if change != nil {
		change(&srs)
	}
	out := new(bytes.Buffer)
	_, err := srs.WriteRawTo(out)
	require.NoError(t, err)
	return out
}

// importedPlonk are keys of a reference string from a file: that takes seconds.
var importedPlonk = sync.OnceValue(func() *Keys {
	var file bytes.Buffer
	srs := testSRS()
	_, err := srs.WriteTo(&file)
	require.NoError(must{}, err)
	k, err := ImportSRS(context.Background(), plonkKeys().compiled, bytes.NewReader(file.Bytes()), SRSOptions{})
	require.NoError(must{}, err)
	return k
})

// everyKind returns the small program's keys of every origin.
func everyKind(t *testing.T) map[string]*Keys {
	t.Helper()
	ctx := context.Background()
	made := map[string]*Keys{
		"fresh": setup(t, smallProgram(t, 1, circuits.Config{})),
		"baked": setup(t, smallProgram(t, 1, circuits.Config{Weights: circuits.Baked})),
		"PLONK": plonkKeys(),
		"flat":  flatKeys(),
	}
	kinds := maps.Clone(made)
	for name, k := range made {
		dir := saved(t, k)
		var err error
		kinds[name+", loaded"], err = Load(dir, k.compiled)
		require.NoError(t, err)
		if name == "fresh" {
			bound, err := k.Bind(ctx)
			require.NoError(t, err)
			require.NoError(t, bound.SaveBound(dir))
			kinds["bound"] = bound
			kinds["bound, loaded"], err = LoadBound(dir, k.compiled)
			require.NoError(t, err)
		}
		switch {
		case name == "flat":
		case name != "PLONK":
			kinds[name+", imported"], err = imported(t, k, nil)
		case !testing.Short():
			kinds[name+", imported"] = importedPlonk()
		}
		require.NoError(t, err)
	}
	return kinds
}

// Every method on keys of every kind does its work or says with a typed error why not.
func TestEveryMethodOfEveryKind(t *testing.T) {
	ctx := context.Background()
	input := [][]int64{{1, 2, 3}}
	kinds := everyKind(t)
	var foreign []*verifier.Proof
	for _, k := range kinds {
		p, err := k.Prove(ctx, input, Options{})
		require.NoError(t, err)
		foreign = append(foreign, p)
	}
	foreign = append(foreign, nil, &verifier.Proof{}, &verifier.Proof{Groth16: &verifier.Groth16Proof{}}, &verifier.Proof{Plonk: &verifier.PlonkProof{}}, &verifier.Proof{Flat: &flat.Proof{}})
	typed := []error{ErrKeys, ErrNoProvingKey, ErrSystem, ErrBind, circuits.ErrInput}
	for name, k := range kinds {
		other := smallProgram(t, 2, circuits.Config{})
		for method, call := range map[string]func() error{
			"Compiled":              func() error { require.NotNil(t, k.Compiled()); return nil },
			"Save":                  func() error { return k.Save(t.TempDir()) },
			"Overwrite":             func() error { return k.Overwrite(t.TempDir()) },
			"SaveBound":             func() error { return k.SaveBound(t.TempDir()) },
			"Bind":                  func() error { _, err := k.Bind(ctx); return err },
			"WithModel":             func() error { _, err := k.WithModel(other); return err },
			"WithModel, the same":   func() error { _, err := k.WithModel(k.compiled.Program); return err },
			"Prove":                 func() error { _, err := k.Prove(ctx, input, Options{}); return err },
			"Prove, no input":       func() error { _, err := k.Prove(ctx, nil, Options{}); return err },
			"Prove, out of range":   func() error { _, err := k.Prove(ctx, [][]int64{{1 << 40, 2, 3}}, Options{}); return err },
			"UnsafeProveWithGnark":  func() error { _, _, err := k.UnsafeProveWithGnark(input); return err },
			"gnark's, out of range": func() error { _, _, err := k.UnsafeProveWithGnark(nil); return err },
		} {
			var err error
			require.NotPanics(t, func() { err = call() }, "%s: %s", name, method)
			if err != nil {
				require.True(t, isAny(err, typed), "%s: %s: %v", name, method, err)
			}
			fails := method == "Prove, no input" || method == "Prove, out of range"
			fails = fails || name == "bound, loaded" && (method == "Save" || method == "Overwrite" || method == "Bind" || method == "UnsafeProveWithGnark")
			if fails || method == "Prove" || method == "Compiled" {
				require.Equal(t, fails, err != nil, "%s: %s: %v", name, method, err)
			}
		}
		for i, p := range foreign {
			require.NotPanics(t, func() { _ = k.VerifyWithGnark(p) }, "%s: foreign proof %d", name, i)
		}
	}
	require.ErrorIs(t, kinds["fresh"].VerifyWithGnark(&verifier.Proof{Plonk: &verifier.PlonkProof{}}), ErrSystem)
	require.ErrorIs(t, kinds["PLONK"].SaveBound(t.TempDir()), ErrBind)
	require.ErrorIs(t, kinds["flat"].SaveBound(t.TempDir()), ErrBind)
	require.ErrorIs(t, kinds["fresh"].SaveBound(t.TempDir()), ErrBind)
	require.ErrorIs(t, kinds["bound, loaded"].Save(t.TempDir()), ErrNoProvingKey)
}

func isAny(err error, of []error) bool {
	for _, e := range of {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Saving never destroys the only opening of a commitment.
func TestSaveKeepsOtherKeys(t *testing.T) {
	k := setup(t, smallProgram(t, 1, circuits.Config{}))
	dir := saved(t, k)
	content := func() (all [3][]byte) {
		for i, name := range []string{OpeningFile, ProvingKeyFile, VerifyingKeyFile} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			all[i] = data
		}
		return all
	}
	before := content()
	again, err := k.WithModel(k.compiled.Program) // the same weights, another blinding
	require.NoError(t, err)
	for _, other := range []*Keys{again, setup(t, smallProgram(t, 1, circuits.Config{Weights: circuits.Baked})), plonkKeys()} {
		require.ErrorIs(t, other.Save(dir), ErrExists)
		require.Equal(t, before, content())
	}
	require.NoError(t, k.Save(dir), "the same keys")
	for _, name := range []string{OpeningFile, VerifyingKeyFile, ProvingKeyFile} { // one file is enough
		alone := t.TempDir()
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(alone, name), data, 0o600))
		require.ErrorIs(t, again.Save(alone), ErrExists, name)
	}
	require.NoError(t, again.Overwrite(dir))
	_, err = Load(dir, k.compiled)
	require.NoError(t, err)
	require.NotEqual(t, before, content())
}

// Keys from files are marked, whoever made them: γ of a one-party setup or of a ceremony.
func TestImportMarks(t *testing.T) {
	ctx := context.Background()
	for _, cfg := range []circuits.Config{{}, {Weights: circuits.Baked}} {
		k, err := imported(t, setup(t, smallProgram(t, 1, cfg)), nil)
		require.NoError(t, err)
		require.True(t, k.VerifyingKey.Card.Setup.Unsafe())
		p, err := k.Prove(ctx, [][]int64{{1, 2, 3}}, Options{})
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, p, verifier.RefuseUnsafeSetup())
		require.ErrorIs(t, err, verifier.ErrUnsafeKey)
		m, err := k.WithModel(k.compiled.Program)
		require.NoError(t, err)
		require.True(t, m.VerifyingKey.Card.Setup.Unsafe(), "and with other weights")
	}
}

// The keys of a ceremony serve other weights: the verifying key differs in the commitment
// alone, proofs under one are refused under the other, and the mark stays that of the
// ceremony.
func TestCeremonyServesArchitecture(t *testing.T) {
	ctx := context.Background()
	c, err := circuits.Compile(smallProgram(t, 1, circuits.Config{}))
	require.NoError(t, err)
	k, transcript := ceremonyFor(t, c)
	retrained := smallProgram(t, 2, circuits.Config{})
	require.NotEqual(t, c.Program.Nodes, retrained.Nodes)
	m, err := k.WithModel(retrained)
	require.NoError(t, err)
	a, b := *k.VerifyingKey.Groth16, *m.VerifyingKey.Groth16
	require.NotEqual(t, a.Weights, b.Weights)
	a.Weights, b.Weights = nil, nil
	require.Equal(t, a, b)
	require.Equal(t, k.VerifyingKey.Card, m.VerifyingKey.Card)

	keys := []*Keys{k, m}
	for i, of := range keys {
		p, err := of.Prove(ctx, [][]int64{{1, 2, 3}}, Options{})
		require.NoError(t, err)
		_, err = verifier.Verify(of.VerifyingKey, p, verifier.RefuseUnsafeSetup())
		require.NoError(t, err)
		other := keys[1-i].VerifyingKey
		_, err = verifier.Verify(other, p)
		require.ErrorIs(t, err, verifier.ErrWrongModel)
		p.KeyDigest = other.Digest() // or passed off as one of the other's
		_, err = verifier.Verify(other, p)
		require.ErrorIs(t, err, verifier.ErrRejected)
	}
	// An auditor finds the retrained weights under the same transcript.
	o := AuditOptions{Opening: filepath.Join(saved(t, m), OpeningFile), Ceremony: transcript}
	require.Equal(t, []Verdict{yes, yes, yes, yes, yes}, verdicts(t, m.compiled, m.VerifyingKey, o))
	require.Equal(t, []Verdict{yes, yes, yes, no, maybe}, verdicts(t, m.compiled, k.VerifyingKey, o))

	_, err = FromCeremony(ctx, setup(t, smallProgram(t, 1, circuits.Config{Weights: circuits.Baked})).compiled, transcript, ceremony.Options{})
	require.ErrorIs(t, err, ceremony.ErrCircuit)
	_, err = FromCeremony(ctx, plonkKeys().compiled, transcript, ceremony.Options{})
	require.ErrorIs(t, err, ErrSystem)
}

// A proving and a verifying key of different setups of one circuit are noticed on import,
// with committed and with baked weights.
func TestImportMismatched(t *testing.T) {
	for _, cfg := range []circuits.Config{{}, {Weights: circuits.Baked}} {
		k := setup(t, smallProgram(t, 1, cfg))
		_, other, err := groth16.Setup(context.Background(), k.compiled.System.(*cs.R1CS), nil)
		require.NoError(t, err)
		_, err = imported(t, k, func(_, vk *bytes.Buffer) {
			vk.Reset()
			_, err := other.WriteTo(vk)
			require.NoError(t, err)
		})
		require.ErrorIs(t, err, ErrKeys)
		// Only the part of the verifying key that the proving key says nothing of.
		pk, vk, err := groth16.Setup(context.Background(), k.compiled.System.(*cs.R1CS), nil)
		require.NoError(t, err)
		vk.G1.K[1] = other.G1.K[1]
		var a, b bytes.Buffer
		_, err = pk.WriteTo(&a)
		require.NoError(t, err)
		_, err = vk.WriteTo(&b)
		require.NoError(t, err)
		_, err = Import(k.compiled, &a, &b)
		require.ErrorIs(t, err, ErrKeys)
	}
}

// A reference string is checked on import, and its keys are marked unless its digest is
// one that the caller accepts.
func TestImportSRS(t *testing.T) {
	ctx := context.Background()
	c := plonkKeys().compiled
	data := srsFile(t, nil).Bytes()
	_, err := ImportSRS(ctx, c, bytes.NewReader(data), SRSOptions{Accepted: [][32]byte{{1}}})
	require.ErrorIs(t, err, ErrKeys)
	require.ErrorContains(t, err, "not accepted")
	srs := testSRS()
	digest := (&verifier.PlonkKey{G2Tau: srs.Vk.G2[1]}).SRSDigest()
	for _, mark := range []struct {
		accepted [][32]byte
		unsafe   bool
	}{{nil, true}, {[][32]byte{{1}, digest}, false}} {
		unsafe, err := unknownSRS(&srs, mark.accepted)
		require.NoError(t, err)
		require.Equal(t, mark.unsafe, unsafe)
	}
	require.True(t, plonkKeys().VerifyingKey.Card.Setup.Unsafe(), "a string made here")
	if !testing.Short() { // the transform takes seconds
		require.True(t, importedPlonk().VerifyingKey.Card.Setup.Unsafe(), "nothing says who made it")
		require.Equal(t, digest, importedPlonk().VerifyingKey.Plonk.SRSDigest())
	}

	var off bn254.G1Affine
	off.X.SetUint64(5)
	n := int(plonkSize(c)) + blindingDegree
	other, _, err := newSRS(ctx, 64)
	require.NoError(t, err)
	for name, change := range map[string]func(*kzg.SRS){
		"a point":             func(s *kzg.SRS) { s.Pk.G1[7] = s.Pk.G1[8] },
		"the last point used": func(s *kzg.SRS) { s.Pk.G1[n-1] = s.Pk.G1[1] },
		"infinity":            func(s *kzg.SRS) { s.Pk.G1[n-2] = bn254.G1Affine{} },
		"all infinity":        func(s *kzg.SRS) { clear(s.Pk.G1) },
		"off the curve":       func(s *kzg.SRS) { s.Pk.G1[3] = off },
		"two exchanged":       func(s *kzg.SRS) { s.Pk.G1[3], s.Pk.G1[4] = s.Pk.G1[4], s.Pk.G1[3] },
		"another tau":         func(s *kzg.SRS) { s.Vk = other.Vk },
		"tau infinity":        func(s *kzg.SRS) { s.Vk.G2[1] = bn254.G2Affine{} },
		"another generator":   func(s *kzg.SRS) { s.Vk.G2[0] = s.Vk.G2[1] },
		"times a number":      scaledSRS,
		"not from one":        func(s *kzg.SRS) { s.Pk.G1 = s.Pk.G1[1:] },
		"too short":           func(s *kzg.SRS) { s.Pk.G1 = s.Pk.G1[:n-1] },
	} {
		_, err := ImportSRS(ctx, c, bytes.NewReader(srsFile(t, change).Bytes()), SRSOptions{})
		require.ErrorIs(t, err, ErrKeys, name)
	}
	_, err = ImportSRS(ctx, setup(t, smallProgram(t, 1, circuits.Config{})).compiled, bytes.NewReader(data), SRSOptions{})
	require.ErrorIs(t, err, ErrKeys, "a program for Groth16")
	for _, cut := range []int{0, 3, 4, 100, len(data) / 2} {
		_, err := ImportSRS(ctx, c, bytes.NewReader(data[:cut]), SRSOptions{})
		require.ErrorIs(t, err, ErrKeys, cut)
	}
	data[0] = 0xff // 2^32 points, most of which are not there
	require.Less(t, allocated(func() { _, err = ImportSRS(ctx, c, bytes.NewReader(data), SRSOptions{}) }), uint64(64<<20))
	require.ErrorIs(t, err, ErrKeys)
}

// scaledSRS multiplies all points by 3: each ratio is still tau, but the first is no generator.
func scaledSRS(s *kzg.SRS) {
	for i, p := range s.Pk.G1 {
		s.Pk.G1[i].Double(&p).Add(&s.Pk.G1[i], &p)
	}
	s.Vk.G1 = s.Pk.G1[0]
}

// The Lagrange form is kept, and what is found in the cache is not trusted.
func TestImportSRSCache(t *testing.T) {
	if testing.Short() {
		t.Skip("transforms of reference strings take seconds")
	}
	data := srsFile(t, nil).Bytes()
	cache := filepath.Join(t.TempDir(), "made")
	transforms := 0
	load := func() []byte {
		transforms = 0
		k, err := ImportSRS(context.Background(), plonkKeys().compiled, bytes.NewReader(data), SRSOptions{Cache: cache, Progress: func(stage string, _ float64) {
			if stage == "Lagrange form" {
				transforms++
			}
		}})
		require.NoError(t, err)
		key, want := k.VerifyingKey.Plonk, importedPlonk().VerifyingKey.Plonk
		require.NotEqual(t, want.Qr, key.Qr, "blinded")
		key.Qr, key.Weights = want.Qr, want.Weights
		require.Equal(t, importedPlonk().VerifyingKey.Digest(), k.VerifyingKey.Digest())
		files, err := filepath.Glob(filepath.Join(cache, "*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		content, err := os.ReadFile(files[0])
		require.NoError(t, err)
		return content
	}
	first := load()
	require.NotZero(t, transforms)
	require.Equal(t, first, load())
	require.Zero(t, transforms, "not from the cache")
	files, err := filepath.Glob(filepath.Join(cache, "*"))
	require.NoError(t, err)
	at := len(lagrangeMagic) + 4
	swapped := slices.Concat(first[:at], first[at+64:at+128], first[at:at+64], first[at+128:len(first)-32]) // well formed, and wrong
	sum := sha256.Sum256(swapped)
	points := len(first) - at - 32
	twice := slices.Concat(first[:at], first[at:at+points], first[at:at+points])
	binary.BigEndian.PutUint32(twice[at-4:], uint32(points/64*2))
	twiceSum := sha256.Sum256(twice)
	for name, evil := range map[string][]byte{"of twice the size": append(twice, twiceSum[:]...),
		"cut": first[:len(first)/2], "flipped": append([]byte{1}, first[1:]...), "swapped": append(swapped, sum[:]...)} {
		require.NoError(t, os.WriteFile(files[0], evil, 0o644))
		require.Equal(t, first, load(), name)
		require.NotZero(t, transforms, name)
	}
}
