package main

import (
	"encoding/hex"
	"fmt"
	"io"
)

// architectureReport is the JSON object of architecture.
type architectureReport struct {
	Program      string `json:"program"`
	Architecture string `json:"architecture"` // digest, as in verifying keys
	Bytes        int64  `json:"bytes"`
}

// architecture writes a program without its weights, for others to check keys with.
func architecture(c *command) (report, error) {
	out := c.flags.String("o", "", "write the program without its weights to `FILE`")
	force := c.flags.Bool("force", false, "replace a file that is there")
	if err := c.parse([]string{"M.nnark"}, "o"); err != nil {
		return nil, err
	}
	if err := mayWrite(*out, *force); err != nil { // M.nnark, for instance
		return nil, err
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	bare, err := p.WithoutWeights()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.args[0], err)
	}
	data, err := bare.MarshalBinary()
	if err != nil {
		return nil, err
	}
	if err := writeFile(*out, 0o644, data); err != nil {
		return nil, err
	}
	digest := bare.Architecture()
	return &architectureReport{Program: *out, Architecture: hex.EncodeToString(digest[:]), Bytes: fileSize(*out)}, nil
}

func (r *architectureReport) text(w io.Writer) {
	row(w, "program", fmt.Sprintf("%s (%s), all weights 0", r.Program, size(r.Bytes)))
	row(w, "architecture", r.Architecture)
}
