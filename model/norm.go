package model

import (
	"math"
	"slices"
)

// bindBatchNorm implements BatchNormalization as inference has it:
// scale*(x-mean)/sqrt(var+epsilon)+bias for each channel of x [N,C,...].
func bindBatchNorm(c *call) (*kernel, error) {
	epsilon, momentum, spatial := 1e-5, 0.9, true
	var training bool
	err := c.attrs.Unpack("epsilon?", &epsilon, "momentum?", &momentum, "spatial?", &spatial, "training_mode?", &training)
	if err != nil {
		return nil, err
	}
	if training || !spatial {
		return nil, unsupported("training_mode 1 or spatial 0")
	}
	x := c.in[0].shape
	if len(x) < 2 {
		return nil, malformed("input %v", x)
	}
	for i, f := range c.in[1:] {
		if !slices.Equal(f.shape, x[1:2]) {
			return nil, malformed("input %d of shape %v, want [%d]", i+1, f.shape, x[1])
		}
	}
	return returns(x, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		plane := product(x[2:])
		for i, v := range in[0].Float {
			ch := i / plane % x[1]
			a := float64(in[1].Float[ch]) / math.Sqrt(float64(in[4].Float[ch])+epsilon)
			out.Float[i] = float32(a*(float64(v)-float64(in[3].Float[ch]))) + in[2].Float[ch]
		}
	}), nil
}

// bindInstanceNorm implements InstanceNormalization: each channel of each sample of
// x [N,C,spatial...] is normalised by its own mean and variance.
func bindInstanceNorm(c *call) (*kernel, error) {
	epsilon := 1e-5
	if err := c.attrs.Unpack("epsilon?", &epsilon); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	if len(x) < 3 {
		return nil, malformed("input %v", x)
	}
	for i, f := range c.in[1:] {
		if !slices.Equal(f.shape, x[1:2]) {
			return nil, malformed("input %d of shape %v, want [%d]", i+1, f.shape, x[1])
		}
	}
	return returns(x, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		plane := product(x[2:])
		for p := range x[0] * x[1] {
			to := out.Float[p*plane:][:plane]
			normalize(to, in[0].Float[p*plane:][:plane], epsilon)
			scale, bias := in[1].Float[p%x[1]], in[2].Float[p%x[1]]
			for i, v := range to {
				to[i] = float32(v*scale) + bias
			}
		}
	}), nil
}

// bindLayerNorm implements LayerNormalization over the axes from axis on; scale and
// bias broadcast to the input.
func bindLayerNorm(c *call) (*kernel, error) {
	axis, epsilon, stash := -1, 1e-5, 1
	if err := c.attrs.Unpack("axis?", &axis, "epsilon?", &epsilon, "stash_type?", &stash); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return nil, err
	}
	affine := make([][]int, 0, 2)
	for i, f := range c.in[1:] {
		if f == nil {
			continue
		}
		if !broadcastsTo(f.shape, x) {
			return nil, malformed("input %d of shape %v does not broadcast to %v", i+1, f.shape, x)
		}
		affine = append(affine, broadcastStrides(f.shape, x))
	}
	return returns(x, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		row := product(x[axis:])
		for i := 0; i+row <= len(out.Float) && row > 0; i += row {
			normalize(out.Float[i:][:row], in[0].Float[i:][:row], epsilon)
		}
		i := 0
		walk(x, nil, affine, func(at []int) {
			v := float32(out.Float[i] * in[1].Float[at[0]])
			if len(at) > 1 {
				v += in[2].Float[at[1]]
			}
			out.Float[i] = v
			i++
		})
	}), nil
}

// normalize sets out to (x-mean)/sqrt(variance+epsilon).
func normalize(out, x []float32, epsilon float64) {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		squares += float64(d * d)
	}
	scale := 1 / math.Sqrt(squares/float64(len(x))+epsilon)
	for i, v := range x {
		out[i] = float32((float64(v) - mean) * scale)
	}
}
