package circuits

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Completeness: for random networks of every operator, every sample that calibrated one and
// every extreme of the declared ranges has a proof, and its integers are the references'.
// random_program_test.go draws programs of integer operators, random_graph_test.go float
// graphs that package quantize turns into programs. A failure names its seed and number:
//
//	go test ./circuits -run 'TestRandom.*' -random 1 -random.seed S -random.from N

var (
	randomCount = flag.Int("random", 100, "networks that each of the TestRandom tests draws")
	randomSeed  = flag.Uint64("random.seed", 1, "seed of the networks")
	randomFrom  = flag.Int("random.from", 0, "number of the first network")
)

// tallied counts what became of the networks of one test.
type tallied struct {
	sync.Mutex
	proven  int            // inferences
	refused map[string]int // networks that did not compile, by reason
	uses    map[string]int // of each operator, in networks that compiled
}

// Each draws the networks, on all processors.
func (k *tallied) Each(t *testing.T, draw func(t *testing.T, rng *rand.Rand)) {
	k.refused, k.uses = map[string]int{}, map[string]int{}
	workers := runtime.GOMAXPROCS(0)
	t.Run("networks", func(t *testing.T) {
		for w := range workers {
			t.Run(fmt.Sprintf("worker %d", w), func(t *testing.T) {
				t.Parallel()
				for i := *randomFrom + w; i < *randomFrom+*randomCount; i += workers {
					ok := t.Run(fmt.Sprintf("seed %d number %d", *randomSeed, i), func(t *testing.T) {
						draw(t, rand.New(rand.NewPCG(*randomSeed, uint64(i))))
					})
					if !ok {
						t.Logf("reproduce with -random 1 -random.seed %d -random.from %d", *randomSeed, i)
					}
				}
			})
		}
	})
	refused := 0
	for _, n := range k.refused {
		refused += n
	}
	t.Logf("%d networks, %d inferences proven; refused: %v; uses: %v", *randomCount, k.proven, k.refused, k.uses)
	if refused > *randomCount/50+2 {
		t.Errorf("%d networks do not compile; they are to be rare: %v", refused, k.refused)
	}
}

func (k *tallied) Refuse(reason string) {
	k.Lock()
	defer k.Unlock()
	k.refused[reason]++
}

// Proves checks a program on inputs: integers against the references and their ranges, and
// the constraint system's solution.
func (k *tallied) Proves(t *testing.T, c *testCircuit, inputs [][][]int64) {
	t.Helper()
	c = c.restored()
	for _, x := range inputs {
		checkReference(t, c.Program, x)
		w, err := c.Witness(x, c.weights, testContext, testSalt)
		require.NoError(t, err, "no proof of %v", x)
		require.NoError(t, c.solve(w), "no proof of %v", x)
	}
	k.Lock()
	defer k.Unlock()
	k.proven += len(inputs)
	for _, n := range c.Program.Nodes {
		k.uses[Kind(n.Op)]++
	}
}

// checkReference compares Eval of every node with the references.
func checkReference(t testing.TB, p *Program, x [][]int64) {
	t.Helper()
	values, err := p.Eval(x)
	require.NoError(t, err)
	for i, n := range p.Nodes {
		var in [][]int64
		var types []Type
		for _, v := range n.In {
			in, types = append(in, values[v]), append(types, p.types[v])
		}
		out, got := p.types[len(p.Inputs)+i], values[len(p.Inputs)+i]
		require.Len(t, got, out.Size(), "node %d %s", i, Kind(n.Op))
		for j, v := range got {
			require.True(t, out.Range.Contains(v), "node %d %s: element %d is %d, outside %v", i, Kind(n.Op), j, v, out.Range)
		}
		switch op := n.Op.(type) {
		case *Function:
			checkFunction(t, op, in[0], types[0], got)
		case *Softmax, *LogSoftmax:
			want := softmaxReference(op, in[0], types[0])
			require.Equal(t, want, got, "node %d %s", i, Kind(n.Op))
		case *SoftmaxMatMul:
			require.Equal(t, softmaxMatMulReference(op, in, types), got, "node %d %s", i, Kind(n.Op))
		default:
			require.Equal(t, reference(op, in, types, out), got, "node %d %s", i, Kind(n.Op))
		}
	}
}

// describe prints a program for a failure's message.
func DescribeProgram(p *Program) (s string) {
	for i, in := range p.Inputs {
		s += fmt.Sprintf("%d: input %v·2^-%d in %v\n", i, in.Shape, in.Exp, in.Range)
	}
	for i, n := range p.Nodes {
		s += fmt.Sprintf("%d: %s%v %+v\n", len(p.Inputs)+i, Kind(n.Op), n.In, n.Op)
	}
	for _, o := range p.Outputs {
		s += fmt.Sprintf("output %d in %v\n", o.Value, o.Range)
	}
	return s + fmt.Sprintf("%+v", p.Config)
}

// OneOf draws from a list.
func OneOf[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

// UpTo draws from 1 to n.
func UpTo(rng *rand.Rand, n int) int { return 1 + rng.IntN(n) }

// Within draws an integer of [lo, hi].
func Within(rng *rand.Rand, lo, hi int64) int64 { return lo + rng.Int64N(hi-lo+1) }

// Subset draws axes of a rank, at most n of them, ascending.
func Subset(rng *rand.Rand, rank, n int) []int {
	axes := rng.Perm(rank)[:min(rank, 1+rng.IntN(n))]
	slices.Sort(axes)
	return axes
}
