package prover

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"

	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/prover/internal/raw"
	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier"
)

// blindingDegree is how many more powers of tau than rows gnark's PLONK needs.
const blindingDegree = 3

// cutSRS takes the powers of tau a circuit of so many rows needs, and their Lagrange form.
func cutSRS(ctx context.Context, srs *kzg.SRS, size uint64, cache string, p Progress) (canonical, lagrange kzg.SRS, err error) {
	if uint64(len(srs.Pk.G1)) < size+blindingDegree {
		return canonical, lagrange, fmt.Errorf("SRS of %d points, the circuit needs %d: %w", len(srs.Pk.G1), size+blindingDegree, ErrKeys)
	}
	canonical = kzg.SRS{Pk: kzg.ProvingKey{G1: srs.Pk.G1[:size+blindingDegree]}, Vk: srs.Vk}
	points, err := lagrangeForm(ctx, srs, size, cache, p)
	return canonical, kzg.SRS{Pk: kzg.ProvingKey{G1: points}, Vk: srs.Vk}, err
}

// lagrangeMagic starts the file of a Lagrange form in a cache; the points as they lie in memory and
// the SHA-256 of both follow.
const lagrangeMagic = "nnark-lagrange-2\n"

// lagrangeForm computes the Lagrange form of so many powers, or takes it from the cache. A file
// there that is damaged, or another string's, is made anew; one that cannot be written is no
// reason to fail.
func lagrangeForm(ctx context.Context, srs *kzg.SRS, size uint64, cache string, p Progress) ([]bn254.G1Affine, error) {
	digest := (&verifier.PlonkKey{G2Tau: srs.Vk.G2[1]}).SRSDigest()
	name := filepath.Join(cache, fmt.Sprintf("srs-%x-%d.lagrange", digest, size))
	points := make([]bn254.G1Affine, size)
	if cache != "" {
		err := readSummed(name, []byte(lagrangeMagic), func(from io.Reader) error {
			r := &raw.Reader{R: from}
			if raw.ReadPoints(r, points); r.Err != nil {
				return r.Err
			}
			return checkLagrange(srs.Pk.G1, points)
		})
		if err == nil {
			return points, nil
		}
	}
	copy(points, srs.Pk.G1)
	if err := msm.LagrangeG1(ctx, points, func(done float64) { p.report("Lagrange form", done) }); err != nil {
		return nil, err
	}
	if cache != "" && os.MkdirAll(cache, 0o755) == nil {
		_ = writeSummed(name, 0o644, []byte(lagrangeMagic), func(to io.Writer) error {
			w := &raw.Writer{W: to}
			raw.WritePoints(w, points)
			return w.Err
		})
	}
	return points, nil
}

// newSRS draws a secret tau and overwrites it. Knowing tau, the Lagrange form needs no
// transform: its scalars are L_i(tau) = (tau^n - 1)/n · ω^i/(tau - ω^i).
func newSRS(ctx context.Context, size uint64) (canonical, lagrange kzg.SRS, err error) {
	var secrets secret.List
	var tau2 bn254.G2Affine
	secret.Do(func() {
		defer secrets.Clear()
		canonical.Pk.G1, lagrange.Pk.G1, tau2, err = drawSRS(ctx, size, &secrets)
		if srsSecrets != nil {
			srsSecrets(secrets.All())
		}
	})
	_, _, g1, g2 := bn254.Generators()
	canonical.Vk = kzgKey(g1, g2, tau2)
	lagrange.Vk = canonical.Vk
	return canonical, lagrange, err
}

// drawSRS keeps clear of gnark-crypto's types: with those its frame would be larger than
// what is overwritten of the stack.
func drawSRS(ctx context.Context, size uint64, secrets *secret.List) (canonical, lagrange []bn254.G1Affine, tau2 bn254.G2Affine, err error) {
	powers := secrets.New(int(size) + blindingDegree)
	powers[0].SetOne()
	tau := &powers[1]
	if err = secret.Draw(tau); err != nil {
		return nil, nil, tau2, err
	}
	for i := 2; i < len(powers); i++ {
		powers[i].Mul(&powers[i-1], tau)
	}
	domain := plonk.NewDomain(int(size))
	scalars, denominators := secrets.New(int(size)), secrets.New(int(size))
	root := fr.One()
	for i := range scalars {
		scalars[i] = root
		denominators[i].Sub(tau, &root)
		root.Mul(&root, &domain.Generator)
	}
	one := fr.One()
	factor := powers[size]
	factor.Sub(&factor, &one).Mul(&factor, &domain.CardinalityInv)
	inverses := secrets.Hold(fr.BatchInvert(denominators))
	for i := range inverses {
		scalars[i].Mul(&scalars[i], &inverses[i]).Mul(&scalars[i], &factor)
	}
	_, _, g1, g2 := bn254.Generators()
	canonical, lagrange = make([]bn254.G1Affine, len(powers)), make([]bn254.G1Affine, size)
	in2 := make([]bn254.G2Affine, 1)
	if err = msm.MulG1(ctx, canonical, g1, powers, nil); err == nil {
		err = msm.MulG1(ctx, lagrange, g1, scalars, nil)
	}
	if err == nil {
		err = msm.MulG2(ctx, in2, g2, powers[1:2], nil)
	}
	return canonical, lagrange, in2[0], err
}

// srsSecrets, if not nil, is shown what newSRS is about to overwrite: for a test.
var srsSecrets func(all [][]fr.Element)

