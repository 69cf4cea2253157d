package model

import "math"

// bindPool implements MaxPool and AveragePool over any number of spatial axes:
// x [N,C,spatial...].
func bindPool(c *call) (*kernel, error) {
	var win window
	var includePad bool
	var storageOrder int
	attrs := win.attrs("ceil_mode?", &win.ceil)
	if c.op == "MaxPool" {
		attrs = append(attrs, "storage_order?", &storageOrder)
	} else {
		attrs = append(attrs, "count_include_pad?", &includePad)
	}
	if err := c.attrs.Unpack(attrs...); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	if len(x) < 3 {
		return nil, malformed("input %v", x)
	}
	if win.kernel == nil {
		return nil, malformed("attribute kernel_shape is missing")
	}
	if err := win.init(x[2:]); err != nil {
		return nil, err
	}
	if !win.touchesInput() {
		return nil, unsupported("a window inside the padding")
	}
	shape := append([]int{x[0], x[1]}, win.out...)
	k := returns(shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		if c.op == "MaxPool" {
			maxPool(&win, in[0].Float, out.Float)
		} else {
			averagePool(&win, in[0].Float, out.Float, includePad)
		}
	})
	k.work = saturatingProduct(shape, win.kernel...)
	return k, nil
}

func maxPool(w *window, x, out []float32) {
	inPlane, outPlane := product(w.in), product(w.out)
	stride := w.strides[len(w.strides)-1]
	for i := range out {
		out[i] = float32(math.Inf(-1))
	}
	for tap := range product(w.kernel) {
		for _, s := range w.spans(tap) {
			for p := range len(x) / max(inPlane, 1) {
				from, to := x[p*inPlane+s.in:], out[p*outPlane+s.out:][:s.n]
				for i, v := range to {
					to[i] = max(v, from[i*stride])
				}
			}
		}
	}
}

func averagePool(w *window, x, out []float32, includePad bool) {
	inPlane, outPlane := product(w.in), product(w.out)
	stride := w.strides[len(w.strides)-1]
	sum := make([]float64, len(out))
	for tap := range product(w.kernel) {
		for _, s := range w.spans(tap) {
			for p := range len(x) / max(inPlane, 1) {
				addStrided(sum[p*outPlane+s.out:][:s.n], x[p*inPlane+s.in:], stride, 1)
			}
		}
	}
	count := w.counts(includePad)
	for i, v := range sum {
		out[i] = float32(v / count[i%outPlane])
	}
}

// bindGlobalPool implements GlobalAveragePool and GlobalMaxPool: x [N,C,spatial...]
// to [N,C,1...].
func bindGlobalPool(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	if len(x) < 3 {
		return nil, malformed("input %v", x)
	}
	axes := make([]int, len(x)-2)
	for i := range axes {
		axes[i] = i + 2
	}
	op := "ReduceMean"
	if c.op == "GlobalMaxPool" {
		op = "ReduceMax"
	}
	return newReduce(op, c.in[0], axes, true)
}
