// Accuracy compares the embedded MNIST networks with their quantized programs over
// MNIST's whole test set.
//
//	go run ./bench/accuracy -mnist DIR
//
// DIR holds t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, gzipped (.gz) or not.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/consensys/gnark/logger"
	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

func main() {
	logger.Disable() // gnark's, between our lines
	dir := flag.String("mnist", "", "folder of MNIST's test set")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy: error:", err)
		os.Exit(2)
	}
}

func run(dir string) error {
	images, err := readIDX(filepath.Join(dir, "t10k-images-idx3-ubyte"))
	if err != nil {
		return err
	}
	labels, err := readIDX(filepath.Join(dir, "t10k-labels-idx1-ubyte"))
	if err != nil {
		return err
	}
	n := len(labels)
	if len(images) != n*784 {
		return fmt.Errorf("%d labels, %d pixels", n, len(images))
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "model\timages\tbits\tfloat top-1 %\tquantized top-1 %\tagreement %\tconstraints\t")
	for _, m := range []struct {
		name string
		onnx []byte
	}{{"lenet5", testdata.LeNet5()}, {"mlp", testdata.MLP()}} {
		r, err := measure(m.name, m.onnx, images, labels)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%.2f\t%.2f\t%.2f\t%d\t\n", m.name, n, r.bits, 100*r.float, 100*r.quantized, 100*r.agree, r.constraints)
	}
	return w.Flush()
}

type result struct {
	bits, constraints       int
	float, quantized, agree float64 // shares
}

func measure(name string, onnx, images, labels []byte) (r result, err error) {
	g, err := model.ParseONNX(name, onnx)
	if err != nil {
		return r, err
	}
	var samples [][]*model.Tensor
	for _, im := range testdata.Calibration() {
		samples = append(samples, []*model.Tensor{tensor(im)})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{})
	if err != nil {
		return r, err
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return r, err
	}
	r.bits, r.constraints = p.Report.Bits, c.Constraints()
	cmp := quantize.Comparison{}
	for i, label := range labels {
		cmp.Samples = append(cmp.Samples, []*model.Tensor{tensor(images[i*784:][:784])})
		cmp.Labels = append(cmp.Labels, int(label))
	}
	cmp.Want = func(i int) ([]*model.Tensor, error) { return g.Run(cmp.Samples[i]) }
	e, err := quantize.Evaluate(context.Background(), p, cmp)
	if err != nil {
		return r, err
	}
	r.float, r.quantized, r.agree = *e.FloatAccuracy, *e.Accuracy, e.Agreement
	return r, nil
}

func tensor(image []byte) *model.Tensor {
	return &model.Tensor{Shape: []int{1, 1, 28, 28}, Float: testdata.Scaled(image)}
}

// readIDX returns the elements of an IDX file of bytes, gzipped or not.
func readIDX(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		name += ".gz"
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if data, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	if len(data) < 4 || binary.BigEndian.Uint16(data[2:])>>8 != 8 || len(data) < 4+4*int(data[3]) {
		return nil, fmt.Errorf("%s is no IDX file of bytes", name)
	}
	return data[4+4*int(data[3]):], nil
}
