package model

import (
	"slices"
	"strings"
)

// convTranspose expands ConvTranspose (opsets 1 to 22): a convolution with the kernel turned
// around, of the image with stride-1 zeros between its pixels.
func (e *expander) convTranspose() error {
	group := 1
	auto := "NOTSET"
	var kernel, strides, dilations, pads, outPads, outShape []int
	err := e.attrs.Unpack("auto_pad?", &auto, "dilations?", &dilations, "group?", &group, "kernel_shape?", &kernel, "output_padding?", &outPads,
		"output_shape?", &outShape, "pads?", &pads, "strides?", &strides)
	if err != nil {
		return err
	}
	x, w := e.in[0].shape, e.in[1].shape
	n := len(x) - 2
	if n < 1 || len(w) != len(x) || group < 1 || x[1] != w[0] || x[1]%group != 0 {
		return malformed("X %v, W %v in %d groups", x, w, group)
	}
	or := func(list []int, v, n int) []int {
		if list == nil {
			return slices.Repeat([]int{v}, n)
		}
		return list
	}
	strides, dilations, outPads = or(strides, 1, n), or(dilations, 1, n), or(outPads, 0, n)
	given := pads != nil
	pads = or(pads, 0, 2*n)
	if kernel == nil {
		kernel = w[2:]
	}
	if !slices.Equal(kernel, w[2:]) || len(strides) != n || len(dilations) != n || len(outPads) != n || len(pads) != 2*n {
		return malformed("kernel %v, strides %v, dilations %v, pads %v, output padding %v", kernel, strides, dilations, pads, outPads)
	}
	y := e.arg(0)
	crop := make([]int, 2*n)
	for k := range n {
		if strides[k] < 1 || strides[k] > 1<<16 || dilations[k] < 1 || dilations[k] > 1<<16 || outPads[k] < 0 || outPads[k] > 1<<16 ||
			pads[k] < 0 || pads[n+k] < 0 || pads[k] > 1<<16 || pads[n+k] > 1<<16 {
			return malformed("strides %v, dilations %v, pads %v, output padding %v", strides, dilations, pads, outPads)
		}
		full := strides[k]*(x[2+k]-1) + outPads[k] + (kernel[k]-1)*dilations[k] + 1
		switch {
		case outShape != nil:
			want := outShape
			if len(want) == len(x) {
				want = want[2:]
			}
			if len(want) != n {
				return malformed("output_shape %v", outShape)
			}
			if pads[k], pads[n+k] = halves(full-want[k], auto == "SAME_UPPER"); full < want[k] {
				outPads[k] += want[k] - full
			}
		case auto == "SAME_UPPER" || auto == "SAME_LOWER":
			pads[k], pads[n+k] = halves(full-x[2+k]*strides[k], auto == "SAME_UPPER")
		case auto == "VALID" && given:
			pads[k], pads[n+k] = 0, 0
		}
		reach := (kernel[k] - 1) * dilations[k]
		crop[k], crop[n+k] = reach-pads[k], reach-pads[n+k]+outPads[k]
	}
	if y, err = e.spread(y, strides); err != nil {
		return err
	}
	// What lies beyond the edges is zero, or cut.
	shape, err := e.shapeOf(y)
	if err != nil {
		return err
	}
	all := make([]int, 2*len(x))
	for k := range n {
		all[2+k], all[len(x)+2+k] = crop[k], crop[n+k]
		if shape[2+k]+crop[k]+crop[n+k] < (kernel[k]-1)*dilations[k]+1 {
			return malformed("pads %v leave nothing", pads)
		}
	}
	y = e.do("Pad", y, e.list(all...))
	in := []string{y, e.turned(w, group, n)}
	if e.arg(2) != "" {
		in = append(in, e.arg(2))
	}
	e.set(0, e.with("Conv", Attrs{"group": group, "dilations": dilations, "kernel_shape": kernel}, in...))
	return nil
}

// halves divides a number of pads between begin and end.
func halves(total int, upper bool) (begin, end int) {
	total = max(total, 0)
	if upper {
		return total / 2, total - total/2
	}
	return total - total/2, total / 2
}