// kzgKey adds what gnark precomputes.
func kzgKey(g1 bn254.G1Affine, g2, tau2 bn254.G2Affine) kzg.VerifyingKey {
	vk := kzg.VerifyingKey{G1: g1, G2: [2]bn254.G2Affine{g2, tau2}}
	vk.Lines[0], vk.Lines[1] = bn254.PrecomputeLines(g2), bn254.PrecomputeLines(tau2)
	return vk
}

// readSRS reads a reference string, of which it keeps so many points, and checks it. A file
// that is not of the form of powers of tau is taken for gnark-crypto's encoding.
func readSRS(file io.ReaderAt, size uint64) (*kzg.SRS, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(file, 0, math.MaxInt64), 1<<20)
	head, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	if string(head) == ceremony.PtauMagic {
		g1, tau2, err := ceremony.ReadPtau(file, int(size))
		if err != nil {
			return nil, err
		}
		_, _, gen1, gen2 := bn254.Generators()
		srs := &kzg.SRS{Pk: kzg.ProvingKey{G1: g1}, Vk: kzgKey(gen1, gen2, tau2)}
		return srs, checkSRS(srs.Pk.G1, &srs.Vk)
	}
	n := uint64(binary.BigEndian.Uint32(head))
	if n < size {
		return nil, fmt.Errorf("%d points, the circuit needs %d: %w", n, size, ErrKeys)
	}
	if _, err := r.Discard(4); err != nil {
		return nil, err
	}
	srs := new(kzg.SRS)
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(size))
	points := io.MultiReader(bytes.NewReader(length[:]), r)
	if err := bn254.NewDecoder(points).Decode(&srs.Pk.G1); err != nil {
		return nil, err
	}
	for range n - size { // of other circuits
		first, err := r.Peek(1)
		if err != nil {
			return nil, err
		}
		size := bn254.SizeOfG1AffineUncompressed
		if first[0]>>6 != 0 {
			size = bn254.SizeOfG1AffineCompressed
		}
		if _, err := r.Discard(size); err != nil {
			return nil, err
		}
	}
	d := bn254.NewDecoder(r) // checks subgroups
	for _, p := range []any{&srs.Vk.G2[0], &srs.Vk.G2[1], &srs.Vk.G1} {
		if err := d.Decode(p); err != nil {
			return nil, err
		}
	}
	srs.Vk = kzgKey(srs.Vk.G1, srs.Vk.G2[0], srs.Vk.G2[1]) // the file's precomputations are not looked at
	return srs, checkSRS(srs.Pk.G1, &srs.Vk)
}

// checkSRS checks that points are the powers of the one tau that vk has in G2, times the
// groups' generators:
//
//	e(Σ ρ_i·P_i, tau·G2) = e(Σ ρ_i·P_(i+1), G2)
//
// for random ρ_i of 128 bits. Then all follows from [tau]G2 (verifier.PlonkKey.SRSDigest).
func checkSRS(points []bn254.G1Affine, vk *kzg.VerifyingKey) error {
	_, _, g1, g2 := bn254.Generators()
	tau2 := &vk.G2[1]
	if len(points) < 2 || points[0] != g1 || vk.G1 != g1 || vk.G2[0] != g2 || tau2.IsInfinity() || !tau2.IsInSubGroup() {
		return fmt.Errorf("reference string: not powers times the generators: %w", ErrKeys)
	}
	rho, err := randomCoefficients(len(points) - 1)
	if err != nil {
		return err
	}
	for i := range points {
		if points[i].IsInfinity() || !points[i].IsOnCurve() {
			return fmt.Errorf("reference string: point %d at infinity or off the curve: %w", i, ErrKeys)
		}
	}
	var low, high bn254.G1Affine
	if err := msm.Run(context.Background(), msm.G1(&low, points[:len(rho)], rho), msm.G1(&high, points[1:], rho)); err != nil {
		return err
	}
	high.Neg(&high)
	ok, err := bn254.PairingCheck([]bn254.G1Affine{low, high}, []bn254.G2Affine{*tau2, g2})
	if err != nil || !ok {
		return fmt.Errorf("reference string: its points are not powers of one number: %w", ErrKeys)
	}
	return nil
}

// checkLagrange checks that points are the Lagrange form of the powers: a random polynomial
// has the same commitment by its values and by its coefficients.
func checkLagrange(powers, points []bn254.G1Affine) error {
	values, err := randomCoefficients(len(points))
	if err != nil {
		return err
	}
	for i := range points {
		if !points[i].IsOnCurve() {
			return fmt.Errorf("reference string: Lagrange point %d is off the curve: %w", i, ErrKeys)
		}
	}
	coefficients := append([]fr.Element(nil), values...)
	plonk.Interpolate(coefficients)
	var by, want bn254.G1Affine
	if err := msm.Run(context.Background(), msm.G1(&by, points, values), msm.G1(&want, powers[:len(points)], coefficients)); err != nil {
		return err
	}
	if by != want {
		return fmt.Errorf("reference string: its Lagrange form is wrong: %w", ErrKeys)
	}
	return nil
}

// randomCoefficients draws numbers of 128 bits that nobody can foresee.
func randomCoefficients(n int) ([]fr.Element, error) {
	raw := make([]byte, 16*n)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("randomness: %w", err)
	}
	v := make([]fr.Element, n)
	for i := range v {
		v[i].SetBytes(raw[16*i:][:16])
	}
	return v, nil
}
