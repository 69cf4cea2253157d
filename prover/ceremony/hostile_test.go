package ceremony

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/stretchr/testify/require"
)

// Bytes cut off, added, or with lengths that are not there.
func TestHostileFiles(t *testing.T) {
	long(t)
	f := newRefusals(t)
	r, data := f.r, f.data
	for i := range 60 {
		f.refuseBytes("cut", data[:len(data)*i/60])
	}
	f.refuseBytes("cut", data[:len(data)-1])
	f.refuseBytes("trailing", append(slices.Clone(data), 0))
	f.refuseBytes("trailing", append(slices.Clone(data), data...))
	_, err := Read(bytes.NewReader(append(slices.Clone(data), 0)), int64(len(data)))
	require.ErrorIs(t, err, ErrTranscript, "longer than said")
	_, err = Read(bytes.NewReader(data), int64(len(data))+1<<40)
	require.ErrorIs(t, err, ErrTranscript, "shorter than said")

	for at := 0; at < len(data); at += 61 {
		evil := slices.Clone(data)
		evil[at] ^= 1
		_, err := Read(bytes.NewReader(evil), int64(len(evil)))
		require.ErrorIs(t, err, ErrTranscript, at)
	}

	// Each 32-bit word of the records, and the length of each list, becomes huge.
	resealed := func(at int, v uint32) []byte {
		evil := slices.Clone(data)
		binary.BigEndian.PutUint32(evil[at:], v)
		sum := sha256.Sum256(evil[:len(evil)-sha256.Size])
		copy(evil[len(evil)-sha256.Size:], sum[:])
		return evil
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tried := 0
	for at := 0; at+4+sha256.Size < len(data); at++ {
		length := binary.BigEndian.Uint32(data[at:])
		isList := length > 0 && length < 100
		if !isList && (at > 400 || at%3 != 0) {
			continue
		}
		for _, v := range []uint32{1<<32 - 1, length + 1} {
			evil := resealed(at, v)
			if bytes.Equal(evil, data) {
				continue
			}
			c, err := Read(bytes.NewReader(evil), int64(len(evil)))
			if err == nil {
				_, err = Verify(ctx, c, r, Options{})
			}
			require.Error(t, err, at)
			require.True(t, typed(err), err)
			tried++
		}
	}
	runtime.ReadMemStats(&after)
	require.Greater(t, tried, 100)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/uint64(tried), uint64(8<<20))
	head := len(magic) + 2 + len("small") + 32 // a domain of 2^28 in a small file
	require.Equal(t, byte(f.of.power), data[head])
	runtime.ReadMemStats(&before)
	f.refuseBytes("power", resealed(head-3, binary.BigEndian.Uint32(data[head-3:])|31))
	evil := slices.Clone(data)
	evil[head] = maxPower
	f.refuseBytes("power", evil)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

// Points of records are on their curve, in the subgroup and finite, or the file is none.
func TestRecordPoints(t *testing.T) {
	r := compile(t, 3)
	for name, change := range map[string]func(a *anchors){
		"G1 off the curve":        func(a *anchors) { changesG1["off curve"](a.g1, 0) },
		"G1 at infinity":          func(a *anchors) { changesG1["infinity"](a.g1, 0) },
		"G2 off the curve":        func(a *anchors) { changesG2["off curve"](a.g2, 1) },
		"G2 at infinity":          func(a *anchors) { changesG2["infinity"](a.g2, 1) },
		"G2 outside the subgroup": func(a *anchors) { changesG2["outside"](a.g2, 1) },
	} {
		for k := range 2 {
			c := phase2(t, r)
			s := &c.steps[1][1]
			change([]*anchors{&s.after, &s.proof.commitments}[k])
			data := written(t, c)
			_, err := Read(bytes.NewReader(data), int64(len(data)))
			require.ErrorIs(t, err, ErrTranscript, name)
			require.ErrorContains(t, err, "a point of G", name)
		}
	}
}

// A part outside the subgroup is found wherever it is, even if the parts of all points cancel.
func TestCheckG2(t *testing.T) {
	off := offG2()
	off.ScalarMultiplication(&off, fr.Modulus())
	require.False(t, off.IsInfinity())
	_, _, _, gen := bn254.Generators()
	for _, n := range []int{1, 2, 10, 11, 50} {
		list := make([]bn254.G2Affine, n)
		for i := range list {
			list[i].ScalarMultiplication(&gen, big.NewInt(int64(i))) // infinity among them
		}
		require.NoError(t, checkG2(ctx, list))
		for i := 0; i < n; i += 1 + n/8 {
			bad := slices.Clone(list)
			bad[i].Add(&bad[i], &off)
			require.ErrorIs(t, checkG2(ctx, list, bad), ErrInvalid)
			bad[(i+1)%n].Sub(&bad[(i+1)%n], &off)
			if n > 1 {
				require.ErrorIs(t, checkG2(ctx, bad), ErrInvalid)
			}
		}
	}
}

// committed is a circuit of one constraint, and n commitments.
type committed struct {
	X frontend.Variable
	n int
}

func (c *committed) Define(api frontend.API) error {
	api.AssertIsEqual(c.X, 3)
	for range c.n {
		if _, err := api.Compiler().(frontend.Committer).Commit(c.X); err != nil {
			return err
		}
	}
	return nil
}

func TestContributeRefuses(t *testing.T) {
	r := compile(t, 3)
	c := phase1(t, r)
	before := written(t, c)
	for _, name := range []string{"", "Ada", "ADA", "\x1b[2J", " Eve", strings.Repeat("x", 300), "\xff"} {
		require.ErrorIs(t, c.Contribute(ctx, name, "", nil, nil), ErrText, name)
	}
	require.ErrorIs(t, c.Contribute(ctx, "Eve", strings.Repeat("x", 2000), nil, nil), ErrText)
	require.ErrorIs(t, c.Beacon(ctx, "x", nil, r, nil), ErrText)
	require.ErrorIs(t, c.Beacon(ctx, "x", beacon[:8], r, nil), ErrText)
	require.ErrorIs(t, c.Beacon(ctx, "x", beacon, compile(t, 4), nil), ErrCircuit)
	require.ErrorIs(t, c.Beacon(ctx, "x", beacon, nil, nil), ErrCircuit)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, c.Contribute(cancelled, "Eve", "", nil, nil), context.Canceled)
	require.ErrorIs(t, c.Beacon(cancelled, "x", beacon, r, nil), context.Canceled)
	require.Equal(t, before, written(t, c))

	full := again(t, c)
	full.steps[0] = make([]Step, maxSteps)
	require.ErrorIs(t, full.Contribute(ctx, "Eve", "", nil, nil), ErrClosed)
	for _, n := range []int{1, maxCommitments + 1} { // no domain, and more than a file can hold
		ccs, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, &committed{n: n})
		require.NoError(t, err)
		_, err = New(ccs.(*cs.R1CS), "other")
		require.Equal(t, n > 1, errors.Is(err, ErrCircuit), n)
	}
	ccs, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, &committed{})
	require.NoError(t, err)
	require.Equal(t, 1, ccs.GetNbConstraints())
	_, err = New(ccs.(*cs.R1CS), "other")
	require.ErrorIs(t, err, ErrCircuit)

	first, err := New(r, "small")
	require.NoError(t, err)
	require.ErrorIs(t, first.Beacon(ctx, "x", beacon, r, nil), ErrIncomplete)
	require.NoError(t, first.Contribute(ctx, "Ada", "", nil, nil))
	require.ErrorIs(t, first.Beacon(ctx, "x", beacon, r, nil), ErrIncomplete)
	first.powers.tau1[3].Double(&first.powers.tau1[3]) // damage is noticed before it is built on
	require.ErrorIs(t, first.Contribute(ctx, "Bob", "", nil, nil), ErrInvalid)
	_, err = New(r, "bad\ntitle")
	require.ErrorIs(t, err, ErrText)
}

