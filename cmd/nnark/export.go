package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

// exportReport is the JSON object of export.
type exportReport struct {
	Kind     string   `json:"kind"`               // solidity or calldata
	Contract string   `json:"contract,omitempty"` // its name
	Files    []string `json:"files,omitempty"`
	Unsafe   bool     `json:"unsafe_setup"`
	Setup    string   `json:"setup"`
	Calldata string   `json:"calldata,omitempty"` // of verify, hexadecimal
	// Inference is the calldata of verifyInference, for contracts that have it.
	Inference string `json:"inference_calldata,omitempty"`
}

func export(c *command) (report, error) {
	key := c.flags.String("key", "", "the verifying key in `FILE`")
	out := c.flags.String("o", "", "write the contract to `FILE.sol`, with --foundry the project to the folder")
	name := c.flags.String("name", "", "the contract's `NAME` (ModelVerifier)")
	proofFile := c.flags.String("proof", "", "the proof in `FILE`: for calldata, and the sample of --foundry's tests")
	foundry := c.flags.Bool("foundry", false, "write a Foundry project: contract, interface, example consumer, tests")
	force := c.flags.Bool("force", false, "replace files of the project that are there")
	if err := c.parse([]string{"solidity|calldata"}, "key"); err != nil {
		return nil, err
	}
	vk, err := readKey(*key, nil)
	if err != nil {
		return nil, err
	}
	r := &exportReport{Kind: c.args[0], Unsafe: vk.Card.Setup.Unsafe(), Setup: vk.Card.Setup.String()}
	var proof *verifier.Proof
	if *proofFile != "" {
		if proof, err = readProof(*proofFile); err != nil {
			return nil, err
		}
	}
	needProof := r.Kind == "calldata" || *foundry
	switch {
	case r.Kind != "solidity" && r.Kind != "calldata":
		return nil, usageError{c.verb, fmt.Sprintf("nothing called %q to export", r.Kind)}
	case needProof && proof == nil:
		return nil, usageError{c.verb, "needs --proof"}
	case r.Kind == "calldata":
		return r, r.calldata(vk, proof)
	case *out == "":
		return nil, usageError{c.verb, "needs -o"}
	}
	r.Contract = *name
	if r.Contract == "" {
		r.Contract = "ModelVerifier"
	}
	files, err := contractFiles(vk, proof, solidity.Options{Name: *name}, *foundry)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *key, err)
	}
	if !*foundry {
		r.Files = []string{*out}
		return r, writeFile(*out, 0o644, files[""])
	}
	for path := range files { // a project that somebody works on
		if err := mayWrite(filepath.Join(*out, filepath.FromSlash(path)), *force); err != nil {
			return nil, err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(*out, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := writeFile(file, 0o644, files[path]); err != nil {
			return nil, err
		}
		r.Files = append(r.Files, file)
	}
	return r, nil
}

// contractFiles returns the sources to write: one without a name, or a Foundry project.
func contractFiles(vk *verifier.VerifyingKey, sample *verifier.Proof, o solidity.Options, foundry bool) (map[string][]byte, error) {
	write, project := solidity.Export, solidity.Foundry
	if vk.Plonk != nil {
		write, project = plonk.Export, plonk.Foundry
	}
	if foundry {
		return project(vk, sample, o)
	}
	var source bytes.Buffer
	err := write(&source, vk, o)
	return map[string][]byte{"": source.Bytes()}, err
}

// calldata fills in the calls that verify a proof.
func (r *exportReport) calldata(vk *verifier.VerifyingKey, p *verifier.Proof) error {
	if _, err := verifier.Verify(vk, p, verifier.WithAnyContext()); err != nil {
		return err
	}
	verify, inference := solidity.Calldata, solidity.InferenceCalldata
	if vk.Plonk != nil {
		verify, inference = plonk.Calldata, plonk.InferenceCalldata
	}
	call, err := verify(vk, p)
	if err != nil {
		return err
	}
	r.Calldata = "0x" + hex.EncodeToString(call)
	if call, err = inference(vk, p); err == nil { // not every contract has verifyInference
		r.Inference = "0x" + hex.EncodeToString(call)
	}
	return nil
}

func (r *exportReport) text(w io.Writer) {
	if r.Kind == "calldata" {
		fmt.Fprintln(w, r.Calldata)
		return
	}
	row(w, "contract", r.Contract)
	row(w, "files", strings.Join(r.Files, ", "))
	row(w, "setup", r.Setup)
	if r.Unsafe {
		row(w, "trust", "one party made the keys: the contract deploys only with the constructor's consent")
	}
}
