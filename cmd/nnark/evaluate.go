package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
)

// evaluateReport is the JSON object of evaluate.
type evaluateReport struct {
	*quantize.Evaluation
	Reference string `json:"reference,omitempty"` // file of the network or outputs compared with
	Plot      string `json:"plot,omitempty"`      // file written
}

func evaluate(c *command) (report, error) {
	data := c.flags.String("data", "", "the inputs in `FILE`")
	onnx := c.flags.String("onnx", "", "compare with what the network in `MODEL.onnx` says")
	want := c.flags.String("want", "", "compare with the outputs in `FILE`, arrays by the outputs' names")
	labels := c.flags.String("labels", "", "the class of each input in `FILE`: numbers or labels, an array or lines")
	plot := c.flags.String("plot", "", "draw the errors of the inputs into `FILE.svg`")
	shapes := shapeFlags(c)
	if err := c.parse([]string{"M.nnark"}, "data"); err != nil {
		return nil, err
	}
	if *onnx != "" && *want != "" {
		return nil, usageError{c.verb, "--onnx and --want are two references"}
	}
	if *plot != "" && *onnx+*want == "" {
		return nil, usageError{c.verb, "--plot draws errors, which need --onnx or --want"}
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	r := &evaluateReport{Reference: *onnx + *want, Plot: *plot}
	var cmp quantize.Comparison
	if cmp.Samples, err = model.LoadInputs(*data, rowInputs(p)); err != nil {
		return nil, err
	}
	if cmp.Want, err = reference(p, *onnx, *want, *data, *shapes, len(cmp.Samples)); err != nil {
		return nil, err
	}
	if *labels != "" {
		if cmp.Labels, err = readLabels(*labels, p.Labels, classes(p)); err != nil {
			return nil, err
		}
	}
	show, clear := c.progress()
	defer clear()
	if show != nil {
		cmp.Done = func(n int) {
			show(fmt.Sprintf("%d/%d", n, len(cmp.Samples)), float64(n)/float64(len(cmp.Samples)))
		}
	}
	if r.Evaluation, err = quantize.Evaluate(c.ctx, p, cmp); err != nil {
		return nil, fmt.Errorf("%s: %w", *data, err)
	}
	if *plot != "" {
		return r, writeFile(*plot, 0o644, errorPlot(r.Errors, p.Name))
	}
	return r, nil
}

// reference returns what tells the outputs that are wanted, nil if nothing does.
func reference(p *circuits.Program, onnx, want, data string, shapes []model.Option, n int) (func(int) ([]*model.Tensor, error), error) {
	switch {
	case want != "":
		var outputs []model.Value
		_, row := p.Row()
		for _, o := range row {
			outputs = append(outputs, model.Value{Name: o.Name, Shape: o.Shape, Type: model.Float32})
		}
		all, err := model.LoadInputs(want, outputs)
		if err != nil {
			return nil, err
		}
		if len(all) != n {
			return nil, fmt.Errorf("%s: outputs of %d inputs, want %d: %w", want, len(all), n, errSamples)
		}
		return func(i int) ([]*model.Tensor, error) { return all[i], nil }, nil
	case onnx != "":
		g, err := model.LoadONNXFor(onnx, data, shapes...)
		if err != nil {
			return nil, err
		}
		in, err := model.LoadInputs(data, g.Inputs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", onnx, err)
		}
		return func(i int) ([]*model.Tensor, error) { return g.Run(in[i]) }, nil
	}
	return nil, nil
}

// classes returns how many classes the answers of a program are of, 0 if that is not known.
func classes(p *circuits.Program) int {
	if len(p.Outputs) != 1 {
		return 0
	}
	_, row := p.Row()
	return circuits.Type{Shape: row[0].Shape}.Size()
}

// maxRejections bounds the rejected inputs in a table.
const maxRejections = 5

func (r *evaluateReport) text(w io.Writer) {
	row(w, "inputs", count(r.Samples))
	rejected := count(len(r.Rejected))
	if n := len(r.Rejected); n > 0 {
		rejected += fmt.Sprintf(", %s", percent(float64(n)/float64(r.Samples)))
	}
	row(w, "rejected", rejected)
	if r.Reference != "" {
		row(w, "relative error", percent(r.RelativeError))
		integersRow(w, r.Integers, r.Samples-len(r.Rejected))
		if r.Agreement > 0 {
			row(w, "same answer", fmt.Sprintf("%s of the inputs", percent(r.Agreement)))
		}
	}
	if r.Accuracy != nil {
		text := percent(*r.Accuracy)
		if r.FloatAccuracy != nil {
			text += fmt.Sprintf(", the float network %s", percent(*r.FloatAccuracy))
		}
		row(w, "accuracy", text)
	}
	if r.Plot != "" {
		row(w, "plot", r.Plot)
	}
	errorRows(w, r.Outputs)
	if len(r.Worst) > 0 {
		row(w)
		row(w, "worst inputs", "error", "answer", "float", "label")
		class := func(c *int) string {
			if c == nil {
				return ""
			}
			return fmt.Sprint(*c)
		}
		for _, k := range r.Worst {
			row(w, fmt.Sprintf("  %d", k.Sample), percent(k.RelativeError), class(k.Class), class(k.FloatClass), class(k.Label))
		}
	}
	if len(r.Rejected) > 0 {
		row(w)
		row(w, "rejected inputs", "reason")
	}
	for _, x := range r.Rejected[:min(len(r.Rejected), maxRejections)] {
		row(w, fmt.Sprintf("  %d", x.Sample), x.Reason)
	}
	if more := len(r.Rejected) - maxRejections; more > 0 {
		row(w, fmt.Sprintf("  … %s more", count(more)))
	}
}

// errorRows shows the absolute errors of outputs.
func errorRows(w io.Writer, outputs []circuits.OutputError) {
	if len(outputs) == 0 {
		return
	}
	row(w)
	row(w, "absolute error", "mean", "worst input", "largest")
	for _, o := range outputs {
		row(w, "  "+o.Name, fmt.Sprintf("%.3g", o.Mean), fmt.Sprintf("%.3g", o.Worst), fmt.Sprintf("%.3g", o.Max))
	}
}

// rangeFlags adds the flags that say what inputs are accepted.
func rangeFlags(c *command) *[]quantize.Option {
	var options []quantize.Option
	c.flags.Func("input-range", "the reals an input may hold, `x=-1,1`; may be given for several (default what the samples show, and a margin)", func(s string) error {
		name, list, named := strings.Cut(s, "=")
		if !named {
			name, list = "", s
		}
		var lo, hi float64
		if n, err := fmt.Sscanf(list, "%g,%g\n", &lo, &hi); n != 2 || err != nil || !(lo < hi) || math.IsInf(hi-lo, 0) {
			return fmt.Errorf("want NAME=LEAST,LARGEST")
		}
		options = append(options, quantize.InputRange(name, lo, hi))
		return nil
	})
	c.flags.Func("out-of-range", "`refuse|saturate` inputs beyond the range (default refuse)", func(s string) error {
		switch s {
		case "saturate":
			options = append(options, quantize.Saturate())
		case "refuse":
		default:
			return fmt.Errorf("want refuse|saturate")
		}
		return nil
	})
	return &options
}

// errorPlot draws how many inputs have which relative error, by powers of ten.
func errorPlot(errors []float64, name string) []byte {
	const (
		bins, perDecade     = 24, 4
		width, height, left = 640, 320, 50
		wide, tall          = width - left - 10, height - 80
	)
	top := math.Inf(-1)
	for _, e := range errors {
		if e > 0 {
			top = max(top, math.Log10(e))
		}
	}
	if math.IsInf(top, -1) {
		top = 0
	}
	last := math.Ceil(top*perDecade) / perDecade // the right end, and all of no or a smaller error on the left
	var counts [bins]int
	most, seen := 1, 0
	for _, e := range errors {
		if math.IsNaN(e) {
			continue
		}
		at := 0
		if e > 0 {
			at = min(max(bins-1-int((last-math.Log10(e))*perDecade), 0), bins-1)
		}
		counts[at]++
		seen++
		most = max(most, counts[at])
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">%s: relative error of %s inputs</text>`+"\n", left, escaped(name), count(seen))
	for i, n := range counts {
		h := float64(tall*n) / float64(most)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#3b6ea5"><title>%d</title></rect>`+"\n",
			left+float64(wide*i)/bins+1, 40+tall-h, float64(wide)/bins-2, h, n)
	}
	fmt.Fprintf(&b, `<path d="M%d %dh%d" stroke="#333"/>`+"\n", left, 40+tall, wide)
	for i := 0; i <= bins; i++ {
		if e := last - float64(bins-i)/perDecade; e == math.Floor(e) {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", left+float64(wide*i)/bins, 58+tall, escaped(fmt.Sprintf("%g %%", math.Pow(10, e+2))))
		}
	}
	fmt.Fprintf(&b, `<text x="%d" y="50" text-anchor="end">%s</text>`+"\n", left-6, count(most))
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">0</text>`+"\n</svg>\n", left-6, 40+tall)
	return []byte(b.String())
}

// escaped returns a text as it stands in XML.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(printable(s))
}
