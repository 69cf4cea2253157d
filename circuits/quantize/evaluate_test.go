package quantize

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// normalRows draws rows of normally distributed numbers: no two samples have the same ends.
func normalRows(rng *rand.Rand, n int) (samples [][]*model.Tensor) {
	for range n {
		x := &model.Tensor{Shape: []int{1, 5}}
		for range 5 {
			x.Float = append(x.Float, float32(rng.NormFloat64()))
		}
		samples = append(samples, []*model.Tensor{x})
	}
	return samples
}

func scoresGraph() *model.Graph {
	return tableGraph(consts{"w": floatConst([]int{5, 2}, 1, -0.5, 0.25, 1, -1, 0.75, 0.5, 0.5, -0.25, 1)}, op("MatMul", "x w", "y", nil))
}

// TestUnseenInputs: of inputs of the samples' distribution fewer than one in a thousand is
// rejected, and what is accepted is as exact as on the samples.
func TestUnseenInputs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	g := scoresGraph()
	p, err := Graph(g, normalRows(rng, 100), circuits.Config{})
	require.NoError(t, err)
	require.Equal(t, 20, p.Report.HeldOut)
	require.Empty(t, p.Report.Warnings)
	unseen := normalRows(rng, 5000)
	e, err := Evaluate(context.Background(), p, Comparison{Samples: unseen, Want: func(i int) ([]*model.Tensor, error) { return g.Run(unseen[i]) }})
	require.NoError(t, err)
	require.LessOrEqual(t, len(e.Rejected), 5)
	require.LessOrEqual(t, e.RelativeError, 0.01)
	require.Len(t, e.Errors, 5000)
	require.Len(t, e.Worst, maxWorst)
}

// TestNaturalEnds: where the ends of the samples are those of what is measured, nothing
// beyond them is accepted, and no integers are spent on it.
func TestNaturalEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	samples := normalRows(rng, 50)
	for _, s := range samples {
		for k := range s[0].Float {
			s[0].Float[k] = float32(rng.IntN(17)) / 16
		}
	}
	p, err := Graph(scoresGraph(), samples, circuits.Config{Bits: 7})
	require.NoError(t, err)
	in := p.Inputs[0]
	require.Equal(t, int64(127), in.Range.Hi-in.Range.Lo)
	require.InDelta(t, 0, in.RealLo, 0.01)
	require.InDelta(t, 1, in.RealHi, 0.01)
}

func TestInputRanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	samples := normalRows(rng, 50)
	p, err := Graph(scoresGraph(), samples, circuits.Config{}, InputRange("", -20, 30))
	require.NoError(t, err)
	require.Equal(t, []float64{-20, 30}, []float64{p.Inputs[0].RealLo, p.Inputs[0].RealHi})
	for _, x := range []float32{-20, 30, 0} { // what is declared has a value of its own
		q, err := p.Inputs[0].Quantize([]float32{x, 0, 0, 0, 0})
		require.NoError(t, err)
		require.InDelta(t, x, math.Ldexp(float64(q[0]), -p.Inputs[0].Exp), math.Ldexp(0.5, -p.Inputs[0].Exp))
	}
	_, err = p.Inputs[0].Quantize([]float32{30.1, 0, 0, 0, 0})
	require.ErrorIs(t, err, circuits.ErrOutside)
	require.ErrorIs(t, err, circuits.ErrInput)

	p, err = Graph(scoresGraph(), samples, circuits.Config{Bits: 9}, InputRange("x", -1, 1), Saturate())
	require.NoError(t, err)
	require.True(t, p.Inputs[0].Saturates())
	q, err := p.Inputs[0].Quantize([]float32{-1, 1, -1e30, 1e30, 0})
	require.NoError(t, err)
	require.Equal(t, q[:2], q[2:4])
	_, err = p.Inputs[0].Quantize([]float32{float32(math.NaN()), 0, 0, 0, 0})
	require.ErrorIs(t, err, circuits.ErrInput)

	// What is declared are the ends, exactly, also where the integers would reach further.
	p, err = Graph(scoresGraph(), samples, circuits.Config{Bits: 9}, InputRange("x", -1, 0.7), Saturate())
	require.NoError(t, err)
	q, err = p.Inputs[0].Quantize([]float32{-1, 0.7, -1e30, 1e30, 0})
	require.NoError(t, err)
	require.Equal(t, q[:2], q[2:4])
	_, err = Graph(scoresGraph(), samples, circuits.Config{}, InputRange("x", -1e30, 1e30))
	require.ErrorIs(t, err, circuits.ErrBound, "more steps than an input holds")

	for _, bad := range [][]Option{
		{InputRange("z", 0, 1)}, {InputRange("x", 1, 0)}, {InputRange("x", 0, math.Inf(1))}, {InputRange("x", math.NaN(), 1)}, {InputRange("x", 0, 1e39)},
	} {
		_, err = Graph(scoresGraph(), samples, circuits.Config{}, bad...)
		require.ErrorIs(t, err, circuits.ErrInput)
	}
	_, err = Graph(scoresGraph(), samples, circuits.Config{}, InputRange("x", -0.1, 0.1))
	require.ErrorContains(t, err, "sample 0")
}

