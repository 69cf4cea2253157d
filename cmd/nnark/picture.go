package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// colour says how a terminal is told a grey.
type colour func(grey byte) string

// draw draws a grey image of so many columns, 0 (dark) to 255, two rows to a line: in half
// blocks, or in ASCII if there is no colour.
func draw(w io.Writer, pixels []byte, cols int, colour colour) {
	for y := 0; y+1 < len(pixels)/cols; y += 2 {
		upper, lower := pixels[y*cols:(y+1)*cols], pixels[(y+1)*cols:(y+2)*cols]
		var line strings.Builder
		line.WriteString("    ")
		for x := range cols {
			if colour == nil {
				const shades = " .:-=+*#%@"
				grey := (int(upper[x]) + int(lower[x])) / 2
				line.WriteByte(shades[grey*(len(shades)-1)/255])
			} else {
				fmt.Fprintf(&line, "\x1b[38;%s;48;%sm▀", colour(upper[x]), colour(lower[x]))
			}
		}
		if colour != nil {
			line.WriteString("\x1b[0m")
		}
		fmt.Fprintln(w, line.String())
	}
}

// colourOf returns the greys of a terminal, nil if w is none, has no colours, or they are
// not wanted (https://no-color.org).
func colourOf(w io.Writer) colour {
	switch t := os.Getenv("COLORTERM"); {
	case !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb":
		return nil
	case t == "truecolor" || t == "24bit":
		return func(g byte) string { return fmt.Sprintf("2;%d;%d;%d", g, g, g) }
	}
	return func(g byte) string { return fmt.Sprintf("5;%d", 232+int(g)*23/255) } // 24 greys
}