func TestHostilePtau(t *testing.T) {
	long(t)
	r := compile(t, 3)
	data := ptauFile(t)
	c, err := newCircuit(r)
	require.NoError(t, err)
	_, err = NewFromPtau(ctx, r, "small", bytes.NewReader(data[:100]), nil)
	require.ErrorIs(t, err, ErrPtau)
	begin := func(data []byte) error { // as NewFromPtau does
		p, err := readPtau(bytes.NewReader(data), c.power)
		if err == nil {
			if err = p.check(ctx); err != nil {
				err = fmt.Errorf("%w: %w", err, ErrPtau)
			}
		}
		return err
	}
	require.NoError(t, begin(data))
	for i := range 20 {
		if cut := len(data) * i / 20; cut < 49000 { // behind the points are the file's own records
			require.ErrorIs(t, begin(data[:cut]), ErrPtau, cut)
		}
	}
	changed := 0
	for at := 0; at < 49000; at += 211 {
		evil := slices.Clone(data)
		evil[at] ^= 1
		err := begin(evil)
		if err == nil {
			continue // powers that the circuit does not need
		}
		require.ErrorIs(t, err, ErrPtau, at)
		changed++
	}
	require.Greater(t, changed, 20)
	_, err = readPtau(bytes.NewReader(data), 8)
	require.ErrorIs(t, err, ErrPtau)
	require.ErrorContains(t, err, "the circuit needs 2^8")
	_, _, err = ReadPtau(bytes.NewReader(data), 256)
	require.ErrorIs(t, err, ErrPtau)
	g1, tau2, err := ReadPtau(bytes.NewReader(data), 255)
	require.NoError(t, err)
	p, err := readPtau(bytes.NewReader(data), 7)
	require.NoError(t, err)
	require.Equal(t, p.tau1, g1)
	require.Equal(t, p.tau2[1], tau2)

	// A coordinate plus the modulus is the same number, and another encoding.
	alias := slices.Clone(data)
	at := 12 + 12 + 44 + 12 + 64*3 // of a power of tau
	x := slices.Clone(alias[at:][:32])
	slices.Reverse(x)
	sum := new(big.Int).Add(new(big.Int).SetBytes(x), fp.Modulus()).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	copy(alias[at:], sum)
	require.ErrorContains(t, begin(alias), "not below the modulus")

	evil := slices.Clone(data)
	evil[12+12+4+32] = maxPower
	require.ErrorIs(t, begin(evil), ErrPtau)
	evil[12+12+4+32] = 2
	require.ErrorIs(t, begin(evil), ErrPtau)
}

// FuzzRead looks for bytes that panic.
func FuzzRead(f *testing.F) {
	r := compile(f, 3)
	for _, c := range []*Transcript{phase1(f, r), finished(f, r)} {
		f.Add(written(f, c))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > sha256.Size {
			sum := sha256.Sum256(data[:len(data)-sha256.Size])
			data = append(slices.Clone(data[:len(data)-sha256.Size]), sum[:]...)
		}
		c, err := Read(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			_, err = Verify(ctx, c, r, Options{})
		}
		if err != nil && !typed(err) {
			t.Fatal(err)
		}
	})
}
