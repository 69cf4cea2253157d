package prover

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
)

// Names of the files in a key folder.
const (
	ProvingKeyFile   = "proving.key"
	VerifyingKeyFile = "verifying.key"
	OpeningFile      = "model.opening" // opens the model's commitment: secret
	CircuitFile      = "circuit.bin"   // the compiled circuit of committed weights
)

// provingMagic starts a proving key's file; the digests of what the setup serves and of the
// verifying key, the key (groth16.Prover.WriteKey; under PLONK the reference string) and the
// SHA-256 of all that follow.
const provingMagic = "nnark-proving-key-2\n"

// opening is the content of OpeningFile.
type opening struct {
	Format       string `json:"format"`
	Architecture string `json:"architecture"`      // digest of what the setup serves
	Blinding     string `json:"blinding"`          // field element, 32 bytes big-endian
	Circuit      string `json:"circuit,omitempty"` // SHA-256 of CircuitFile
}

const openingFormat = "nnark-opening-1"

// Save writes the keys into a folder, which it makes if need be. Each file appears under
// its name only when it is complete and on disk. The opening is as secret as the model
// and readable by its owner alone. A folder with other keys stays as it is, [ErrExists]:
// it may hold the only copy of an opening. Keys of [LoadBound] are [ErrNoProvingKey].
func (k *Keys) Save(dir string) error { return k.save(dir, false) }

// Overwrite is Save into a folder whose keys, if there are any, may be lost.
func (k *Keys) Overwrite(dir string) error { return k.save(dir, true) }

func (k *Keys) save(dir string, overwrite bool) error {
	if err := k.hasProvingKey(); err != nil {
		return err
	}
	vk, err := k.VerifyingKey.MarshalBinary()
	if err != nil {
		return err
	}
	circuit, err := k.circuit()
	if err != nil {
		return err
	}
	opening, err := k.opening(circuit)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if !overwrite {
		for name, start := range map[string][]byte{OpeningFile: opening, ProvingKeyFile: k.provingHead(), VerifyingKeyFile: vk} {
			if err := checkOther(filepath.Join(dir, name), start); err != nil {
				return err
			}
		}
	}
	if opening != nil {
		if err := writeBytes(filepath.Join(dir, OpeningFile), 0o600, opening); err != nil {
			return err
		}
	}
	if circuit != nil {
		if err := writeBytes(filepath.Join(dir, CircuitFile), 0o644, circuit); err != nil {
			return err
		}
	}
	var write func(io.Writer) error
	switch {
	case k.plonk != nil:
		write = k.writePlonk
	case k.powers != nil:
		write = k.writeFlat
	default:
		write = k.free.WriteKey
	}
	if err := writeSummed(filepath.Join(dir, ProvingKeyFile), 0o644, k.provingHead(), write); err != nil {
		return err
	}
	return writeBytes(filepath.Join(dir, VerifyingKeyFile), 0o644, vk)
}

// circuit returns the content of CircuitFile, nil for baked weights: it would hold them; and under
// the flat argument, where there is none.
func (k *Keys) circuit() ([]byte, error) {
	if k.compiled.Flat != nil || !k.compiled.Committed() {
		return nil, nil
	}
	return k.compiled.StoreSystem()
}

// Compile is [circuits.Compile] for keys in a folder: their circuit is read, not compiled, if it
// is the one that the folder's opening names and of this version of nnark. The opening is the
// owner's secret; what it names is trusted to be what nnark wrote.
func Compile(dir string, p *circuits.Program) (*circuits.Compiled, error) {
	if o, err := parseOpening(filepath.Join(dir, OpeningFile)); err == nil && o.Circuit != "" {
		stored, err := os.ReadFile(filepath.Join(dir, CircuitFile))
		if sum := sha256.Sum256(stored); err == nil && o.Circuit == hex.EncodeToString(sum[:]) {
			if c, err := circuits.Restore(p, stored); err == nil {
				return c, nil
			}
		}
	}
	return circuits.Compile(p)
}

// opening returns the content of OpeningFile, nil for baked weights, which have none.
func (k *Keys) opening(circuit []byte) ([]byte, error) {
	if !k.compiled.Committed() {
		return nil, nil
	}
	arch, blinding := k.compiled.Program.Architecture(), k.weights[len(k.weights)-1].Bytes()
	o := opening{Format: openingFormat, Architecture: hex.EncodeToString(arch[:]), Blinding: hex.EncodeToString(blinding[:])}
	if circuit != nil {
		sum := sha256.Sum256(circuit)
		o.Circuit = hex.EncodeToString(sum[:])
	}
	data, err := json.MarshalIndent(o, "", "  ")
	return append(data, '\n'), err
}

// provingHead names what the setup serves and the verifying key, so that neither a damaged one
// nor one of another setup goes unnoticed.
func (k *Keys) provingHead() []byte {
	serves, vk := k.compiled.Program.SetupDigest(), k.VerifyingKey.Digest()
	return slices.Concat([]byte(provingMagic), serves[:], vk[:])
}

