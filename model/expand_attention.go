package model

import (
	"math"
	"slices"
)

// attention is one node Attention, its queries, keys and values with the axes
// [batch, heads, positions, size]. Keys and values have fewer heads where several heads of
// queries share one.
type attention struct {
	*expander
	causal, mode, left, right int
	scale, softcap            float64

	q, k, v            string
	batch, heads, kept int // kept: heads of the keys
	rows, past, cols   int // queries, keys of former calls, keys with those
	given              int // keys of which attn_mask speaks
	size, valueSize    int
}

// attention expands Attention (opsets 23 to 25): softmax(scale·Q·Kᵀ + masks)·V. softcap
// stands between the product and the masks, query i sees the keys up to i + past where it is
// causal, and a row of which everything is masked gives zeros, as ONNX 1.23 has clarified it.
// Only a mask of floats that is computed and excludes a whole row by -∞ does not: it gives
// NaN, as the sum would.
func (e *expander) attention() error {
	a, err := e.newAttention()
	if err != nil {
		return err
	}
	e.set(1, a.k)
	e.set(2, a.v)
	k, v := a.shared(a.k), a.shared(a.v)
	scores := a.scores(k)
	capped := scores
	if a.softcap > 0 {
		c := e.float(a.softcap)
		capped = e.do("Mul", e.do("Tanh", e.do("Div", scores, c)), c)
	}
	m, err := a.masks()
	if err != nil {
		return err
	}
	weights := e.with("Softmax", Attrs{"axis": -1}, a.masked(m, capped, false))
	y := a.alive(m, e.do("MatMul", weights, v))
	if len(e.in[0].shape) == 3 {
		y = e.reshape(e.transpose(y, 0, 2, 1, 3), a.batch, a.rows, a.heads*a.valueSize)
	}
	e.set(0, y)
	if !e.wants(3) {
		return nil
	}
	switch a.mode {
	case 0:
		e.set(3, scores)
	case 1:
		e.set(3, capped)
	case 2:
		e.set(3, a.masked(m, capped, true))
	default:
		e.set(3, a.alive(m, weights))
	}
	return nil
}

// newAttention reads the attributes and the shapes.
func (e *expander) newAttention() (*attention, error) {
	a := &attention{expander: e, scale: math.NaN(), left: -1, right: -1}
	precision := 0 // of the softmax, which changes no number here
	err := e.attrs.Unpack("is_causal?", &a.causal, "kv_num_heads?", &a.kept, "left_window_size?", &a.left, "q_num_heads?", &a.heads,
		"qk_matmul_output_mode?", &a.mode, "right_window_size?", &a.right, "scale?", &a.scale, "softcap?", &a.softcap, "softmax_precision?", &precision)
	switch {
	case err != nil:
		return nil, err
	case a.causal != 0 && a.causal != 1:
		return nil, malformed("is_causal %d", a.causal)
	case a.mode < 0 || a.mode > 3:
		return nil, malformed("qk_matmul_output_mode %d", a.mode)
	case a.left < -1 || a.right < -1:
		return nil, malformed("left_window_size %d, right_window_size %d", a.left, a.right)
	case a.scale <= 0:
		return nil, unsupported("scale %v", a.scale)
	case a.softcap < 0:
		return nil, unsupported("softcap %v", a.softcap)
	case (e.input(4) == nil) != (e.input(5) == nil):
		return nil, malformed("one of past_key and past_value without the other")
	}
	for i := range min(6, len(e.in)) {
		if f := e.in[i]; f != nil && i != 3 && !f.typ.IsFloat() {
			return nil, malformed("input %d is %v", i, f.typ)
		}
	}
	if err := a.axes(); err != nil {
		return nil, err
	}
	if math.IsNaN(a.scale) {
		a.scale = 1 / math.Sqrt(float64(a.size))
	}
	return a, nil
}

