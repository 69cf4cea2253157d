package model

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// csvNumber is a number as JSON has it.
var csvNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// csvBooleans are 0 and 1, as Python's tables have them too.
var csvBooleans = map[string]bool{"false": false, "False": false, "true": true, "True": true}

// looksLikeCSV reports whether data are text of which the first character begins no JSON.
func looksLikeCSV(data []byte) bool {
	text := bytes.TrimSpace(data)
	head := text[:min(len(text), 512)]
	for range utf8.UTFMax { // a character may be cut
		if !utf8.Valid(head) && len(head) > 0 && len(head) < len(text) {
			head = head[:len(head)-1]
		}
	}
	control := func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }
	return len(head) > 0 && text[0] != '{' && text[0] != '[' && utf8.Valid(head) && !bytes.ContainsFunc(head, control)
}

// csvReader reads a table of numbers: a row is an example.
type csvReader struct {
	*csv.Reader
	inputs  []Value
	first   int     // line of the first row
	width   int     // columns
	columns [][]int // of the elements of each input, in their order
}

// parseCSV reads one array per input out of a table, whose first line may name the columns.
func parseCSV(data []byte, inputs []Value) (map[string]*Tensor, error) {
	r := &csvReader{Reader: csv.NewReader(bytes.NewReader(data)), inputs: inputs}
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator(data), -1, true
	r.TrimLeadingSpace = r.Comma != '\t'
	row, err := r.Read()
	if err != nil {
		return nil, csvError(err)
	}
	r.width = len(row)
	r.first, _ = r.FieldPos(0)
	header := !slices.ContainsFunc(row, isNumber)
	if err := r.assign(row, header); err != nil {
		return nil, err
	}
	if !header && counts(row) {
		return nil, malformed("line %d: 0, 1, 2, … may be an example or names of columns: begin it with 0.0 or leave it out", r.first)
	}
	tensors := make([]*Tensor, len(inputs))
	for i, in := range inputs {
		tensors[i] = &Tensor{Int: []int64{}}
		if in.Type.IsFloat() {
			tensors[i] = &Tensor{Float: []float32{}}
		}
	}
	rows := 0
	for ; ; rows++ {
		if header || rows > 0 {
			if row, err = r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, csvError(err)
			}
		}
		if err := r.append(tensors, row); err != nil {
			return nil, err
		}
	}
	if rows == 0 {
		return nil, malformed("a header without rows")
	}
	arrays := make(map[string]*Tensor, len(inputs))
	for i, in := range inputs {
		t := tensors[i]
		if t.Shape = []int{rows, len(r.columns[i])}; checkShape(t.Shape) != nil {
			return nil, &InputError{Input: in.Name, Err: checkShape(t.Shape)}
		}
		arrays[in.Name] = t
	}
	return arrays, nil
}

// append reads one row.
func (r *csvReader) append(tensors []*Tensor, row []string) error {
	line, _ := r.FieldPos(0)
	if len(row) != r.width {
		return malformed("line %d: %d columns, want %d", line, len(row), r.width)
	}
	for i, in := range r.inputs {
		for _, c := range r.columns[i] {
			if err := tensors[i].appendText(row[c], in.Type); err != nil {
				line, _ := r.FieldPos(c)
				return &InputError{Input: in.Name, Err: fmt.Errorf("line %d, column %d: %w", line, c+1, err)}
			}
		}
	}
	return nil
}

// appendText appends a number or a boolean.
func (t *Tensor) appendText(text string, typ ElemType) error {
	text = strings.TrimSpace(text)
	if v, ok := csvBooleans[text]; ok {
		text = strconv.FormatInt(truth(v), 10)
	}
	if !csvNumber.MatchString(text) {
		return malformed("%q, want a number", shortened(text))
	}
	if err := t.appendJSON(json.Number(text), typ == Undefined); err != nil {
		return err
	}
	if lo, hi := typ.Bounds(); t.Int != nil && typ != Undefined {
		if v := t.Int[len(t.Int)-1]; v < lo || v > hi {
			return malformed("%d, outside the range of %v", v, typ)
		}
	}
	return nil
}

// assign finds the columns of each input, by a header that names them or by their number.
func (r *csvReader) assign(row []string, header bool) error {
	r.columns = make([][]int, len(r.inputs))
	foreign := func(name string) bool { i, _ := r.element(name); return i < 0 }
	switch {
	case len(r.inputs) > 1 && !header:
		return malformed("line %d: a table for a model of %d inputs needs a header that names them", r.first, len(r.inputs))
	case len(r.inputs) > 1 || !slices.ContainsFunc(row, foreign):
		return r.byName(row)
	}
	for c := range row { // in the order of the elements
		r.columns[0] = append(r.columns[0], c)
	}
	return r.checkWidth(0)
}

