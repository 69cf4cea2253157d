package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"
)

// failure is the JSON object of a verb that failed.
type failure struct {
	Accepted *bool  `json:"accepted,omitempty"` // verify, if the proof was rejected: false
	Error    string `json:"error"`
	Hint     string `json:"hint"`
}

// print writes a report to standard output: as JSON, or as aligned text.
func (c *command) print(r report) error {
	if c.json {
		return c.printJSON(r)
	}
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	r.text(w)
	w.Flush() // a buffer does not fail
	var text bytes.Buffer
	for line := range bytes.Lines(table.Bytes()) {
		text.Write(append(bytes.TrimRight(line, " \n"), '\n'))
	}
	_, err := c.stdout.Write(text.Bytes())
	return err
}

func (c *command) printJSON(v any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	// Such characters are within strings, where JSON takes them in this form too.
	var out strings.Builder
	for line := range strings.Lines(text.String()) {
		out.WriteString(printable(strings.TrimSuffix(line, "\n")) + "\n")
	}
	_, err := io.WriteString(c.stdout, out.String())
	return err
}

// ms is a duration in milliseconds, to a tenth.
func ms(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 10 }
