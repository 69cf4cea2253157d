//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/python/native/verify"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

// keysInfo answers with keys: a handle, and the verifying key's file as a blob.
func keysInfo(k *prover.Keys) (*message.Out, error) {
	data, err := k.VerifyingKey.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return &message.Out{Header: map[string]any{
		"handle": hold(k), "key": verify.Describe(k.VerifyingKey), "constraints": k.Compiled().Constraints(),
	}, Blobs: [][]byte{data}}, nil
}

func setup(ctx context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r struct {
		Handle    uint64 `json:"handle"`
		SRS       string `json:"srs"`
		SRSDigest string `json:"srs_digest"`
	}
	q, err := heldBy[*heldProgram](in, &r, &r.Handle, 0)
	if err != nil {
		return nil, err
	}
	p("compile", 0)
	c, err := q.compiled()
	if err != nil {
		return nil, err
	}
	if r.SRS == "" {
		k, err := prover.UnsafeSetup(ctx, c, prover.Progress(p))
		if err != nil {
			return nil, err
		}
		return keysInfo(k)
	}
	o := prover.SRSOptions{Progress: prover.Progress(p)}
	if r.SRSDigest != "" {
		d, err := hex.DecodeString(r.SRSDigest)
		if err != nil || len(d) != 32 {
			return nil, fmt.Errorf("srs_digest is not 64 hexadecimal digits: %w", message.ErrMessage)
		}
		o.Accepted = [][32]byte{[32]byte(d)}
	}
	f, err := os.Open(r.SRS)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := prover.ImportSRS(ctx, c, f, o)
	if err != nil {
		return nil, err
	}
	return keysInfo(k)
}

// folder is of calls about keys in one.
type folder struct {
	Handle    uint64 `json:"handle"`
	Folder    string `json:"folder"`
	Overwrite bool   `json:"overwrite"`
}

func load(_ context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r folder
	q, err := heldBy[*heldProgram](in, &r, &r.Handle, 0)
	if err != nil {
		return nil, err
	}
	p("compile", 0)
	c, err := prover.Compile(r.Folder, q.Program)
	if err != nil {
		return nil, err
	}
	p("load", 0.3)
	read := prover.Load
	if _, err := os.Stat(filepath.Join(r.Folder, prover.BoundKeyFile)); err == nil {
		read = prover.LoadBound
	}
	k, err := read(r.Folder, c)
	if err != nil {
		return nil, err
	}
	return keysInfo(k)
}

func save(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r folder
	k, err := heldBy[*prover.Keys](in, &r, &r.Handle, 0)
	if err != nil {
		return nil, err
	}
	write := k.Save
	if r.Overwrite {
		write = k.Overwrite
	}
	return &message.Out{}, write(r.Folder)
}

func bind(ctx context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r struct{ Handle uint64 }
	k, err := heldBy[*prover.Keys](in, &r, &r.Handle, 0)
	if err != nil {
		return nil, err
	}
	p("bind", 0)
	b, err := k.Bind(ctx)
	if err != nil {
		return nil, err
	}
	return keysInfo(b)
}

// prove answers with the proof's JSON.
func prove(ctx context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r inputRequest
	k, err := heldBy[*prover.Keys](in, &r, &r.Handle, 1)
	if err != nil {
		return nil, err
	}
	x, err := inputs(k.Compiled().Program, r.Input, in.Blobs[0])
	if err != nil {
		return nil, err
	}
	o := prover.Options{Progress: prover.Progress(p)}
	if r.Context != "" {
		if o.Context, err = verify.Context(r.Context); err != nil {
			return nil, err
		}
	}
	proof, err := k.Prove(ctx, x, o)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(proof)
	return &message.Out{Blobs: [][]byte{data}}, err
}

// export answers with the Solidity source of a key's verifier.
func export(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r struct{ Name string }
	if err := in.Decode(&r, 1); err != nil {
		return nil, err
	}
	vk, err := verifier.ParseVerifyingKey(in.Blobs[0])
	if err != nil {
		return nil, err
	}
	write := solidity.Export
	if vk.Plonk != nil {
		write = plonk.Export
	}
	var out bytes.Buffer
	err = write(&out, vk, solidity.Options{Name: r.Name})
	return &message.Out{Blobs: [][]byte{out.Bytes()}}, err
}