// byName assigns the columns name, or name.0, name.1, ..., or name[0], name[1], ....
func (r *csvReader) byName(row []string) error {
	places := make([]map[int]int, len(r.inputs)) // element -> column
	for c, name := range row {
		i, k := r.element(name)
		if i < 0 {
			return fmt.Errorf("line %d, column %d: %w", r.first, c+1, unknownInput(shortened(name), r.inputs))
		}
		if places[i] == nil {
			places[i] = map[int]int{}
		}
		if _, twice := places[i][k]; twice {
			return &InputError{Input: r.inputs[i].Name, Err: malformed("line %d, column %d: element %d appears twice", r.first, c+1, k)}
		}
		places[i][k] = c
	}
	for i, in := range r.inputs {
		for k := range len(places[i]) {
			c, ok := places[i][k]
			if !ok {
				return &InputError{Input: in.Name, Err: malformed("line %d: no column for element %d, but %d columns", r.first, k, len(places[i]))}
			}
			r.columns[i] = append(r.columns[i], c)
		}
		if err := r.checkWidth(i); err != nil {
			return err
		}
	}
	return nil
}

// element finds what a column's name stands for; input is -1 for nothing.
func (r *csvReader) element(name string) (input, k int) {
	name = strings.TrimSpace(name)
	at := func(name string) int { return slices.IndexFunc(r.inputs, func(v Value) bool { return v.Name == name }) }
	if i := at(name); i >= 0 {
		return i, 0
	}
	base, number := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		base, number = name[:dot], name[dot+1:]
	} else if open := strings.LastIndexByte(name, '['); open >= 0 && strings.HasSuffix(name, "]") {
		base, number = name[:open], name[open+1:len(name)-1]
	}
	k, err := strconv.Atoi(number)
	if i := at(base); err == nil && k >= 0 && i >= 0 {
		return i, k
	}
	return -1, 0
}

// checkWidth checks that a row holds one example of an input whose shape is known.
func (r *csvReader) checkWidth(i int) error {
	in := r.inputs[i]
	if n := product(in.Shape); in.Shape != nil && n > 0 && len(r.columns[i]) != n {
		return &InputError{Input: in.Name, Err: malformed("line %d: %d columns, want %d for shape %v: a row is an example", r.first, len(r.columns[i]), n, in.Shape)}
	}
	return nil
}

// separator is what the first line has between its columns, outside quotes: one of tabs and
// semicolons if it has nothing else, or commas.
func separator(data []byte) rune {
	inside := false
	var found []rune
	for _, b := range bytes.TrimLeft(data, "\r\n") {
		switch {
		case b == '"':
			inside = !inside
		case inside:
		case b == '\n' && found == nil: // of one column
			return ','
		case b == '\n' && len(found) == 1:
			return found[0]
		case b == '\n':
			return ','
		case (b == ',' || b == ';' || b == '\t') && !slices.Contains(found, rune(b)):
			found = append(found, rune(b))
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return ','
}

// isNumber reports whether a field is one, or a missing one or one that is not read: a header
// has none of them.
func isNumber(field string) bool {
	field = strings.TrimSpace(field)
	_, boolean := csvBooleans[field]
	_, err := strconv.ParseFloat(field, 64)
	return boolean || field == "" || err == nil || errors.Is(err, strconv.ErrRange)
}

// counts reports whether a row is 0, 1, 2, ..., which tables without names of columns have
// as their first line.
func counts(row []string) bool {
	for c, field := range row {
		if field != strconv.Itoa(c) {
			return false
		}
	}
	return len(row) >= 4
}

// csvError states where a file is no table.
func csvError(err error) error {
	var at *csv.ParseError
	switch {
	case errors.As(err, &at):
		return malformed("line %d, byte %d: %v", at.Line, at.Column, at.Err)
	case errors.Is(err, io.EOF):
		return malformed("no rows")
	}
	return malformed("%v", err)
}

// maxQuoted bounds what errors repeat of a file.
const maxQuoted = 40

func shortened(text string) string {
	if text = strings.TrimSpace(text); len(text) > maxQuoted {
		text = strings.ToValidUTF8(text[:maxQuoted], "") + "…"
	}
	return text
}
