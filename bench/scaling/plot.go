package main

import (
	"fmt"
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

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
		for _, c := range pic.curves {
			var xy plotter.XYs
			for _, m := range points {
				if v := pic.value(m); m.Curve == c.name && v > 0 {
					xy = append(xy, plotter.XY{X: float64(m.Constraints), Y: v})
				}
			}
			if len(xy) == 0 {
				continue
			}
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
		if err := p.Save(16*vg.Centimeter, 10*vg.Centimeter, filepath.Join(dir, pic.file+".svg")); err != nil {
			return err
		}
	}
	return nil
}