func TestWarnings(t *testing.T) {
	one := normalRows(rand.New(rand.NewPCG(1, 9)), 1)
	p, err := Graph(scoresGraph(), one, circuits.Config{Bits: 7})
	require.NoError(t, err)
	require.Len(t, p.Report.Warnings, 1)
	require.Contains(t, p.Report.Warnings[0], "1 samples show little")
	require.Zero(t, p.Report.HeldOut)
	var repeated [][]*model.Tensor
	for range 30 {
		repeated = append(repeated, one[0])
	}
	p, err = Graph(scoresGraph(), repeated, circuits.Config{Bits: 7})
	require.NoError(t, err)
	require.Contains(t, p.Report.Warnings[0], "all samples are the same")
	flat := []*model.Tensor{{Shape: []int{1, 5}, Float: []float32{2, 2, 2, 2, 2}}}
	p, err = Graph(scoresGraph(), [][]*model.Tensor{flat, flat}, circuits.Config{Bits: 7})
	require.NoError(t, err)
	require.Contains(t, p.Report.Warnings[1], `input "x" is 2 wherever`)
}

// TestHeldOut: the samples held out choose no scale.
func TestHeldOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	samples := normalRows(rng, 40)
	g := tableGraph(consts{"w": floatConst([]int{5, 2}, 1, -0.5, 0.25, 1, -1, 0.75, 0.5, 0.5, -0.25, 1)}, op("MatMul", "x w", "a", nil), op("Relu", "a", "y", nil))
	c, err := calibrate(g, samples)
	require.NoError(t, err)
	before := *c.values["a"]
	for k, s := range samples {
		if !c.fits(k) {
			for i := range s[0].Float {
				s[0].Float[i] *= 100
			}
		}
	}
	c, err = calibrate(g, samples)
	require.NoError(t, err)
	require.Equal(t, before.hi, c.values["a"].hi)
	require.Equal(t, before.kept, c.values["a"].kept)
	require.Greater(t, c.spans["x"].hi, 50., "but they are accepted")
}

