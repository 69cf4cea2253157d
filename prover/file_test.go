package prover

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// saved writes the committed test keys into a new folder.
func saved(t *testing.T, k *Keys) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, k.Save(dir))
	return dir
}

func TestSaveLoad(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), bakedKeys(), plonkKeys(), flatKeys()} {
		dir := saved(t, k)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		want := []string{ProvingKeyFile, VerifyingKeyFile}
		if k.compiled.Committed() {
			want = append([]string{OpeningFile}, want...)
			if k.compiled.Flat == nil {
				want = append([]string{CircuitFile}, want...)
			}
			info, err := os.Stat(filepath.Join(dir, OpeningFile))
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "the opening is secret")
		}
		require.Equal(t, want, names, "and no temporary file")
		loaded, err := Load(dir, k.compiled)
		require.NoError(t, err)
		require.Equal(t, k.VerifyingKey.Digest(), loaded.VerifyingKey.Digest())
		in := [][]int64{make([]int64, 64)}
		if k == plonkKeys() || k == flatKeys() {
			in[0] = in[0][:3]
		}
		p, err := loaded.Prove(context.Background(), in, Options{})
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, p)
		require.NoError(t, err)
	}
}

// TestLoadDamaged flips bytes, truncates and extends each file.
func TestLoadDamaged(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), flatKeys()} {
		loadDamaged(t, k)
	}
}

func loadDamaged(t *testing.T, k *Keys) {
	dir := saved(t, k)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, name := range []string{ProvingKeyFile, VerifyingKeyFile, OpeningFile} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		try := func(what string, data []byte) {
			require.NoError(t, os.WriteFile(path, data, 0o600))
			loaded, err := Load(dir, k.compiled)
			if err == nil && name == OpeningFile { // white space may change
				require.Equal(t, k.weights, loaded.weights)
				return
			}
			require.ErrorIs(t, err, ErrKeys, "%s: %s", name, what)
			require.Nil(t, loaded)
		}
		n := 40
		if name == VerifyingKeyFile {
			n = len(good)
		}
		for i := range n {
			at := i
			if name != VerifyingKeyFile {
				at = rng.IntN(len(good))
			}
			data := bytes.Clone(good)
			data[at] ^= 1 << rng.IntN(8)
			try(fmt.Sprintf("byte %d flipped", at), data)
		}
		for _, n := range []int{0, 1, 19, 20, 52, 84, len(good) / 2, len(good) - 32, len(good) - 1} {
			if n < len(good)-1 || name != OpeningFile { // the opening ends in a newline
				try(fmt.Sprintf("truncated to %d", n), good[:n])
			}
		}
		try("extended", append(bytes.Clone(good), 'x'))
		require.NoError(t, os.WriteFile(path, good, 0o600))

		require.NoError(t, os.Rename(path, path+".away"))
		_, err = Load(dir, k.compiled)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
		require.NoError(t, os.Rename(path+".away", path))
	}
	_, err := Load(dir, k.compiled)
	require.NoError(t, err)
}

// TestLoadOthers mixes files of different keys, weights and architectures.
func TestLoadOthers(t *testing.T) {
	k := committedKeys()
	dir := saved(t, k)
	compile := func(p *circuits.Program) *circuits.Compiled {
		c, err := circuits.Compile(p)
		require.NoError(t, err)
		return c
	}
	_, err := Load(dir, compile(testProgram(t, 2, circuits.Config{})))
	require.ErrorIs(t, err, ErrKeys, "other weights")
	_, err = Load(dir, compile(smallProgram(t, 1, circuits.Config{})))
	require.ErrorIs(t, err, ErrKeys, "other architecture")
	_, err = Load(dir, bakedKeys().compiled)
	require.ErrorIs(t, err, ErrKeys, "other weights mode")
	_, err = Load(dir, compile(testProgram(t, 1, circuits.Config{Input: circuits.Private})))
	require.ErrorIs(t, err, ErrKeys, "other visibility")
	_, err = k.WithModel(smallProgram(t, 1, circuits.Config{}))
	require.ErrorIs(t, err, ErrKeys)

	// Another setup of the same circuit.
	again := saved(t, setup(t, testProgram(t, 1, circuits.Config{})))
	for _, name := range []string{ProvingKeyFile, VerifyingKeyFile, OpeningFile} {
		mixed := saved(t, k)
		data, err := os.ReadFile(filepath.Join(again, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(mixed, name), data, 0o600))
		_, err = Load(mixed, k.compiled)
		require.ErrorIs(t, err, ErrKeys, "%s of another setup", name)
	}
	// An opening with another blinding.
	path := filepath.Join(dir, OpeningFile)
	var o map[string]string
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &o))
	o["blinding"] = strings.Repeat("0", 63) + "5"
	data, err = json.Marshal(o)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	_, err = Load(dir, k.compiled)
	require.ErrorIs(t, err, ErrKeys, "wrong opening")
}

