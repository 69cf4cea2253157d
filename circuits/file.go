package circuits

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A program file is a line "nnark-program-1 SHA256", then the gzipped JSON of the
// program; the digest is of what follows the line.
const programMagic = "nnark-program-1 "

// maxProgram bounds a program's JSON.
const maxProgram = 1 << 30

// MarshalBinary returns the program's file. It holds the weights: it is as secret as they are.
func (p *Program) MarshalBinary() ([]byte, error) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if err := json.NewEncoder(z).Encode(p); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return append(fmt.Appendf(nil, "%s%x\n", programMagic, sha256.Sum256(body.Bytes())), body.Bytes()...), nil
}

// ParseProgram decodes and checks a program file.
func ParseProgram(data []byte) (*Program, error) {
	line, body, ok := bytes.Cut(data, []byte("\n"))
	if !ok || !bytes.Equal(line, fmt.Appendf(nil, "%s%x", programMagic, sha256.Sum256(body))) {
		return nil, fmt.Errorf("not a program file, or damaged: %w", ErrProgram)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrProgram)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxProgram+1))
	if err != nil || len(raw) > maxProgram {
		return nil, fmt.Errorf("program of more than %d bytes or damaged: %w", maxProgram, ErrProgram)
	}
	p := new(Program)
	if err := strictJSON(raw, p); err != nil {
		return nil, err
	}
	return p, p.Infer()
}

// strictJSON decodes one JSON value without unknown fields.
func strictJSON(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, ErrProgram) {
			return err
		}
		return fmt.Errorf("%w: %w", err, ErrProgram)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("trailing data: %w", ErrProgram)
	}
	return nil
}

// nodeJSON is a node with its operator by name.
type nodeJSON struct {
	Name  string          `json:"name"`
	Op    string          `json:"op"`
	In    []int           `json:"in"`
	Attrs json.RawMessage `json:"attrs"`
}

// MarshalJSON implements json.Marshaler.
func (n Node) MarshalJSON() ([]byte, error) {
	attrs, err := encodeOp(n.Op)
	if err != nil {
		return nil, err
	}
	return json.Marshal(nodeJSON{n.Name, Kind(n.Op), n.In, attrs})
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Node) UnmarshalJSON(data []byte) error {
	var j nodeJSON
	if err := strictJSON(data, &j); err != nil {
		return err
	}
	op, err := decodeOp(j.Op, j.Attrs)
	if err != nil {
		return fmt.Errorf("node %q: %w", j.Name, err)
	}
	*n = Node{j.Name, op, j.In}
	return nil
}

// Ints are integers that JSON holds as base64 of signed varints.
type Ints []int64

// MarshalJSON implements json.Marshaler.
func (v Ints) MarshalJSON() ([]byte, error) {
	var b []byte
	for _, x := range v {
		b = binary.AppendVarint(b, x)
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Ints) UnmarshalJSON(data []byte) error {
	var b []byte
	if err := json.Unmarshal(data, &b); err != nil {
		return fmt.Errorf("%w: %w", err, ErrProgram)
	}
	n := 0
	for _, c := range b {
		if c < 0x80 { // the last byte of an integer
			n++
		}
	}
	if *v = nil; n > 0 {
		*v = make(Ints, 0, n)
	}
	for len(b) > 0 {
		x, n := binary.Varint(b)
		if n <= 0 {
			return fmt.Errorf("integers end early: %w", ErrProgram)
		}
		*v, b = append(*v, x), b[n:]
	}
	return nil
}