func TestEvaluate(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	g, samples := scoresGraph(), normalRows(rng, 60)
	p, err := Graph(g, samples, circuits.Config{Bits: 9})
	require.NoError(t, err)
	want := func(i int) ([]*model.Tensor, error) { return g.Run(samples[i]) }
	labels := make([]int, len(samples))
	for i := range samples {
		y, err := want(i)
		require.NoError(t, err)
		labels[i] = circuits.Argmax(y[0].Float)
	}
	labels[7] = 1 - labels[7]
	samples[9][0].Float[2] = 1e9
	done := 0
	e, err := Evaluate(context.Background(), p, Comparison{Samples: samples, Want: want, Labels: labels, Done: func(n int) { done++; require.Equal(t, done, n) }})
	require.NoError(t, err)
	require.Equal(t, 60, done)
	require.Len(t, e.Rejected, 1)
	require.Equal(t, 9, e.Rejected[0].Sample)
	require.True(t, math.IsNaN(e.Errors[9]))
	require.InDelta(t, 58./60, *e.Accuracy, 1e-9) // one label is wrong, one input has no answer
	require.InDelta(t, 58./59, *e.FloatAccuracy, 1e-9)
	require.Equal(t, 1., e.Agreement)
	o := e.Outputs[0]
	require.True(t, 0 < o.Mean && o.Mean <= o.Worst && o.Worst <= o.Max && o.Max < 0.05, "%+v", o)
	for i := range e.Worst[1:] {
		require.GreaterOrEqual(t, e.Worst[i].RelativeError, e.Worst[i+1].RelativeError)
	}

	// Without anything to compare with there are classes and labels only.
	e, err = Evaluate(context.Background(), p, Comparison{Samples: samples, Labels: labels})
	require.NoError(t, err)
	require.InDelta(t, 58./60, *e.Accuracy, 1e-9)
	require.Nil(t, e.FloatAccuracy)
	require.Nil(t, e.Outputs)

	regression := tableGraph(consts{"w": floatConst([]int{5, 1}, 1, -0.5, 0.25, 1, -1)}, op("MatMul", "x w", "y", nil))
	r, err := Graph(regression, normalRows(rng, 30), circuits.Config{})
	require.NoError(t, err)
	_, err = Evaluate(context.Background(), r, Comparison{Samples: samples, Labels: labels})
	require.ErrorIs(t, err, circuits.ErrInput, "no classes")

	broken := errors.New("broken")
	_, err = Evaluate(context.Background(), p, Comparison{Samples: samples, Want: func(int) ([]*model.Tensor, error) { return nil, broken }})
	require.ErrorIs(t, err, broken)
	_, err = Evaluate(context.Background(), p, Comparison{Samples: samples, Labels: labels[1:]})
	require.ErrorIs(t, err, circuits.ErrInput)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Evaluate(ctx, p, Comparison{Samples: samples, Want: want})
	require.ErrorIs(t, err, context.Canceled)
}

// TestProbabilities: small probabilities are held to an absolute error, which 7 bits can
// keep, not to one relative to themselves.
// TestSameIntegers: of indices the share that is the same is reported, element by element; they are
// no scores of classes.
func TestSameIntegers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	g := tableGraph(consts{"w": floatConst([]int{5, 6}, ramp(30)...), "shape": intConst(2, 3)},
		op("MatMul", "x w", "s", nil), op("Reshape", "s shape", "r", nil), op("ArgMax", "r", "y", attrs{"axis": 0, "keepdims": 0}))
	samples := normalRows(rng, 40)
	p, err := Graph(g, samples, circuits.Config{Bits: 4})
	require.NoError(t, err)
	same, other := 0, 0
	for _, s := range samples {
		want, err := g.Run(s)
		require.NoError(t, err)
		got, err := p.Run([][]float32{s[0].Float})
		require.NoError(t, err)
		for i, v := range want[0].Int {
			same, other = same+count(got[0][i] == float64(v)), other+count(got[0][i] != float64(v))
		}
	}
	require.Positive(t, other)
	require.InDelta(t, float64(same)/float64(same+other), *p.Report.Integers, 1e-9)
	require.Zero(t, p.Report.Agreement)
	e, err := Evaluate(context.Background(), p, Comparison{Samples: samples, Want: func(i int) ([]*model.Tensor, error) { return g.Run(samples[i]) }})
	require.NoError(t, err)
	require.Equal(t, p.Report.Integers, e.Integers)
	require.Zero(t, e.Agreement)
	require.Nil(t, e.Worst[0].Class)

	p, err = Graph(scoresGraph(), samples, circuits.Config{})
	require.NoError(t, err)
	require.Nil(t, p.Report.Integers)
}

func ramp(n int) (x []float32) {
	for i := range n {
		x = append(x, float32(math.Sin(float64(7*i))))
	}
	return x
}

func TestProbabilities(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	w := floatConst([]int{5, 2}, .1, -.05, .025, .1, -.1, .075, .05, .05, -.025, .1)
	g := tableGraph(consts{"w": w, "b": floatConst([]int{2}, -6, -6)}, op("MatMul", "x w", "a", nil), op("Add", "a b", "c", nil), op("Sigmoid", "c", "y", nil))
	p, err := Graph(g, normalRows(rng, 100), circuits.Config{})
	require.NoError(t, err)
	require.LessOrEqual(t, p.Report.Outputs[0].Max, 0.01)
	require.LessOrEqual(t, p.Report.Bits, 9)
}
