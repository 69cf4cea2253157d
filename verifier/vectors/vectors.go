// Package vectors holds the test vectors that every verifier of nnark runs:
// keys, proofs and options with the verdict that each must get. README.md
// documents the file for those who read it from other languages.
//
//go:generate go run ./gen -o vectors.json.gz
package vectors

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"github.com/nnark/nnark/verifier/internal/answer"
)

// Format is the file's format member.
const Format = "nnark-vectors-1"

//go:embed vectors.json.gz
var embedded []byte

// File is a set of cases and the keys they name.
type File struct {
	Format string                `json:"format"`
	Keys   map[string]answer.Hex `json:"keys"`
	Cases  []Case                `json:"cases"`
}

// Case is one key, one proof and the verdict on them.
type Case struct {
	ID      int            `json:"id"`   // from 1, in order
	Flaw    string         `json:"flaw"` // what is wrong; for accepted cases, what is unusual
	Name    string         `json:"name"` // where it is wrong
	Key     string         `json:"key"`  // name of the key
	Proof   answer.Hex     `json:"proof"`
	Options answer.Options `json:"options,omitzero"`
	Verdict string         `json:"verdict"`
	Kind    string         `json:"kind,omitempty"` // of a rejection
}

// Load returns the project's vectors.
func Load() (*File, error) { return Read(bytes.NewReader(embedded)) }

// Read decodes a gzipped vector file.
func Read(r io.Reader) (*File, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(z)
	d.DisallowUnknownFields()
	f := new(File)
	if err := d.Decode(f); err != nil {
		return nil, err
	}
	if f.Format != Format {
		return nil, fmt.Errorf("vectors: format %q", f.Format)
	}
	for _, c := range f.Cases {
		if _, ok := f.Keys[c.Key]; !ok {
			return nil, fmt.Errorf("vectors: case %d: no key %q", c.ID, c.Key)
		}
	}
	return f, nil
}

// Write encodes a vector file, gzipped, one case a line.
func (f *File) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	keys, err := json.MarshalIndent(f.Keys, "  ", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(z, "{\n  \"format\": %q,\n  \"keys\": %s,\n  \"cases\": [", f.Format, keys)
	for i := range f.Cases {
		line, err := json.Marshal(&f.Cases[i])
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprint(z, ",")
		}
		fmt.Fprintf(z, "\n    %s", line)
	}
	fmt.Fprint(z, "\n  ]\n}\n")
	return z.Close()
}

// Request returns the request (package answer) of a case.
func (f *File) Request(c *Case) *answer.Request {
	return &answer.Request{Key: f.Keys[c.Key], Proof: &c.Proof, Options: c.Options}
}