// spread puts stride-1 zeros behind each pixel but the last.
func (e *expander) spread(x string, strides []int) (string, error) {
	for k, s := range strides {
		axis := 2 + k
		shape, err := e.shapeOf(x)
		if err != nil {
			return "", err
		}
		n := shape[axis]
		if s == 1 || n == 0 {
			continue
		}
		split := slices.Insert(slices.Clone(shape), axis+1, 1)
		pads := make([]int, 2*len(split))
		pads[len(split)+axis+1] = s - 1
		x = e.do("Pad", e.reshape(x, split...), e.list(pads...))
		joined := slices.Clone(shape)
		joined[axis] = n * s
		x = e.slice(e.reshape(x, joined...), axis, 0, (n-1)*s+1)
	}
	return x, nil
}

// turned returns the weights [C, M/group, ...] as a convolution's [M, C/group, ...], reversed
// along the kernel's axes.
func (e *expander) turned(w []int, group, n int) string {
	y := e.arg(1)
	for k := range n {
		size := w[2+k]
		back := make([]int, size)
		for i := range back {
			back[i] = size - 1 - i
		}
		y = e.takeAxis(y, 2+k, back)
	}
	c, m := w[0]/group, w[1]
	y = e.reshape(y, append([]int{group, c, m}, w[2:]...)...)
	perm := []int{0, 2, 1}
	for k := range n {
		perm = append(perm, 3+k)
	}
	return e.reshape(e.transpose(y, perm...), append([]int{group * m, c}, w[2:]...)...)
}

// einsum expands Einsum (opset 12) as sums and products of matrices, two operands at a
// time. Diagonals and ellipses are not there.
func (e *expander) einsum() error {
	equation := ""
	if err := e.attrs.Unpack("equation", &equation); err != nil {
		return err
	}
	equation = strings.ReplaceAll(equation, " ", "")
	left, right, explicit := strings.Cut(equation, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(e.in) {
		return malformed("%d terms for %d inputs", len(terms), len(e.in))
	}
	var err error
	if terms, right, err = e.letters(terms, right, explicit); err != nil {
		return err
	}
	x, at := e.arg(0), terms[0]
	for i := 1; i < len(terms); i++ {
		keep := right + strings.Join(terms[i+1:], "")
		if x, at, err = e.contract(x, at, e.arg(i), terms[i], keep); err != nil {
			return err
		}
	}
	if x, at, err = e.sumOut(x, at, right); err != nil {
		return err
	}
	if len(at) != len(right) {
		return malformed("output %q of %q", right, left)
	}
	perm := make([]int, len(right))
	for i, c := range right {
		if perm[i] = strings.IndexRune(at, c); perm[i] < 0 {
			return malformed("output %q of %q", right, left)
		}
	}
	if len(perm) > 0 {
		x = e.transpose(x, perm...)
	}
	e.set(0, x)
	return nil
}

// letters checks the equation, spells ellipses out and finds the output if it is left out.
func (e *expander) letters(terms []string, right string, explicit bool) ([]string, string, error) {
	const dots = "..."
	spare := "αβγδεζηθικλμ"
	most := 0
	for i, t := range terms {
		if strings.Contains(t, dots) {
			most = max(most, len(e.in[i].shape)-(len(t)-len(dots)))
		}
	}
	if most > 12 || most < 0 {
		return nil, "", malformed("an ellipsis of %d axes", most)
	}
	runes := []rune(spare)[:most]
	size := map[rune]int{}
	count := map[rune]int{}
	for i, t := range terms {
		n := len(e.in[i].shape) - (len(t) - len(dots))
		if strings.Contains(t, dots) {
			if n < 0 {
				return nil, "", malformed("term %q for shape %v", t, e.in[i].shape)
			}
			t = strings.Replace(t, dots, string(runes[most-n:]), 1)
		}
		if len([]rune(t)) != len(e.in[i].shape) {
			return nil, "", malformed("term %q for shape %v", t, e.in[i].shape)
		}
		seen := map[rune]bool{}
		for k, c := range []rune(t) {
			d := e.in[i].shape[k]
			if seen[c] {
				return nil, "", unsupported("a diagonal, %q", t)
			}
			if before, ok := size[c]; ok && before != d {
				return nil, "", malformed("axis %c is %d and %d", c, before, d)
			}
			seen[c], size[c] = true, d
			count[c]++
		}
		terms[i] = t
	}
	if !explicit {
		right = string(runes)
		var once []rune
		for c, n := range count {
			if n == 1 && !slices.Contains(runes, c) {
				once = append(once, c)
			}
		}
		slices.Sort(once)
		right += string(once)
	}
	return single(terms), singleOf(strings.Replace(right, dots, string(runes), 1)), nil
}

// single maps the letters of terms to bytes, so that positions are indices.
func single(terms []string) []string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = singleOf(t)
	}
	return out
}

