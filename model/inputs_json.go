package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
)

// jsonReader reads nested lists of numbers token by token, so that a file of
// millions of values never exists as a tree.
type jsonReader struct {
	dec  *json.Decoder
	peek []json.Token // read ahead
}

// token returns the next token; at the end of the file the error is ErrMalformed.
func (r *jsonReader) token() (json.Token, error) {
	if n := len(r.peek); n > 0 {
		t := r.peek[n-1]
		r.peek = r.peek[:n-1]
		return t, nil
	}
	t, err := r.dec.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, malformed("not JSON: %v at byte %d", err, r.dec.InputOffset())
	}
	return t, nil
}

func (r *jsonReader) expect(want json.Delim, what string) error {
	t, err := r.token()
	if err == nil && t != want {
		err = malformed("%v at byte %d, want %s", t, r.dec.InputOffset(), what)
	}
	return err
}

// parseJSON reads one array per input out of either JSON form.
func parseJSON(data []byte, inputs []Value) (map[string]*Tensor, error) {
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	if err := r.expect('{', `an object with "input_data" or "inputs"`); err != nil {
		return nil, err
	}
	var arrays map[string]*Tensor
	for {
		key, err := r.token()
		if err != nil {
			return nil, err
		}
		if key == json.Delim('}') {
			break
		}
		if key != "input_data" && key != "inputs" {
			if err := r.skip(); err != nil {
				return nil, err
			}
			continue
		}
		if arrays != nil {
			return nil, malformed(`"input_data" or "inputs" appears twice`)
		}
		if key == "inputs" {
			arrays, err = r.named(inputs)
		} else {
			arrays, err = r.listed(inputs)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("data after the object")
	}
	if arrays == nil {
		return nil, malformed(`neither "input_data" nor "inputs"`)
	}
	return arrays, nil
}

// skip passes over one value.
func (r *jsonReader) skip() error {
	for depth := 0; ; {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// listed reads [[...], ...], one list per input, or [...] for a single input.
func (r *jsonReader) listed(inputs []Value) (map[string]*Tensor, error) {
	if err := r.expect('[', "a list"); err != nil {
		return nil, err
	}
	arrays := make(map[string]*Tensor, len(inputs))
	for i := 0; ; i++ {
		t, err := r.token()
		switch {
		case err != nil:
			return nil, err
		case t == json.Delim(']'):
			if i != len(inputs) {
				return nil, malformed(`"input_data" has %d lists for a model of %d inputs`, i, len(inputs))
			}
			return arrays, nil
		case i >= len(inputs):
			return nil, malformed(`"input_data" has more lists than the model's %d inputs`, len(inputs))
		}
		_, list := t.(json.Delim)
		bare := !list && i == 0 && len(inputs) == 1
		if !list && !bare {
			return nil, malformed(`"input_data" holds %v where a list belongs`, t)
		}
		r.peek = append(r.peek, t)
		if bare {
			r.peek = append(r.peek, json.Delim('['))
		}
		if arrays[inputs[i].Name], err = r.array(inputs[i]); err != nil || bare {
			return arrays, err
		}
	}
}

// named reads {"name": [...], ...}.
func (r *jsonReader) named(inputs []Value) (map[string]*Tensor, error) {
	if err := r.expect('{', "an object of arrays by input name"); err != nil {
		return nil, err
	}
	arrays := make(map[string]*Tensor, len(inputs))
	for {
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		if t == json.Delim('}') {
			return arrays, nil // splitSamples reports inputs without values
		}
		name, _ := t.(string)
		i := slices.IndexFunc(inputs, func(v Value) bool { return v.Name == name })
		if i < 0 {
			return nil, unknownInput(name, inputs)
		}
		if arrays[name] != nil {
			return nil, &InputError{Input: name, Err: malformed("appears twice")}
		}
		if arrays[name], err = r.array(inputs[i]); err != nil {
			return nil, err
		}
	}
}

func unknownInput(name string, inputs []Value) error {
	names := make([]string, len(inputs))
	for i, in := range inputs {
		names[i] = in.Name
	}
	return malformed("%q is not an input of the model, which are %q%s", name, names, spellingHint(name, names))
}

// array reads a number or a list, nested regularly, of numbers.
func (r *jsonReader) array(in Value) (*Tensor, error) {
	t := &Tensor{Shape: []int{}}
	if in.Type.IsFloat() {
		t.Float = []float32{}
	} else {
		t.Int = []int64{}
	}
	var nest nesting
	for {
		tok, err := r.token()
		if err != nil {
			return nil, err
		}
		ok := true
		switch tok {
		case json.Delim('['):
			ok = nest.open()
		case json.Delim(']'):
			ok = nest.close()
		default:
			ok = nest.value()
			if err = t.appendJSON(tok, in.Type == Undefined); err != nil {
				return nil, &InputError{Input: in.Name, Err: err}
			}
		}
		if !ok {
			return nil, &InputError{Input: in.Name, Err: malformed("lists of different lengths or depths, around value %d", t.Len())}
		}
		if nest.depth == 0 {
			break
		}
	}
	t.Shape = append(t.Shape, nest.shape...)
	if checkShape(t.Shape) != nil || product(t.Shape) != t.Len() {
		return nil, &InputError{Input: in.Name, Err: malformed("lists of different depths")}
	}
	return t, nil
}

// appendJSON appends a number, or a boolean as 0 or 1. A tensor of integers that takes any number
// becomes one of floats with the first that is not whole.
func (t *Tensor) appendJSON(tok json.Token, any bool) error {
	n, ok := tok.(json.Number)
	if b, isBool := tok.(bool); isBool {
		n, ok = json.Number(strconv.FormatInt(truth(b), 10)), true
	}
	if !ok {
		return malformed("value %d is %v, want a number", t.Len(), tok)
	}
	if t.Int != nil {
		v, err := strconv.ParseInt(n.String(), 10, 64)
		if f, errFloat := strconv.ParseFloat(n.String(), 64); err != nil && errFloat == nil && f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			v, err = int64(f), nil // 5.0, as Python writes lists of floats
		}
		if err == nil {
			t.Int = append(t.Int, v)
			return nil
		}
		if !any {
			return malformed("value %d is %v, want an integer of 64 bits", t.Len(), n)
		}
		t.Float, t.Int = asFloats(t), nil
	}
	v, err := strconv.ParseFloat(n.String(), 32)
	if err != nil {
		return malformed("value %d is %v, outside the range of float32", t.Len(), n)
	}
	t.Float = append(t.Float, float32(v))
	return nil
}

// nesting checks that lists nest like an array and finds its shape.
type nesting struct {
	depth  int
	leaf   int   // depth of the values, 0 before the first
	counts []int // entries so far, per open list
	shape  []int // -1 where no list has ended yet
}

func (n *nesting) open() bool {
	n.depth++
	if n.depth > maxRank || n.leaf > 0 && n.depth > n.leaf {
		return false
	}
	if n.depth > len(n.shape) {
		n.shape = append(n.shape, -1)
		n.counts = append(n.counts, 0)
	}
	n.counts[n.depth-1] = 0
	return true
}

func (n *nesting) close() bool {
	count := n.counts[n.depth-1]
	if want := n.shape[n.depth-1]; want >= 0 && want != count {
		return false
	}
	n.shape[n.depth-1] = count
	n.depth--
	if n.depth > 0 {
		n.counts[n.depth-1]++
	}
	return true
}

func (n *nesting) value() bool {
	if n.depth == 0 {
		return true
	}
	if n.leaf == 0 {
		n.leaf = n.depth
	}
	n.counts[n.depth-1]++
	return n.leaf == n.depth
}
