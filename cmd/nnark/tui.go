package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/nnark/nnark/prover"
)

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress returns what shows the stages of long work on standard error, nil if that is
// no terminal, and a function that clears it.
func (c *command) progress() (show prover.Progress, clear func()) {
	if !isTerminal(c.stderr) {
		return nil, func() {}
	}
	const steps = 1000
	bar := progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(c.stderr),
		progressbar.OptionSetWidth(32),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionThrottle(65*time.Millisecond),
		progressbar.OptionClearOnFinish())
	show = func(stage string, done float64) {
		bar.Describe(fmt.Sprintf("%-16s", stage))
		_ = bar.Set(min(int(done*steps), steps-1)) // at the end it clears itself
	}
	return show, func() { _ = bar.Clear() }
}

// stage shows one stage without progress of its own while f runs, until the context ends.
func stage[T any](c *command, name string, f func() (T, error)) (T, error) {
	show, clear := c.progress()
	defer clear()
	if show != nil {
		show(name, 0)
	}
	return await(c.ctx, f)
}

// row writes one line of a table.
func row(w io.Writer, cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, printable(fmt.Sprint(c)))
	}
	fmt.Fprintln(w)
}

// printable returns a text in which everything that would steer a terminal or turn the
// reading direction is spelt out: names come from files that anyone may have made.
func printable(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if !steers(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) { // as in JSON
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	return out.String()
}

// steers reports control and format characters, line and paragraph separators among them,
// and bytes that are no UTF-8.
func steers(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
}

// count writes an integer with its thousands apart: 32,722.
func count[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes a number of bytes: 7.1 MB.
func size[T int | int64](n T) string {
	switch b := float64(n); {
	case b >= 1e9:
		return fmt.Sprintf("%.1f GB", b/1e9)
	case b >= 1e6:
		return fmt.Sprintf("%.1f MB", b/1e6)
	case b >= 1e4:
		return fmt.Sprintf("%.1f kB", b/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

// duration writes milliseconds: 1.24 s.
func duration(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.2f s", ms/1000)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// percent writes a share: 0.31 %.
func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

// dims writes a shape: [1 28 28]; nothing for nil.
func dims(shape []int) string {
	switch {
	case shape == nil:
		return ""
	case len(shape) == 0:
		return "scalar"
	}
	return fmt.Sprint(shape)
}