// axes brings the inputs to four axes and sets their sizes.
func (a *attention) axes() error {
	var shapes [3][]int
	var names [3]string
	for i, heads := range []int{a.heads, a.kept, a.kept} {
		x := a.in[i].shape
		shapes[i], names[i] = x, a.arg(i)
		switch {
		case len(x) != len(a.in[0].shape) || len(x) != 3 && len(x) != 4:
			return malformed("shapes %v, %v and %v, want all of three or of four axes", a.in[0].shape, a.in[1].shape, a.in[2].shape)
		case len(x) == 4 && heads != 0 && heads != x[1]:
			return malformed("input %d of shape %v, but q_num_heads %d and kv_num_heads %d", i, x, a.heads, a.kept)
		case len(x) == 3 && (heads < 1 || x[2]%heads != 0):
			return malformed("input %d of shape %v for q_num_heads %d and kv_num_heads %d", i, x, a.heads, a.kept)
		case len(x) == 3:
			names[i] = a.transpose(a.reshape(names[i], x[0], x[1], heads, x[2]/heads), 0, 2, 1, 3)
			shapes[i] = []int{x[0], heads, x[1], x[2] / heads}
		}
	}
	q, k, v := shapes[0], shapes[1], shapes[2]
	if product(q) == 0 || product(k) == 0 || product(v) == 0 {
		return unsupported("inputs of shapes %v, %v and %v", a.in[0].shape, a.in[1].shape, a.in[2].shape)
	}
	if k[0] != q[0] || v[0] != q[0] || v[1] != k[1] || q[1]%k[1] != 0 || v[2] != k[2] || k[3] != q[3] {
		return malformed("queries %v, keys %v and values %v, as batch, heads, positions and size", q, k, v)
	}
	a.batch, a.heads, a.rows, a.size = q[0], q[1], q[2], q[3]
	a.kept, a.cols, a.valueSize = k[1], k[2], v[3]
	a.q, a.k, a.v = names[0], names[1], names[2]
	if a.input(4) == nil {
		return nil
	}
	pk, pv := a.in[4].shape, a.in[5].shape
	if len(pk) == 4 {
		a.past = pk[2]
	}
	if !slices.Equal(pk, []int{a.batch, a.kept, a.past, a.size}) || !slices.Equal(pv, []int{a.batch, a.kept, a.past, a.valueSize}) {
		return malformed("past_key %v and past_value %v for keys %v and values %v", pk, pv, k, v)
	}
	a.cols += a.past
	a.k, a.v = a.join(2, a.arg(4), a.k), a.join(2, a.arg(5), a.v)
	return nil
}

// shared repeats each head of keys or values for the heads of queries that share it.
func (a *attention) shared(x string) string {
	if a.heads == a.kept {
		return x
	}
	at := make([]int, a.heads)
	for h := range at {
		at[h] = h / (a.heads / a.kept)
	}
	return a.takeAxis(x, 1, at)
}

// scores returns scale·Q·Kᵀ. Powers of two cost nothing behind the product, other scales less
// where there are fewer numbers.
func (a *attention) scores(k string) string {
	k = a.transpose(k, 0, 1, 3, 2)
	scale := a.float(a.scale)
	if fraction, _ := math.Frexp(a.scale); fraction != 0.5 && a.size < a.cols {
		return a.do("MatMul", a.do("Mul", a.q, scale), k)
	}
	return a.do("Mul", a.do("MatMul", a.q, k), scale)
}

// attentionMasks is what keeps keys from queries.
type attentionMasks struct {
	bias  string  // computed, added to the scores, "" for none
	added *Tensor // constant, with -∞ where a key is not seen, nil for none
	open  string  // computed, true where a key is seen, "" for everywhere
	rows  string  // true for rows that see something, "" for all rows
	empty []int   // rows of added that see nothing
}

// masked adds the masks to the scores. Where a key is not seen, they are -∞ if they are an
// output. A softmax of nothing else has no value: it gets zeros in such rows, or a number
// that is so low where it is not known which rows they are, and its result is not used.
func (a *attention) masked(m *attentionMasks, scores string, exact bool) string {
	if m.bias != "" {
		scores = a.do("Add", scores, m.bias)
	}
	if m.added != nil {
		t := m.added
		if !exact && m.empty != nil {
			t = &Tensor{Shape: t.Shape, Float: slices.Clone(t.Float)}
			for _, r := range m.empty {
				clear(t.Float[r*a.cols : (r+1)*a.cols])
			}
		}
		scores = a.do("Add", scores, a.constant(t))
	}
	switch {
	case m.open == "":
		return scores
	case exact:
		return a.do("Where", m.open, scores, a.float(math.Inf(-1)))
	}
	return a.do("Where", m.open, scores, a.float(-1e9))
}

// alive puts zeros into the rows that see nothing.
func (a *attention) alive(m *attentionMasks, x string) string {
	if m.rows == "" {
		return x
	}
	return a.do("Where", m.rows, x, a.float(0))
}

// masks gathers attn_mask, is_causal, the windows and nonpad_kv_seqlen.
func (a *attention) masks() (*attentionMasks, error) {
	m := new(attentionMasks)
	mask, name, err := a.mask()
	if err != nil {
		return nil, err
	}
	added, err := a.constantMask(mask)
	if err != nil {
		return nil, err
	}
	switch {
	case mask == nil || mask.value != nil:
	case mask.typ == Bool:
		a.chosen(m, name, added)
		return m, nil
	default:
		m.bias = name
	}
	if m.added = added; added == nil {
		return m, nil
	}
	alive := &Tensor{Shape: slices.Clone(added.Shape)}
	alive.Shape[len(alive.Shape)-1] = 1
	for r := range len(added.Float) / a.cols {
		seen := slices.ContainsFunc(added.Float[r*a.cols:(r+1)*a.cols], func(v float32) bool { return !math.IsInf(float64(v), -1) })
		if alive.Int = append(alive.Int, truth(seen)); !seen {
			m.empty = append(m.empty, r)
		}
	}
	if m.empty != nil {
		m.rows = a.condition(alive)
	}
	return m, nil
}

// condition adds a constant of 0 and 1.
func (a *attention) condition(t *Tensor) string { return a.with("Cast", Attrs{"to": 9}, a.constant(t)) }

