package evm

import (
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

func bigInt() *big.Int { return new(big.Int) }

// Contracts of the tests, by name: one for every shape of key and card.
var forgers = once(func(t testing.TB) map[string]*forger {
	image := verifier.TensorCard{Name: "image", Shape: []int{1, 10, 10}, Exp: 7, Lo: 0, Hi: 127, RealHi: 1}
	digest, private := image, image
	digest.Mode, private.Mode = verifier.Digest, verifier.Private
	scores := verifier.TensorCard{Name: "scores", Shape: []int{1, 10}, Exp: 11, Lo: -1 << 22, Hi: 1<<22 - 1}
	pixels := image
	pixels.Hi = 255
	hostile := verifier.TensorCard{Name: `*/ @dev "\u202e` + "é", Shape: nil, Lo: -1, Hi: 0}
	digestOut := verifier.TensorCard{Name: "embedding", Shape: []int{64}, Mode: verifier.Digest, Lo: 0, Hi: 1}
	full := verifier.TensorCard{Name: "full", Shape: []int{7}, Lo: math.MinInt64, Hi: math.MaxInt64}
	bits := verifier.TensorCard{Name: "bits", Shape: []int{2, 260}, Lo: 5, Hi: 6}
	bytes8 := verifier.TensorCard{Name: "bytes", Shape: []int{32, 3}, Lo: -128, Hi: 127}
	cards := func(c ...verifier.TensorCard) []verifier.TensorCard {
		for i := range c { // names are distinct within inputs and outputs
			c[i].Name += strings.Repeat("x", i)
		}
		return c
	}
	card := func(w verifier.WeightsMode, in, out []verifier.TensorCard) verifier.Card {
		return verifier.Card{Name: `a "model"`, Weights: w, Architecture: [32]byte{1}, Inputs: in, Outputs: out}
	}
	m := map[string]*forger{}
	for i, c := range []struct {
		name   string
		card   verifier.Card
		shape  shape
		unsafe bool
	}{
		{"Committed", card(verifier.CommittedWeights, cards(image), cards(scores)), shape{}, false},
		{"Baked", card(verifier.BakedWeights, cards(image), cards(scores)), shape{}, true},
		{"Merged", card(verifier.CommittedWeights, cards(pixels), cards(scores)), shape{merged: true}, false},
		{"ConstrainedC0", card(verifier.CommittedWeights, cards(digest), cards(scores)), shape{constrainC0: true}, false},
		{"Private", card(verifier.CommittedWeights, cards(private), cards(digestOut)), shape{}, true},
		{"Mixed", card(verifier.BakedWeights, cards(bytes8, digest), cards(full, digestOut)), shape{merged: true}, false},
		{"Wide", card(verifier.CommittedWeights, cards(full, bits), cards(hostile, bits)), shape{}, false},
		{"Many", card(verifier.BakedWeights, cards(image, full, bits), cards(scores, scores)), shape{}, false},
	} {
		if !c.unsafe {
			c.card.Setup = verifier.Setup{Kind: verifier.Ceremony, Contributions: 2 + i, Transcript: [32]byte{byte(i), 31: 1}}
		}
		m[c.name] = newForger(t, uint64(i), c.card, c.shape)
	}
	return m
})

// contracts are compiled once for all tests.
var contracts = once(func(t testing.TB) map[string]compiled {
	sources := map[string]string{}
	for name, f := range forgers(t) {
		sources[name+".sol"] = export(t, f.key, name)
	}
	return compile(t, newSettings(false), sources)
})

// once returns a function that makes a value in the first test that needs it.
func once[T any](make func(t testing.TB) T) func(t testing.TB) T {
	var value T
	var done sync.Once
	return func(t testing.TB) T {
		done.Do(func() { value = make(t) })
		return value
	}
}

func export(t testing.TB, vk *verifier.VerifyingKey, name string) string {
	var source strings.Builder
	write := solidity.Export
	if vk.Plonk != nil {
		write = plonk.Export
	}
	require.NoError(t, write(&source, vk, solidity.Options{Name: name}))
	return source.String()
}

func deployed(t testing.TB, name string) (*chain, common.Address, *forger) {
	c := newChain(t)
	f := forgers(t)[name]
	var arguments []byte
	if f.key.Card.Setup.Unsafe() {
		arguments = word(1)
	}
	return c, c.mustDeploy(t, contracts(t)[name], arguments...), f
}

// Every shape of key: both functions accept, and the outputs are the statement's.
func TestAccept(t *testing.T) {
	for name := range forgers(t) {
		t.Run(name, func(t *testing.T) {
			c, address, f := deployed(t, name)
			for range 3 {
				s, _, outputs := f.statement(t)
				p := f.prove(t, s)
				data, err := solidity.Calldata(f.key, p)
				require.NoError(t, err)
				require.True(t, c.call(address, data).accepted(t))

				data, err = solidity.InferenceCalldata(f.key, p)
				if name == "Many" {
					require.ErrorIs(t, err, solidity.ErrUnsupported)
					continue
				}
				require.NoError(t, err)
				r := c.call(address, data)
				require.NoError(t, r.err)
				require.Equal(t, encodeOutputs(f.key, p, outputs), r.output)
			}
		})
	}
}

// encodeOutputs returns the ABI encoding of verifyInference's results.
func encodeOutputs(vk *verifier.VerifyingKey, p *verifier.Proof, outputs [][]int64) []byte {
	var head, data []byte
	at := vk.Card.StatementSize()
	for i := range outputs {
		at -= vk.Card.Outputs[i].Elements()
	}
	for i, q := range outputs {
		if q == nil {
			b := p.Statement[at].Bytes()
			head = append(head, b[:]...)
		} else {
			head = append(head, word(uint64(32*len(outputs)+len(data)))...)
			data = append(data, word(uint64(len(q)))...)
			for _, x := range q {
				w := word(uint64(x))
				if x < 0 {
					for j := range 24 {
						w[j] = 0xff
					}
				}
				data = append(data, w...)
			}
		}
		at += vk.Card.Outputs[i].Elements()
	}
	return append(head, data...)
}