func singleOf(t string) string {
	var b []byte
	for _, c := range t {
		if c >= 'α' {
			c = c - 'α' + 1 // below every letter of an equation
		}
		b = append(b, byte(c))
	}
	return string(b)
}

// sumOut sums the axes of x that are not in keep.
func (e *expander) sumOut(x, at, keep string) (string, string, error) {
	var axes []int
	rest := ""
	for i := range len(at) {
		if strings.IndexByte(keep, at[i]) < 0 {
			axes = append(axes, i)
		} else {
			rest += at[i : i+1]
		}
	}
	if axes == nil {
		return x, at, nil
	}
	x = e.with("ReduceSum", Attrs{"keepdims": 0}, x, e.list(axes...))
	_, err := e.shapeOf(x)
	return x, rest, err
}

// contract multiplies two operands and sums the axes that nothing behind them keeps.
func (e *expander) contract(x, xa, y, ya, keep string) (string, string, error) {
	x, xa, err := e.sumOut(x, xa, keep+ya)
	if err != nil {
		return "", "", err
	}
	if y, ya, err = e.sumOut(y, ya, keep+xa); err != nil {
		return "", "", err
	}
	var batch, sum, left, right string
	for i := range len(xa) {
		c := xa[i : i+1]
		switch in, kept := strings.Contains(ya, c), strings.Contains(keep, c); {
		case in && kept:
			batch += c
		case in:
			sum += c
		default:
			left += c
		}
	}
	for i := range len(ya) {
		if c := ya[i : i+1]; !strings.Contains(xa, c) {
			right += c
		}
	}
	x, dims, err := e.grouped(x, xa, batch, left, sum)
	if err != nil {
		return "", "", err
	}
	y, other, err := e.grouped(y, ya, batch, sum, right)
	if err != nil {
		return "", "", err
	}
	shape := slices.Concat(dims[:len(batch)], dims[len(batch):len(batch)+len(left)], other[len(batch)+len(sum):])
	b, l, s, r := product(dims[:len(batch)]), product(dims[len(batch):len(batch)+len(left)]), product(dims[len(batch)+len(left):]), product(other[len(batch)+len(sum):])
	if sum == "" {
		x = e.do("Mul", e.reshape(x, b, l, 1), e.reshape(y, b, 1, r))
	} else {
		x = e.do("MatMul", e.reshape(x, b, l, s), e.reshape(y, b, s, r))
	}
	return e.reshape(x, shape...), batch + left + right, nil
}

// grouped transposes a value to the axes of three groups and returns their sizes.
func (e *expander) grouped(x, at string, groups ...string) (string, []int, error) {
	shape, err := e.shapeOf(x)
	if err != nil {
		return "", nil, err
	}
	order := strings.Join(groups, "")
	perm, dims := make([]int, len(order)), make([]int, len(order))
	for i := range len(order) {
		perm[i] = strings.IndexByte(at, order[i])
		dims[i] = shape[perm[i]]
	}
	if len(perm) > 1 {
		x = e.transpose(x, perm...)
	}
	return x, dims, nil
}