// TestWriteFileFails: a write that fails leaves the old file and no temporary one.
func TestWriteFileFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, WriteFile(path, 0o644, func(w io.Writer) error { _, err := w.Write([]byte("old")); return err }))
	full := errors.New("disk full")
	err := WriteFile(path, 0o644, func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 3<<20))
		return full
	})
	require.ErrorIs(t, err, full)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

const savingDir = "NNARK_TEST_SAVE"

// TestKilledWhileSaving kills a process that saves keys over and over, at random moments:
// whatever it leaves behind under the keys' names is complete.
func TestKilledWhileSaving(t *testing.T) {
	if dir := os.Getenv(savingDir); dir != "" {
		k := setup(t, smallProgram(t, 1, circuits.Config{}))
		require.NoError(t, k.Save(dir))
		fmt.Println("saving")
		for {
			require.NoError(t, k.Save(dir))
		}
	}
	kills := 12
	if os.Getenv("NNARK_LONG") != "" {
		kills = 200
	}
	if testing.Short() {
		kills = 2
	}
	c, err := circuits.Compile(smallProgram(t, 1, circuits.Config{}))
	require.NoError(t, err)
	leftovers := 0
	for i := range kills {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], "-test.run=^TestKilledWhileSaving$")
		child.Env = append(os.Environ(), savingDir+"="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			if strings.HasPrefix(line, "saving") {
				break
			}
		}
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		require.NoError(t, child.Process.Kill())
		_ = child.Wait()
		k, err := Load(dir, c)
		require.NoError(t, err, "kill %d", i)
		if i == 0 {
			_, err = k.Prove(context.Background(), [][]int64{{1, 2, 3}}, Options{})
			require.NoError(t, err)
		}
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
			leftovers++
		}
	}
	t.Logf("%d kills, %d of them while a temporary file existed", kills, leftovers)
}

// TestHostileProvingKey: a file with a right checksum may still be anybody's. Its lengths
// must not crash the reader.
func TestHostileProvingKey(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), plonkKeys()} {
		dir := saved(t, k)
		path := filepath.Join(dir, ProvingKeyFile)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		head := len(k.provingHead())
		body := good[head : len(good)-sha256.Size]
		for name, change := range map[string]func([]byte) []byte{
			"empty":   func([]byte) []byte { return nil },
			"all 255": func(b []byte) []byte { return bytes.Repeat([]byte{255}, len(b)) },
			"zeros":   func(b []byte) []byte { return make([]byte, len(b)) },
			"half":    func(b []byte) []byte { return b[:len(b)/2] },
			"lengths": func(b []byte) []byte { // every early word a length, in turn the largest
				for i := 0; i+8 < min(len(b), 4096); i += 64 {
					copy(b[i:], []byte{0x7f, 255, 255, 255, 255, 255, 255, 255})
				}
				return b
			},
		} {
			require.NoError(t, writeSummed(path, 0o600, k.provingHead(), func(w io.Writer) error {
				_, err := w.Write(change(bytes.Clone(body)))
				return err
			}))
			loaded, err := Load(dir, k.compiled)
			require.ErrorIs(t, err, ErrKeys, name)
			require.Nil(t, loaded, name)
		}
	}
}
