package prover

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// Names of the files in a key folder.
const (
	ProvingKeyFile   = "proving.key"
	VerifyingKeyFile = "verifying.key"
	OpeningFile      = "model.opening" // opens the model's commitment: secret
)

// provingMagic starts a proving key's file; the digests of what the setup serves and of the
// verifying key, gnark's raw key and the SHA-256 of all that follow.
const provingMagic = "nnark-proving-key-1\n"

// opening is the content of OpeningFile.
type opening struct {
	Format       string `json:"format"`
	Architecture string `json:"architecture"` // digest of what the setup serves
	Blinding     string `json:"blinding"`     // field element, 32 bytes big-endian
}

const openingFormat = "nnark-opening-1"

// Save writes the keys into a folder, which it makes if need be. Each file appears under
// its name only when it is complete and on disk. The opening is as secret as the model
// and readable by its owner alone.
func (k *Keys) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	arch := k.compiled.Program.Architecture()
	if k.compiled.Plan.Committed() {
		blinding := k.weights[len(k.weights)-1].Bytes()
		data, err := json.MarshalIndent(opening{openingFormat, hex.EncodeToString(arch[:]), hex.EncodeToString(blinding[:])}, "", "  ")
		if err != nil {
			return err
		}
		if err := WriteFile(filepath.Join(dir, OpeningFile), 0o600, func(w io.Writer) error {
			_, err := w.Write(append(data, '\n'))
			return err
		}); err != nil {
			return err
		}
	}
	err := writeSummed(filepath.Join(dir, ProvingKeyFile), 0o644, k.provingHead(), func(w io.Writer) (err error) {
		if k.plonk != nil {
			_, err = k.plonk.WriteRawTo(w)
		} else {
			_, err = k.groth16.WriteRawTo(w)
		}
		return err
	})
	if err != nil {
		return err
	}
	vk, err := k.VerifyingKey.MarshalBinary()
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, VerifyingKeyFile), 0o644, func(w io.Writer) error {
		_, err := w.Write(vk)
		return err
	})
}

// provingHead names what the setup serves and the verifying key, so that neither a damaged one
// nor one of another setup goes unnoticed.
func (k *Keys) provingHead() []byte {
	serves, vk := k.compiled.Program.SetupDigest(), k.VerifyingKey.Digest()
	return slices.Concat([]byte(provingMagic), serves[:], vk[:])
}

// writeSummed writes a file of a header, a body and the SHA-256 of both.
func writeSummed(name string, mode os.FileMode, head []byte, body func(io.Writer) error) error {
	return WriteFile(name, mode, func(w io.Writer) error {
		h := sha256.New()
		both := io.MultiWriter(w, h)
		if _, err := both.Write(head); err != nil {
			return err
		}
		if err := body(both); err != nil {
			return err
		}
		_, err := w.Write(h.Sum(nil))
		return err
	})
}

// readSummed reads a file that writeSummed wrote: first the checksum and the header are
// compared, then body reads what lies between.
func readSummed(name string, head []byte, body func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	n := info.Size() - sha256.Size - int64(len(head))
	if n < 0 {
		return fmt.Errorf("too short: %w", ErrKeys)
	}
	h, got := sha256.New(), new(bytes.Buffer)
	if _, err := io.Copy(io.MultiWriter(h, got), io.LimitReader(f, int64(len(head)))); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(h, io.LimitReader(f, n), make([]byte, 1<<20)); err != nil {
		return err
	}
	sum, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	switch {
	case !bytes.Equal(sum, h.Sum(nil)):
		return fmt.Errorf("damaged, its checksum is wrong: %w", ErrKeys)
	case !bytes.Equal(got.Bytes(), head):
		return fmt.Errorf("is for another model: %w", ErrKeys)
	}
	if _, err := f.Seek(int64(len(head)), io.SeekStart); err != nil {
		return err
	}
	if err := body(bufio.NewReaderSize(io.LimitReader(f, n), 1<<20)); err != nil {
		return fmt.Errorf("%w: %w", err, ErrKeys)
	}
	return nil
}

