package circuits

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

var hostileCount = flag.Int("hostile", 1500, "programs that TestRandomHostilePrograms draws")

// hostileInts are what attackers write where an integer is expected.
var hostileInts = []int64{0, 1, -1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 62, 63, 64, 127, 255, 256, 1 << 16, 1<<16 + 1, 1 << 17, 1 << 20, 1 << 26, 1<<26 + 1, 1 << 31, 1 << 32,
	1 << 40, 1<<53 - 1, 1 << 53, 1<<53 + 1, 1 << 60, 1 << 61, 1<<62 - 1, 1 << 62, 1<<62 + 1, math.MaxInt64 - 1, math.MaxInt64,
	-2, -16, -1 << 31, -1 << 32, -1 << 53, -1<<53 - 1, -1 << 61, -1 << 62, -1<<62 - 1, math.MinInt64 + 1, math.MinInt64, 6148914691236517206, -0x0101010101010101}

// mutated returns JSON in which each leaf was replaced with a certain probability: integers by
// hostile ones, lists made longer or shorter, texts and base64 integers altered.
func mutated(rng *rand.Rand, v any, rate float64) any {
	hit := rng.Float64() < rate
	switch v := v.(type) {
	case json.Number:
		if !hit {
			return v
		}
		n, _ := v.Int64()
		switch rng.IntN(4) {
		case 0:
			return json.Number(fmt.Sprint(n + OneOf[int64](rng, 1, -1, 2)))
		case 1:
			return json.Number(fmt.Sprint(n << rng.IntN(63)))
		}
		return json.Number(fmt.Sprint(OneOf(rng, hostileInts...)))
	case []any:
		for i := range v {
			v[i] = mutated(rng, v[i], rate)
		}
		if hit && len(v) > 0 {
			i := rng.IntN(len(v))
			return OneOf(rng, append(slices.Clone(v), v[i]), slices.Delete(slices.Clone(v), i, i+1))
		}
	case map[string]any:
		for _, k := range slices.Sorted(func(yield func(string) bool) {
			for k := range v {
				if !yield(k) {
					return
				}
			}
		}) {
			v[k] = mutated(rng, v[k], rate)
		}
	case string:
		if raw, err := base64.StdEncoding.DecodeString(v); err == nil && hit && len(raw) > 0 && rng.IntN(8) > 0 {
			var out []byte
			for len(raw) > 0 {
				x, n := binary.Varint(raw)
				if n <= 0 {
					return v
				}
				if raw = raw[n:]; rng.IntN(4) == 0 {
					x = OneOf(rng, hostileInts...)
				}
				out = binary.AppendVarint(out, x)
			}
			return base64.StdEncoding.EncodeToString(out)
		}
	case bool:
		return v != hit
	}
	return v
}

// file wraps a program's JSON as Encode does.
func file(t testing.TB, body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(body)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return append(fmt.Appendf(nil, "%s%x\n", programMagic, sha256.Sum256(b.Bytes())), b.Bytes()...)
}

// drawHostile mutates a random program, and declares the outputs that it then has: else hardly
// any would get past that check.
func drawHostile(t *testing.T, rng *rand.Rand) []byte {
	body, err := json.Marshal(drawProgram(t, rng))
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	require.NoError(t, d.Decode(&tree))
	body, err = json.Marshal(mutated(rng, tree, OneOf(rng, 0.01, 0.03, 0.1)))
	require.NoError(t, err)
	p := new(Program)
	if rng.IntN(8) == 0 || strictJSON(body, p) != nil {
		return body
	}
	var types []Type
	for _, in := range p.Inputs {
		types = append(types, Type{Shape: in.Shape, Exp: in.Exp, Range: in.Range})
	}
	for _, n := range p.Nodes {
		var in []Type
		for _, v := range n.In {
			if v < 0 || v >= len(types) {
				return body
			}
			in = append(in, types[v])
		}
		for _, x := range in {
			if !validShape(x.Shape) || bounded(x.Range, nil) != nil {
				return body // Program.Infer would not have gone on
			}
		}
		typ, err := n.Op.Infer(in)
		if err != nil {
			return body
		}
		types = append(types, typ)
	}
	for i := range p.Outputs {
		if v := p.Outputs[i].Value; v >= 0 && v < len(types) {
			o := &p.Outputs[i]
			o.Shape, o.Exp, o.Range = types[v].Shape, types[v].Exp, types[v].Range
			if o.Range.Lo == o.Range.Hi {
				o.Range.Hi++
			}
		}
	}
	body, err = json.Marshal(p)
	require.NoError(t, err)
	return body
}

