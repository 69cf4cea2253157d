package quantize

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// Option is a choice of [Graph] beside what fixes a circuit.
type Option func(*options)

type options struct {
	ranges   map[string][2]float64 // of inputs; "" is the only one
	saturate bool
	system   func(*circuits.Program) (circuits.System, error)
	batch    int
}

// InputRange says which reals an input may hold, in place of what the samples show and a
// margin. The empty name is that of a network's only input.
func InputRange(name string, lo, hi float64) Option {
	return func(o *options) { o.ranges[name] = [2]float64{lo, hi} }
}

// Saturate takes inputs beyond the declared range for its ends, where they are refused
// otherwise. Keys say so: they declare that any float32 is accepted.
func Saturate() Option { return func(o *options) { o.saturate = true } }

// ChooseSystem has f choose the proof system, in place of the configuration's, from the program that
// would be proven under that: one of the same integers. An error of f is [Graph]'s.
func ChooseSystem(f func(*circuits.Program) (circuits.System, error)) Option {
	return func(o *options) { o.system = f }
}

// Batch makes the program answer n inputs at once ([circuits.Program.Batched]). Samples are of one input each, and so is
// the graph. What its report says is of single inputs.
func Batch(n int) Option { return func(o *options) { o.batch = n } }

// optionsFor applies options to the inputs of a graph, whose ranges must be among them.
func optionsFor(g *model.Graph, opts []Option) (*options, error) {
	o := &options{ranges: map[string][2]float64{}, batch: 1}
	for _, apply := range opts {
		apply(o)
	}
	if r, ok := o.ranges[""]; ok {
		if len(g.Inputs) != 1 {
			return nil, fmt.Errorf("a range of one of %d inputs, which is not named: %w", len(g.Inputs), circuits.ErrInput)
		}
		delete(o.ranges, "")
		o.ranges[g.Inputs[0].Name] = r
	}
	known := map[string]bool{}
	for _, in := range g.Inputs {
		known[in.Name] = true
	}
	for name, r := range o.ranges {
		if !known[name] {
			return nil, fmt.Errorf("a range of %q, which is no input: %w", name, circuits.ErrInput)
		}
		if !(r[0] < r[1]) || math.IsInf(r[1]-r[0], 0) || max(math.Abs(r[0]), math.Abs(r[1])) > math.MaxFloat32 {
			return nil, fmt.Errorf("the range [%g, %g] of input %q: %w", r[0], r[1], name, circuits.ErrInput)
		}
	}
	return o, nil
}

// span is what samples show of an input: its ends, and whether they are natural ones (a
// pixel's least and largest), beyond which nothing is to be expected.
type span struct {
	lo, hi           float64
	atLo, atHi, seen int
}

// spanOf looks at an input of all samples.
func spanOf(samples [][]*model.Tensor, index int) span {
	s := span{lo: math.Inf(1), hi: math.Inf(-1)}
	for _, sample := range samples {
		x := sample[index].Reals()
		for _, v := range x {
			if v < s.lo {
				s.lo, s.atLo = v, 0
			}
			if v > s.hi {
				s.hi, s.atHi = v, 0
			}
			if v == s.lo {
				s.atLo++
			}
			if v == s.hi {
				s.atHi++
			}
		}
		s.seen += len(x)
	}
	return s
}

// natural reports whether so many elements lie at an end that it is one of the thing
// measured, not of the samples.
func (s *span) natural(at int) bool { return at >= 5 && at >= s.seen/1000 }

// margin is how far beyond an end of the samples inputs are expected, in lengths of the
// samples' interval: few samples have seen little of it.
func margin(samples int) float64 { return min(max(20/float64(samples), 0.5), 1) }

// widened returns the ends with the margin. Zero stays an end where all samples are on one
// side of it.
func (s *span) widened(samples int) (lo, hi float64) {
	lo, hi = min(s.lo, 0), max(s.hi, 0)
	by := (hi - lo) * margin(samples)
	if lo < 0 && !s.natural(s.atLo) {
		lo -= by
	}
	if hi > 0 && !s.natural(s.atHi) {
		hi += by
	}
	return lo, hi
}

// warnings says what samples are too poor for.
func warnings(g *model.Graph, samples [][]*model.Tensor, spans map[string]span) (list []string) {
	if n := len(samples); n < fewSamples {
		list = append(list, fmt.Sprintf("%d samples show little of what the network will see: give 100 or more", n))
	} else if same(samples) {
		list = append(list, "all samples are the same: scales and ranges are those of one input")
	}
	for _, in := range g.Inputs {
		if s := spans[in.Name]; s.lo == s.hi && s.seen > 1 {
			list = append(list, fmt.Sprintf("input %q is %g wherever the samples show it", in.Name, s.lo))
		}
	}
	return list
}

// fewSamples are so few that scales and ranges are guesses.
const fewSamples = 10

func same(samples [][]*model.Tensor) bool {
	for _, s := range samples[1:] {
		for i, t := range s {
			a, b := t.Floats(), samples[0][i].Floats()
			for k := range a {
				if a[k] != b[k] {
					return false
				}
			}
		}
	}
	return true
}
