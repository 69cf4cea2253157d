package main

import (
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
)

// loadProgram reads a program file.
func loadProgram(path string) (*circuits.Program, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := circuits.ParseProgram(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// compiled builds a program's constraint system.
func (c *command) compiled(p *circuits.Program) (*circuits.Compiled, error) {
	return stage(c, "compile", func() (*circuits.Compiled, error) { return circuits.Compile(p) })
}

// compiledFor is compiled where a key folder, if there is one, may have the constraint system.
func (c *command) compiledFor(p *circuits.Program, dir string) (*circuits.Compiled, error) {
	if dir == "" {
		return c.compiled(p)
	}
	return stage(c, "compile", func() (*circuits.Compiled, error) { return prover.Compile(dir, p) })
}

// loadInput reads one sample.
func loadInput(path string, inputs []model.Value) ([]*model.Tensor, error) {
	samples, err := model.LoadInputs(path, inputs)
	if err != nil {
		return nil, err
	}
	if len(samples) != 1 {
		return nil, fmt.Errorf("%s: %d inputs, want one: %w", path, len(samples), errSamples)
	}
	return samples[0], nil
}

// programInput reads one sample for a program.
func programInput(path string, p *circuits.Program) ([]*model.Tensor, error) {
	return loadInput(path, programInputs(p))
}

// programInputs are a program's inputs, which take numbers as files have them.
func programInputs(p *circuits.Program) []model.Value { return valuesOf(p.Inputs) }

// rowInputs are the inputs of one of a batch.
func rowInputs(p *circuits.Program) []model.Value {
	row, _ := p.Row()
	return valuesOf(row)
}

func valuesOf(ports []circuits.Port) (inputs []model.Value) {
	for _, in := range ports {
		inputs = append(inputs, model.Value{Name: in.Name, Shape: in.Shape})
	}
	return inputs
}

// reals returns the elements of tensors.
func reals(tensors []*model.Tensor) [][]float64 {
	out := make([][]float64, len(tensors))
	for i, t := range tensors {
		out[i] = t.Reals()
	}
	return out
}

// float64s widens values.
func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// writeFile writes a whole file or none.
func writeFile(path string, mode os.FileMode, data []byte) error {
	return prover.WriteFile(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// keyFiles are the files of a key folder, the one without which nothing loads last.
var keyFiles = []string{prover.OpeningFile, prover.CircuitFile, prover.ProvingKeyFile, prover.VerifyingKeyFile}

// optionalFiles are those that not all keys have.
var optionalFiles = []string{prover.BoundKeyFile, prover.CircuitFile, prover.OpeningFile}

// mayReplaceKeys refuses to replace the keys of a folder unless forced.
func mayReplaceKeys(dir string, force bool) error {
	for _, name := range append(keyFiles, prover.BoundKeyFile) {
		if path := filepath.Join(dir, name); mayWrite(path, force) != nil {
			return fmt.Errorf("%s: %w", path, prover.ErrExists)
		}
	}
	return nil
}

// saveKeys writes keys and, if there are any, bound keys into a folder. Keys that are there
// stay until the new ones are complete.
func saveKeys(k, bound *prover.Keys, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := k.Save(tmp); err != nil {
		return err
	}
	if bound != nil {
		if err := bound.SaveBound(tmp); err != nil {
			return err
		}
	}
	for _, name := range append([]string{prover.BoundKeyFile}, keyFiles...) {
		err := os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name))
		if os.IsNotExist(err) && slices.Contains(optionalFiles, name) { // and none of older keys
			err = os.Remove(filepath.Join(dir, name))
			if os.IsNotExist(err) {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fileSize returns the size of a file, 0 if there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// field is a flag's field element, decimal or 0x and hexadecimal.
type field fr.Element

// String implements flag.Value.
func (f *field) String() string { return (*fr.Element)(f).Text(10) }

// Set implements flag.Value.
func (f *field) Set(s string) error {
	x, ok := new(big.Int).SetString(s, 0)
	if !ok || x.Sign() < 0 || x.Cmp(fr.Modulus()) >= 0 {
		return fmt.Errorf("want an integer, not negative, that fits the scalar field of BN254")
	}
	(*fr.Element)(f).SetBigInt(x)
	return nil
}

// baseName returns a file's name without folder and extension.
func baseName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
