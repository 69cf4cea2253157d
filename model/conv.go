package model

import "slices"

// bindConv implements Conv over any number of spatial axes:
// x [N,C,spatial...], w [M,C/group,kernel...], optional bias [M].
func bindConv(c *call) (*kernel, error) {
	group := 1
	var win window
	if err := c.attrs.Unpack(win.attrs("group?", &group)...); err != nil {
		return nil, err
	}
	x, w := c.in[0].shape, c.in[1].shape
	if len(x) < 3 || len(w) != len(x) {
		return nil, malformed("input %v and weights %v", x, w)
	}
	if win.kernel == nil {
		win.kernel = w[2:]
	}
	if !slices.Equal(win.kernel, w[2:]) {
		return nil, malformed("kernel_shape %v, weights %v", win.kernel, w)
	}
	channels, filters := x[1], w[0]
	if group < 1 || channels%group != 0 || filters%group != 0 || w[1] != channels/group {
		return nil, malformed("input %v, weights %v, group %d", x, w, group)
	}
	if b := c.input(2); b != nil && !slices.Equal(b.shape, []int{filters}) {
		return nil, malformed("bias %v, want [%d]", b.shape, filters)
	}
	if err := win.init(x[2:]); err != nil {
		return nil, err
	}
	shape := append([]int{x[0], filters}, win.out...)
	k := returns(shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		var bias []float32
		if len(in) > 2 && in[2] != nil {
			bias = in[2].Float
		}
		inLen, outLen := channels*product(win.in), filters*product(win.out)
		acc := make([]float64, outLen)
		for n := range x[0] {
			convolve(&win, in[0].Float[n*inLen:][:inLen], in[1].Float, bias, acc, group)
			for i, v := range acc {
				out.Float[n*outLen+i] = float32(v)
			}
		}
	})
	k.work = saturatingProduct(shape, w[1:]...)
	return k, nil
}

// convolve sets acc [M,out...] from x [C,in...], w [M,C/group,kernel...] and bias.
func convolve(win *window, x, w, bias []float32, acc []float64, group int) {
	inPlane, outPlane, taps := product(win.in), product(win.out), product(win.kernel)
	if len(acc) == 0 {
		return
	}
	filters := len(acc) / outPlane
	for i := range acc {
		acc[i] = 0
		if bias != nil {
			acc[i] = float64(bias[i/outPlane])
		}
	}
	if len(w) == 0 {
		return
	}
	channels := len(w) / taps / filters // per group
	stride := win.strides[len(win.strides)-1]
	for tap := range taps {
		spans := win.spans(tap)
		for m := range filters {
			plane := acc[m*outPlane:][:outPlane]
			firstChannel := m / (filters / group) * channels
			for c := range channels {
				weight := float64(w[(m*channels+c)*taps+tap])
				if weight == 0 {
					continue
				}
				from := x[(firstChannel+c)*inPlane:][:inPlane]
				for _, s := range spans {
					addStrided(plane[s.out:][:s.n], from[s.in:], stride, weight)
				}
			}
		}
	}
}

// addStrided adds w*x[i*stride] to acc[i]. The products are exact.
func addStrided(acc []float64, x []float32, stride int, w float64) {
	if stride == 1 {
		for i, v := range x[:len(acc)] {
			acc[i] += w * float64(v)
		}
		return
	}
	for i := range acc {
		acc[i] += w * float64(x[i*stride])
	}
}