// chosen sets the masks of a computed condition, and a constant one beside it.
func (a *attention) chosen(m *attentionMasks, open string, added *Tensor) {
	if added != nil {
		t := &Tensor{Shape: added.Shape, Int: make([]int64, len(added.Float))}
		for i, v := range added.Float {
			t.Int[i] = truth(v == 0)
		}
		open = a.do("And", open, a.condition(t))
	}
	most := a.with("ReduceMax", Attrs{"keepdims": 1}, a.with("Cast", Attrs{"to": 1}, open), a.list(-1))
	m.open, m.rows = open, a.do("Greater", most, a.float(0.5))
}

// mask returns attn_mask, nil if there is none, with as many columns as there are keys.
func (a *attention) mask() (*fact, string, error) {
	f, name := a.input(3), a.arg(3)
	if f == nil {
		return nil, "", nil
	}
	n := len(f.shape)
	if f.typ != Bool && !f.typ.IsFloat() || n < 1 || n > 4 {
		return nil, "", malformed("attn_mask is %v %v", f.typ, f.shape)
	}
	a.given = a.cols
	if last := f.shape[n-1]; last < a.cols && last > 1 { // the others are not seen
		filled := slices.Clone(f.shape)
		filled[n-1] = a.cols - last
		if err := affordable(filled...); err != nil {
			return nil, "", err
		}
		fill := a.constant(newTensor(filled, f.typ))
		a.facts[fill].typ, a.given = f.typ, last
		name = a.join(n-1, name, fill)
		if f = a.facts[name]; f == nil {
			return nil, "", unsupported("attn_mask")
		}
	} else if last != a.cols && a.cols > 1 {
		return nil, "", unsupported("attn_mask of shape %v for %d keys", f.shape, a.cols)
	}
	if b, err := broadcastShape(f.shape, []int{a.batch, a.heads, a.rows, a.cols}); err != nil || product(b) != a.batch*a.heads*a.rows*a.cols {
		return nil, "", malformed("attn_mask of shape %v for scores of shape %v", f.shape, []int{a.batch, a.heads, a.rows, a.cols})
	}
	return f, name, nil
}

// constantMask returns what constants add to the scores, with -∞ for keys that are not seen,
// nil for nothing.
func (a *attention) constantMask(mask *fact) (*Tensor, error) {
	valid, err := a.needLengths()
	if err != nil {
		return nil, err
	}
	if valid == nil && a.causal == 0 && a.left < 0 && a.right < 0 && (mask == nil || mask.value == nil && a.given == a.cols) {
		return nil, nil
	}
	parts := []*fact{{shape: []int{1, 1, a.rows, a.cols}}}
	if valid != nil {
		parts[0].shape[0] = a.batch
	}
	var given []float32
	if mask != nil && mask.value != nil {
		parts = append(parts, mask)
		if given = mask.value.Float; given == nil {
			for _, v := range mask.value.Int {
				given = append(given, unless(v != 0))
			}
		}
	}
	b, err := newBroadcast(parts...)
	if err != nil {
		return nil, err
	}
	if err := affordable(b.shape...); err != nil {
		return nil, err
	}
	t := &Tensor{Shape: b.shape, Float: make([]float32, 0, product(b.shape))}
	walk(b.shape, nil, b.strides, func(at []int) {
		batch, i, j := at[0]/(a.rows*a.cols), at[0]/a.cols%a.rows, at[0]%a.cols
		seen := mask == nil || j < a.given
		i += a.past // among all keys
		if valid != nil {
			i += valid[batch] - a.rows
			seen = seen && j < valid[batch]
		}
		v := unless(seen && (a.causal == 0 || j <= i) && (a.left < 0 || i-j <= a.left) && (a.right < 0 || j-i <= a.right))
		if given != nil {
			v += given[at[1]]
		}
		t.Float = append(t.Float, v)
	})
	if !slices.ContainsFunc(t.Float, func(v float32) bool { return v != 0 }) {
		return nil, nil
	}
	return t, nil
}

// unless is what is added to a score: 0 if the key is seen, else -∞.
func unless(seen bool) float32 {
	if seen {
		return 0
	}
	return float32(math.Inf(-1))
}

// needLengths returns nonpad_kv_seqlen, nil if it was left out.
func (a *attention) needLengths() ([]int, error) {
	f := a.input(6)
	switch {
	case f == nil:
		return nil, nil
	case a.past > 0:
		return nil, malformed("nonpad_kv_seqlen together with past_key")
	case f.value == nil:
		return nil, unsupported("nonpad_kv_seqlen that depends on data")
	case f.value.Int == nil || f.value.Len() != a.batch:
		return nil, malformed("nonpad_kv_seqlen of shape %v for %d examples", f.shape, a.batch)
	}
	v := make([]int, a.batch)
	for i, n := range f.value.Int {
		if n < 0 || n > int64(a.cols) {
			return nil, malformed("nonpad_kv_seqlen %d for %d keys", n, a.cols)
		}
		v[i] = int(n)
	}
	return v, nil
}
