package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/opening"
	"github.com/nnark/nnark/verifier/solidity"
)

// openings is a file of --salts: what opens the digests of a statement. The option
// "openings" of the JavaScript verifier has the same form.
type openings struct {
	Openings []*digestOpening `json:"openings"`
}

// digestOpening opens the digest of one input or output.
type digestOpening struct {
	Input  *int    `json:"input,omitempty"`
	Output *int    `json:"output,omitempty"`
	Ints   []int64 `json:"ints,omitempty"` // of the tensor, row-major; not needed to prove
	Salt   string  `json:"salt"`           // field element, as --context

	salt fr.Element
}

// index returns the number of the input or the output.
func (o *digestOpening) index() int {
	if o.Output != nil {
		return *o.Output
	}
	return *o.Input
}

func (o *digestOpening) setSalt(x fr.Element) { o.salt, o.Salt = x, "0x"+x.Text(16) }

// is reports whether o opens input i or, if output, output i.
func (o *digestOpening) is(output bool, i int) bool {
	return (o.Output != nil) == output && o.index() == i
}

// of returns what opens an input or output, nil if nothing does.
func (o *openings) of(output bool, i int) *digestOpening {
	if o == nil {
		return nil
	}
	k := slices.IndexFunc(o.Openings, func(d *digestOpening) bool { return d.is(output, i) })
	if k < 0 {
		return nil
	}
	return o.Openings[k]
}

// readOpenings reads a file of --salts for a key.
func readOpenings(path string, card *verifier.Card) (*openings, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	all := new(openings)
	if err := d.Decode(all); err != nil {
		return nil, fmt.Errorf("%s: %v: %w", path, err, errSalts)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: more than one object: %w", path, errSalts)
	}
	for n, o := range all.Openings {
		if o == nil || (o.Input == nil) == (o.Output == nil) {
			return nil, fmt.Errorf("%s: opening %d is not of one input or output: %w", path, n, errSalts)
		}
		tensors, kind := card.Inputs, "input"
		if o.Output != nil {
			tensors, kind = card.Outputs, "output"
		}
		if i := o.index(); i < 0 || i >= len(tensors) || tensors[i].Mode != verifier.Digest {
			return nil, fmt.Errorf("%s: the key has no digest %s %d: %w", path, kind, i, errSalts)
		}
		if all.of(o.Output != nil, o.index()) != o {
			return nil, fmt.Errorf("%s: two openings of %s %d: %w", path, kind, o.index(), errSalts)
		}
		if err := (*field)(&o.salt).Set(o.Salt); err != nil {
			return nil, fmt.Errorf("%s: salt of %s %d: %v: %w", path, kind, o.index(), err, errSalts)
		}
	}
	return all, nil
}

// write writes the file, which is as secret as the values, where there is none or with
// force.
func (o *openings) write(path string, force bool) error {
	if err := mayWrite(path, force); err != nil {
		return err
	}
	if o.Openings == nil {
		o.Openings = []*digestOpening{}
	}
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, 0o600, append(text, '\n'))
}

// mayWrite refuses to replace what may be the only copy of a secret.
func mayWrite(path string, force bool) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("%s: %w", path, errOverwrite)
	}
	return nil
}

// digestsOf returns openings without values for all digests of a key, with the salts given
// and random ones for the rest.
func digestsOf(card *verifier.Card, given *openings) (*openings, error) {
	all := new(openings)
	for _, part := range []struct {
		tensors []verifier.TensorCard
		output  bool
	}{{card.Inputs, false}, {card.Outputs, true}} {
		for i, t := range part.tensors {
			if t.Mode != verifier.Digest {
				continue
			}
			o := &digestOpening{Input: &i}
			if part.output {
				o = &digestOpening{Output: &i}
			}
			if g := given.of(part.output, i); g != nil {
				o.setSalt(g.salt)
			} else {
				var salt fr.Element
				if _, err := salt.SetRandom(); err != nil {
					return nil, err
				}
				o.setSalt(salt)
			}
			all.Openings = append(all.Openings, o)
		}
	}
	return all, nil
}

// salts returns what a prover asks for the salts: in the order of the statement.
func (o *openings) salts() func() (fr.Element, error) {
	next := 0
	return func() (fr.Element, error) {
		if next == len(o.Openings) {
			return fr.Element{}, fmt.Errorf("no salt for digest %d: %w", next, errSalts)
		}
		next++
		return o.Openings[next-1].salt, nil
	}
}