// Load reads the keys of a compiled program from a folder. Damaged files, those of another
// architecture, proving keys that do not go with the verifying key as far as pairings tell
// or under which proofs would not hide their witness, and openings that do not fit are
// [ErrKeys].
//
// It is a check for whoever made these files. That the commitment opens to the program's
// weights it finds with the proving key's own basis, which somebody who wrote the proving
// key could have chosen to that end, with the points it is compared with; that a Groth16 key
// is for the program's circuit it cannot know. (A PLONK key it compares with the circuit.)
// To check what somebody else made, use [Audit].
func Load(dir string, c *circuits.Compiled) (*Keys, error) {
	k, err := loadKeys(dir, c)
	if err != nil {
		return nil, err
	}
	if c.Committed() {
		if err := k.loadOpening(filepath.Join(dir, OpeningFile)); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// loadKeys reads all but the opening.
func loadKeys(dir string, c *circuits.Compiled) (*Keys, error) {
	k, err := loadVerifyingKey(dir, c)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, ProvingKeyFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := checkMemory(extentWith(c, float64(info.Size())).proveBytes()); err != nil {
		return nil, err
	}
	return k, k.loadProvingKey(path)
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
	err := readSummed(name, k.provingHead(), func(r io.Reader) error {
		switch {
		case k.VerifyingKey.Plonk != nil:
			return k.readPlonk(r)
		case k.VerifyingKey.Flat != nil:
			return k.readFlat(r)
		}
		return k.readGroth16(r)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", ProvingKeyFile, err)
	}
	return nil
}

func (k *Keys) readGroth16(r io.Reader) error {
	p, err := groth16.ReadKey(r, k.compiled.System.(*cs.R1CS), nil, nil)
	if err != nil {
		return err
	}
	k.groth16, k.free = p, p
	return p.Matches(gnarkKey(k.VerifyingKey.Groth16))
}

// readOpening returns the blinding of the commitment to a model of this architecture.
func readOpening(name string, arch [32]byte) (blinding fr.Element, err error) {
	o, err := parseOpening(name)
	if err != nil {
		return blinding, err
	}
	raw, err := hex.DecodeString(o.Blinding)
	if err != nil || o.Architecture != hex.EncodeToString(arch[:]) || len(raw) != fr.Bytes || blinding.SetBytesCanonical(raw) != nil {
		return blinding, openingError(name)
	}
	return blinding, nil
}

func openingError(name string) error {
	return fmt.Errorf("%s is damaged or for another model: %w", filepath.Base(name), ErrKeys)
}

func parseOpening(name string) (o opening, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return o, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&o) != nil || string(data[d.InputOffset():]) != "\n" || o.Format != openingFormat {
		return o, openingError(name)
	}
	return o, nil
}

// loadOpening reads the blinding and checks that weights and blinding open the verifying
// key's commitment.
func (k *Keys) loadOpening(name string) error {
	blinding, err := readOpening(name, k.compiled.Program.Architecture())
	if err != nil {
		return err
	}
	check := &Keys{compiled: k.compiled, free: k.free, plonk: k.plonk, powers: k.powers, VerifyingKey: &verifier.VerifyingKey{
		Groth16: &verifier.Groth16Key{}, Plonk: &verifier.PlonkKey{}}}
	if err := check.commit(blinding); err != nil {
		return err
	}
	k.weights, k.plonk, k.flat = check.weights, check.plonk, check.flat
	if !check.sameCommitment(k.VerifyingKey) {
		return fmt.Errorf("these weights and %s do not open the commitment in %s: %w", OpeningFile, VerifyingKeyFile, ErrKeys)
	}
	return nil
}

// sameCommitment reports whether a verifying key names the model that the keys do.
func (k *Keys) sameCommitment(of *verifier.VerifyingKey) bool {
	if g := of.Groth16; g != nil {
		return g.Weights != nil && *g.Weights == *k.VerifyingKey.Groth16.Weights
	}
	if f := of.Flat; f != nil {
		return slices.Equal(f.Model, k.VerifyingKey.Flat.Model)
	}
	w := of.Plonk.Weights
	return w != nil && of.Plonk.Qr == k.VerifyingKey.Plonk.Qr && *w == *k.VerifyingKey.Plonk.Weights
}

// LoadSetup reads the keys in a folder for a program of the same architecture, whatever
// weights they were for, and binds the program's with a fresh blinding. That changes the
// commitment in the verifying key and nothing else of the proof system's. The folder's
// opening is not needed. Errors are those of [Load] and [Keys.WithModel].
func LoadSetup(dir string, c *circuits.Compiled) (*Keys, error) {
	k, err := loadKeys(dir, c)
	if err != nil {
		return nil, err
	}
	return k.WithModel(c.Program)
}
