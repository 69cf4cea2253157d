// Plot draws the curves of bench/scaling: go run . FOLDER, with its scaling.csv in it.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// point is a measurement, a row of the file.
type point struct {
	Curve               string
	Constraints         int
	Seconds             float64
	PeakBytes, KeyBytes int64
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run . FOLDER")
		os.Exit(2)
	}
	kernels, points, err := load(filepath.Join(os.Args[1], "scaling.csv"))
	if err == nil {
		err = pictures(os.Args[1], kernels, points)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "plot: error:", err)
		os.Exit(2)
	}
}

// curve is a line of a picture.
type curve struct {
	name, title string
	colour      color.RGBA
	dashed      bool
}

var (
	gnarkColour   = color.RGBA{0x9a, 0x9a, 0x9a, 0xff}
	unboundColour = color.RGBA{0x1f, 0x6f, 0xb4, 0xff}
	boundColour   = color.RGBA{0x0f, 0x9d, 0x58, 0xff}
)

// pictures draws all curves.
func pictures(dir, kernels string, points []point) error {
	seconds := func(p point) float64 { return p.Seconds }
	peakMB := func(p point) float64 { return float64(p.PeakBytes) / 1e6 }
	keyMB := func(p point) float64 { return float64(p.KeyBytes) / 1e6 }
	each := func(p point) float64 { return p.Seconds / float64(p.Constraints) }
	for _, pic := range []struct {
		file, title, x, y string
		value             func(point) float64
		curves            []curve
	}{
		{"prove", "Proving", "constraints", "seconds", seconds, []curve{
			{"gnark chain prove", "gnark, full-size values", gnarkColour, true},
			{"network gnark", "gnark, network", gnarkColour, false},
			{"nnark chain prove", "nnark, full-size values", unboundColour, true},
			{"network unbound", "nnark, network", unboundColour, false},
			{"network bound", "nnark, network, bound key", boundColour, false},
		}},
		{"setup", "Setup", "constraints", "seconds", seconds, []curve{
			{"gnark chain setup", "gnark, full-size values", gnarkColour, true},
			{"nnark chain setup", "nnark, full-size values", unboundColour, true},
			{"network setup", "nnark, network", unboundColour, false},
		}},
		{"memory", "Peak memory of the process that proves", "constraints", "MB", peakMB, []curve{
			{"gnark chain prove", "gnark, full-size values", gnarkColour, true},
			{"nnark chain prove", "nnark, full-size values", unboundColour, true},
			{"network bound", "nnark, network, bound key", boundColour, false},
		}},
		{"key", "Proving key", "constraints", "MB", keyMB, []curve{
			{"gnark chain setup", "gnark, full-size values", gnarkColour, true},
			{"nnark chain setup", "nnark, full-size values", unboundColour, true},
			{"network unbound", "nnark, network", unboundColour, false},
			{"network bound", "nnark, network, bound key", boundColour, false},
		}},
		{"inputs", "Many inputs in one run: MNIST MLP", "inputs", "seconds a proof", each, []curve{
			{"inputs gnark", "gnark, one after the other", gnarkColour, false},
			{"inputs nnark", "nnark, bound key", boundColour, false},
		}},
	} {
		p := plot.New()
		p.Title.Text = fmt.Sprintf("%s (%s)", pic.title, kernels)
		p.X.Label.Text, p.Y.Label.Text = pic.x, pic.y
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
		p.Legend.Top, p.Legend.Left = true, pic.file != "inputs"
		p.Add(plotter.NewGrid())
		curves := 0
		for _, c := range pic.curves {
			var xy plotter.XYs
			for _, m := range points {
				if v := pic.value(m); m.Curve == c.name && v > 0 {
					xy = append(xy, plotter.XY{X: float64(m.Constraints), Y: v})
				}
			}
			if len(xy) < 2 || xy[0].X == xy[len(xy)-1].X { // no curve
				continue
			}
			curves++
			line, dots, err := plotter.NewLinePoints(xy)
			if err != nil {
				return err
			}
			line.Color, line.Width, dots.Color, dots.Radius = c.colour, vg.Points(1.5), c.colour, vg.Points(2)
			if c.dashed {
				line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
			}
			p.Add(line, dots)
			p.Legend.Add(c.title, line)
		}
		if curves == 0 {
			continue
		}
		if err := p.Save(16*vg.Centimeter, 10*vg.Centimeter, filepath.Join(dir, pic.file+".svg")); err != nil {
			return err
		}
	}
	return nil
}

func load(path string) (kernels string, points []point, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return "", nil, errors.Join(err, errors.New("no measurements"))
	}
	for _, r := range rows[1:] {
		p := point{Curve: r[0]}
		var errs [4]error
		p.Constraints, errs[0] = strconv.Atoi(r[1])
		p.Seconds, errs[1] = strconv.ParseFloat(r[2], 64)
		p.PeakBytes, errs[2] = strconv.ParseInt(r[3], 10, 64)
		p.KeyBytes, errs[3] = strconv.ParseInt(r[4], 10, 64)
		if err := errors.Join(errs[:]...); err != nil {
			return "", nil, err
		}
		points = append(points, p)
	}
	return rows[0][0], points, nil
}
