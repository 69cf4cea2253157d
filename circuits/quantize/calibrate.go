package quantize

import (
	"math"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// calibration is what samples show of the float network: the range of every value, a
// sample of its elements, and the outputs.
type calibration struct {
	graph   *model.Graph
	nodes   []*model.Node // the graph's, groups that are one function replaced by it
	values  map[string]*observed
	samples [][]*model.Tensor
	outputs [][]*model.Tensor // of each sample

	*options
	spans    map[string]span // of the inputs, over all samples that were given
	given    int             // how many they were
	warnings []string
}

// One sample in heldOutEvery is kept from the choice of scales, where there are enough.
const heldOutEvery, leastToHoldOut = 5, 20

// fits reports whether scales are chosen from sample k.
func (c *calibration) fits(k int) bool {
	return len(c.samples) < leastToHoldOut || k%heldOutEvery != heldOutEvery-1
}

// observed is what the samples show of one value.
type observed struct {
	lo, hi  float64
	integer bool      // of an integer type or bool
	kept    []float32 // up to maxKept elements, spread over samples and positions
	sizes   [sizeClasses]sizeClass
	shape   []int
	sum     []float64 // of each element over the samples
	count   int
	table   bool // of a network on tables: there are outliers, which must not saturate
	roomy   bool // unseen values may be twice as large, and must not saturate
	masks   bool // of a softmax's scores: there were masked ones, forgotten
}

const (
	maxSamples = 500  // samples that calibration and the accuracy check look at
	maxKept    = 8192 // elements of a value that choose its scale
)

// calibrate runs the float network on the samples.
func calibrate(g *model.Graph, samples [][]*model.Tensor) (*calibration, error) {
	c := &calibration{graph: g, nodes: recognised(g), values: map[string]*observed{}, spans: map[string]span{}, given: len(samples)}
	for i, in := range g.Inputs {
		c.spans[in.Name] = spanOf(samples, i)
	}
	c.warnings = warnings(g, samples, c.spans)
	samples = samples[:min(len(samples), maxSamples)]
	c.samples = samples
	for k, s := range samples {
		byName := map[string]*model.Tensor{}
		err := g.Trace(s, func(name string, t *model.Tensor) {
			byName[name] = t
			if !c.fits(k) {
				return
			}
			x := t.Floats()
			v := c.values[name]
			if v == nil {
				v = &observed{lo: math.Inf(1), hi: math.Inf(-1), shape: t.Shape, integer: t.Float == nil, sum: make([]float64, len(x))}
				c.values[name] = v
			}
			v.observe(x, maxKept/len(samples)+1)
		})
		if err != nil {
			return nil, err
		}
		for _, v := range c.values {
			v.table = onTables(g)
		}
		for _, in := range g.Inputs {
			if v := c.values[in.Name+oneSize]; v != nil {
				v.roomy = true
			}
		}
		var out []*model.Tensor
		for _, o := range g.Outputs {
			t := byName[o.Name]
			if t == nil {
				t = g.Const[o.Name]
			}
			out = append(out, t)
		}
		c.outputs = append(c.outputs, out)
	}
	return c, nil
}

// onTables reports whether the inputs of a network are rows of few numbers.
func onTables(g *model.Graph) bool {
	for _, in := range g.Inputs {
		if len(in.Shape) > 2 || relation.Size(in.Shape) > 256 || !in.Type.IsFloat() {
			return false
		}
	}
	return true
}

// whole reports whether the samples show integers only.
func (v *observed) whole() bool {
	return !slices.ContainsFunc(v.kept, func(x float32) bool { return x != float32(math.Trunc(float64(x))) })
}

// observe adds a sample's elements and keeps about keep of them.
func (v *observed) observe(x []float32, keep int) {
	for i, f := range x {
		v.lo, v.hi = min(v.lo, float64(f)), max(v.hi, float64(f))
		v.sum[i] += float64(f)
		if f != 0 {
			v.sizes[sizeOf(f)].add(math.Abs(float64(f)))
		}
	}
	v.count++
	step := max(1, len(x)/keep)
	if step%2 == 0 && step > 2 {
		step-- // even strides meet the same columns of an image
	}
	for i := len(v.kept) % step; i < len(x); i += step {
		v.kept = append(v.kept, x[i])
	}
}

// means returns the mean over samples and over all axes but one.
func (v *observed) means(axis int) []float64 {
	out := make([]float64, v.shape[axis])
	inner := relation.Size(v.shape[axis+1:])
	for i, s := range v.sum {
		out[i/inner%len(out)] += s
	}
	for i := range out {
		out[i] *= float64(len(out)) / float64(len(v.sum)*v.count)
	}
	return out
}

// exp returns the exponent e for which rounding to integers q = x·2^e clamped to
// [lo, hi] loses least (mean square) over the observed elements, among the one that
// covers the observed range and the next two finer, which saturate outliers.
func (v *observed) exp(lo, hi int64) int {
	if v.roomy {
		return coveringExp(2*v.lo, 2*v.hi, lo, hi)
	}
	if v.table {
		return coveringExp(v.lo*9/8, v.hi*9/8, lo, hi)
	}
	e := coveringExp(v.lo, v.hi, lo, hi)
	best, least := e, math.Inf(1)
	for k := range 3 {
		if loss := v.loss(e+k, lo, hi); loss < least {
			best, least = e+k, loss
		}
	}
	return best
}

// sizeClass is what the samples show of the elements between two powers of two in size: outliers are
// few, and the elements kept miss them.
type sizeClass struct{ n, sum, squares float64 }

const sizeClasses = 128

// sizeOf returns the class of a number.
func sizeOf(f float32) int {
	_, e := math.Frexp(float64(f))
	return min(max(e+sizeClasses/2, 0), sizeClasses-1)
}

func (c *sizeClass) add(x float64) { c.n, c.sum, c.squares = c.n+1, c.sum+x, c.squares+x*x }

// outliers returns the mean square that is lost, of all elements, where sizes beyond a limit become
// that.
func (v *observed) outliers(limit float64) float64 {
	var lost, n float64
	for k, c := range v.sizes {
		n += c.n
		if math.Ldexp(0.5, k-sizeClasses/2) >= limit {
			lost += c.squares - 2*limit*c.sum + c.n*limit*limit
		}
	}
	return lost / max(n, 1)
}

// loss returns the mean square that is lost at an exponent: of the elements kept, or of the outliers
// among all, if that is more.
func (v *observed) loss(e int, lo, hi int64) (sum float64) {
	scale := math.Ldexp(1, e)
	defer func() {
		sum = max(sum/float64(max(len(v.kept), 1)), v.outliers(math.Ldexp(float64(hi), -e)))
	}()
	for _, f := range v.kept {
		q := min(max(math.Floor(float64(f)*scale+0.5), float64(lo)), float64(hi))
		d := float64(f) - q/scale
		sum += d * d
	}
	return sum
}

// coveringExp returns the largest e with [x0·2^e, x1·2^e] inside [lo, hi].
func coveringExp(x0, x1 float64, lo, hi int64) int {
	for e := 30; e > -128; e-- {
		s := math.Ldexp(1, e)
		if x0*s >= float64(lo)-0.5 && x1*s <= float64(hi)+0.5 {
			return e
		}
	}
	return -128
}