// outcome is what became of a hostile program.
type outcome int

const (
	refused  outcome = iota
	tooLarge         // well-formed, and too much work for a test
	unstated
	stated // and found exact
)

// survives reads a program's JSON as a stranger's file. It must be refused with one of the
// errors for that, in bounded time, or be stated and solved exactly.
func survives(t *testing.T, body []byte, rng *rand.Rand) outcome {
	t.Helper()
	start := time.Now()
	p, err := ParseProgram(file(t, body))
	require.Less(t, time.Since(start), 20*time.Second, "reading")
	if err != nil {
		require.True(t, isRefusal(err), "%v", err)
		return refused
	}
	work := p.elements
	for _, n := range p.Nodes {
		switch op := n.Op.(type) {
		case *Function:
			work += int(op.domain.Width())
		case *Softmax:
			work += int(op.exp.domain.Width())
		case *SoftmaxMatMul:
			work += int(op.exp.domain.Width())
		case *LogSoftmax:
			work += int(op.exp.domain.Width() + op.log.domain.Width())
		case *MaxPool:
			work += op.out.Size() * op.Kernel[0] * op.Kernel[1]
		case *AveragePool:
			work += op.out.Size() * op.Kernel[0] * op.Kernel[1]
		case *Conv:
			work += op.out.Size() * len(op.Weights) / op.Kernel[0]
		}
	}
	if work > 20000 {
		return tooLarge
	}
	plan, err := p.Plan()
	require.Less(t, time.Since(start), 30*time.Second, "planning")
	if err != nil {
		require.True(t, isRefusal(err), "%v", err)
		return unstated
	}
	k := &testCircuit{Compiled: &Compiled{Program: p, Plan: plan}, t: t}
	solved := p.elements < 300 && plan.Secrets() < 3000 && rng.IntN(4) == 0
	if solved {
		k = compile(t, p)
	}
	for _, inputs := range append(k.extremes(), k.randomInputs(rng)) {
		checkReference(t, p, inputs)
		values, err := p.Eval(inputs)
		require.NoError(t, err)
		x := &exactly{t: t, System: plan.Sys, Assignment: plan.Sys.Assign(values)}
		x.checkBounded()
		x.holds()
		_, err = plan.Witness(plan.Sys.Assign(values), plan.PackedWeights(fr.NewElement(1)), testContext, testSalt)
		require.NoError(t, err)
		if solved {
			k.accepts(inputs)
		}
	}
	return stated
}

// TestRandomHostilePrograms mutates random programs.
func TestRandomHostilePrograms(t *testing.T) {
	t.Parallel()
	count := map[outcome]int{}
	for i := range *hostileCount {
		rng := rand.New(rand.NewPCG(*randomSeed, uint64(i)))
		body := drawHostile(t, rng)
		ok := t.Run(fmt.Sprintf("seed %d number %d", *randomSeed, i), func(t *testing.T) { count[survives(t, body, rng)]++ })
		if !ok {
			t.Logf("%s", body)
		}
	}
	t.Logf("%d programs: %d refused when read, %d too large for a test, %d without a circuit, %d stated exactly", *hostileCount, count[refused], count[tooLarge], count[unstated], count[stated])
	require.Greater(t, 5*count[stated], *hostileCount)
	require.Greater(t, 5*count[refused], *hostileCount)
}

// FuzzPrograms lets the fuzzer write programs, and choose seeds of random ones.
func FuzzPrograms(f *testing.F) {
	f.Add([]byte(nil), uint64(1))
	for _, c := range cases() {
		if c.name != "conv pool relu" && c.name != "dense softmax" && c.name != "requantize twice" {
			continue
		}
		body, err := json.Marshal(c.program(f, Config{}))
		require.NoError(f, err)
		f.Add(body, uint64(0))
	}
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 77))
		if len(body) == 0 {
			body = drawHostile(t, rng)
		}
		survives(t, body, rng)
	})
}