// WriteFile writes a file through a temporary one beside it, synced and then renamed, so
// that the name never stands for half of it.
func WriteFile(name string, mode os.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// syncDir makes a rename durable; not every system lets folders be synced.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}

// Load reads the keys of a compiled program from a folder. Damaged files and those of
// another architecture or other weights are [ErrKeys].
func Load(dir string, c *circuits.Compiled) (*Keys, error) {
	k, err := loadVerifyingKey(dir, c)
	if err != nil {
		return nil, err
	}
	if err := checkMemory(ProveMemory(c)); err != nil {
		return nil, err
	}
	if err := k.loadProvingKey(filepath.Join(dir, ProvingKeyFile)); err != nil {
		return nil, err
	}
	if c.Plan.Committed() {
		if err := k.loadOpening(filepath.Join(dir, OpeningFile)); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func loadVerifyingKey(dir string, c *circuits.Compiled) (*Keys, error) {
	data, err := os.ReadFile(filepath.Join(dir, VerifyingKeyFile))
	if err != nil {
		return nil, err
	}
	k := &Keys{compiled: c}
	if k.VerifyingKey, err = verifier.ParseVerifyingKey(data); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", VerifyingKeyFile, err, ErrKeys)
	}
	want := card(c)
	if want.Architecture != k.VerifyingKey.Card.Architecture || want.System != k.VerifyingKey.Card.System {
		return nil, fmt.Errorf("%s is for another model: %w", VerifyingKeyFile, ErrKeys)
	}
	return k, nil
}

func (k *Keys) loadProvingKey(name string) error {
	err := readSummed(name, k.provingHead(), func(r io.Reader) (err error) {
		defer recoverDecoder(&err)
		// Points need no checks, proofs are checked; lengths do, or proving could panic.
		if k.VerifyingKey.Plonk != nil {
			k.plonk = new(gplonk.ProvingKey)
			if _, err = k.plonk.UnsafeReadFrom(r); err == nil {
				err = k.checkPlonk()
			}
			return err
		}
		k.groth16 = new(g16.ProvingKey)
		if _, err = k.groth16.UnsafeReadFrom(r); err == nil {
			k.preparing()
			_, err = k.prepare()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", ProvingKeyFile, err)
	}
	return nil
}

// readOpening returns the blinding of the commitment to a model of this architecture.
func readOpening(name string, arch [32]byte) (blinding fr.Element, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return blinding, err
	}
	var o opening
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&o) == nil && string(data[d.InputOffset():]) == "\n" && o.Format == openingFormat && o.Architecture == hex.EncodeToString(arch[:]) {
		raw, err := hex.DecodeString(o.Blinding)
		if err == nil && len(raw) == fr.Bytes && blinding.SetBytesCanonical(raw) == nil {
			return blinding, nil
		}
	}
	return blinding, fmt.Errorf("%s is damaged or for another model: %w", filepath.Base(name), ErrKeys)
}

// loadOpening reads the blinding and checks that weights and blinding open the verifying
// key's commitment.
func (k *Keys) loadOpening(name string) error {
	blinding, err := readOpening(name, k.compiled.Program.Architecture())
	if err != nil {
		return err
	}
	check := &Keys{compiled: k.compiled, groth16: k.groth16, plonk: k.plonk, VerifyingKey: &verifier.VerifyingKey{
		Groth16: &verifier.Groth16Key{}, Plonk: &verifier.PlonkKey{}}}
	if err := check.commit(blinding); err != nil {
		return err
	}
	k.weights = check.weights
	same := false
	if g := k.VerifyingKey.Groth16; g != nil {
		same = g.Weights != nil && *g.Weights == *check.VerifyingKey.Groth16.Weights
	} else {
		d := k.VerifyingKey.Plonk.WeightsDigest
		same = d != nil && *d == *check.VerifyingKey.Plonk.WeightsDigest
	}
	if !same {
		return fmt.Errorf("these weights and %s do not open the commitment in %s: %w", OpeningFile, VerifyingKeyFile, ErrKeys)
	}
	return nil
}