// fill gives the openings the values that were proven. Values that were given must be those.
func (o *openings) fill(given *openings, inputs, outputs [][]int64) error {
	for _, d := range o.Openings {
		values := inputs
		if d.Output != nil {
			values = outputs
		}
		d.Ints = values[d.index()]
		if g := given.of(d.Output != nil, d.index()); g != nil && g.Ints != nil && !slices.Equal(g.Ints, d.Ints) {
			return errOtherValues
		}
	}
	return nil
}

// options are the verifier's for openings, which must have their values.
func (o *openings) options() (opts []verifier.Option) {
	for _, d := range o.Openings {
		open := opening.Input
		if d.Output != nil {
			open = opening.Output
		}
		opts = append(opts, open(d.index(), d.Ints, d.salt))
	}
	return opts
}

// reveal gives the tensors of a statement the values that open their digests.
func (o *openings) reveal(s *verifier.Statement) {
	if o == nil {
		return
	}
	for _, d := range o.Openings {
		tensors := s.Inputs
		if d.Output != nil {
			tensors = s.Outputs
		}
		tensors[d.index()].Ints = d.Ints
	}
}

// digestReport is the JSON object of digest.
type digestReport struct {
	Digests   []string `json:"input_digests"`   // "" for inputs that are no digests
	Names     []string `json:"input_names"`     //
	InputHash string   `json:"input_hash"`      // what InferenceConsumer.request takes
	Salts     string   `json:"salts,omitempty"` // path
}

// digest says what a statement will show of an input, before there is a proof.
func digest(c *command) (report, error) {
	keyPath := c.flags.String("key", "", "the verifying key in `FILE`")
	input := c.flags.String("input", "", "the input in `FILE`")
	out := c.flags.String("salts", "", "write what opens the digests to `FILE`, for prove --use-salts and verify --salts")
	given := c.flags.String("use-salts", "", "take salts from `FILE` instead of drawing them")
	force := c.flags.Bool("force", false, "replace the file of --salts")
	if err := c.parse(nil, "key", "input"); err != nil {
		return nil, err
	}
	key, err := readKey(*keyPath, nil)
	if err != nil {
		return nil, err
	}
	card := &key.Card
	var use *openings
	if *given != "" {
		if use, err = readOpenings(*given, card); err != nil {
			return nil, err
		}
	}
	all, err := digestsOf(card, use)
	if err != nil {
		return nil, err
	}
	all.Openings = slices.DeleteFunc(all.Openings, func(o *digestOpening) bool { return o.Output != nil })
	if len(all.Openings) > 0 && *out == "" && *given == "" {
		return nil, usageError{c.verb, "missing --salts: a digest whose salt is lost cannot be proven or opened"}
	}
	sample, err := loadInput(*input, cardInputs(card))
	if err != nil {
		return nil, err
	}
	r := &digestReport{Digests: make([]string, len(card.Inputs)), Salts: *out}
	var elements []fr.Element
	for i := range card.Inputs {
		t := &card.Inputs[i]
		r.Names = append(r.Names, t.Name)
		if t.Mode == verifier.Private {
			continue
		}
		ints, err := t.Quantize(sample[i].Reals())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", *input, err)
		}
		if o := all.of(false, i); o != nil {
			d, err := opening.Digest(t, ints, o.salt)
			if err != nil {
				return nil, err
			}
			o.Ints = ints
			r.Digests[i] = hexElement(&d)
			elements = append(elements, d)
			continue
		}
		packed, err := verifier.Pack(t, ints)
		if err != nil {
			return nil, err
		}
		elements = append(elements, packed...)
	}
	r.InputHash = fmt.Sprintf("0x%x", solidity.InputHash(elements))
	if *out == "" {
		return r, nil
	}
	return r, all.write(*out, *force)
}

func (r *digestReport) text(w io.Writer) {
	for i, name := range r.Names {
		row(w, "input "+name, shown(nil, r.Digests, i))
	}
	row(w, "input hash", r.InputHash)
	if r.Salts != "" {
		row(w, "salts", r.Salts+", as secret as the input")
	}
}
