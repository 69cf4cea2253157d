package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
)

const (
	gptName = "gpt"
	gptBits = 10 // the least that are accurate
	// Every fourth sample is enough, and with all of them it would take longer to quantize than to prove.
	gptStride = 4
)

// errPrompt means that a prompt has characters that the network does not know.
var errPrompt = errors.New("not in the network's vocabulary")

// gptReport is the JSON object of demo for the network that continues a text.
type gptReport struct {
	demoReport
	Prompt       string `json:"prompt"`
	Characters   int    `json:"characters"`
	Continuation string `json:"continuation"`        // what the quantized network writes
	Float        string `json:"float_continuation"`  // what the float network puts after each character
	Proven       string `json:"proven_continuation"` // the characters of the highest proven scores

	corpus *testdata.Corpus
}

// run lets the network continue the prompt, and proves what it wrote.
func (r *gptReport) run(c *command) error {
	r.corpus = testdata.Text()
	if err := r.check(c); err != nil {
		return err
	}
	if r.system != circuits.Flat {
		c.warn("%s takes minutes and gigabytes for this network, --system flat seconds", r.system)
	}
	g, err := model.ParseONNX(gptName+".onnx", testdata.GPT())
	if err != nil {
		return err
	}
	var samples [][]*model.Tensor
	for i := 0; i < len(r.corpus.Samples); i += gptStride {
		samples = append(samples, r.window(r.corpus.Samples[i]))
	}
	p, err := r.quantize(c, g, samples, gptBits)
	if err != nil {
		return err
	}
	write := func() (string, error) { return r.write(p) }
	if r.Continuation, err = stage(c, "write", write); err != nil {
		return err
	}
	input := r.window(r.Prompt + r.Continuation)
	float, err := g.Run(input)
	if err != nil {
		return err
	}
	r.Float = r.read(float64s(float[0].Float))
	proven, err := r.prove(c, p, input[0].Floats())
	if err != nil {
		return err
	}
	if r.Proven = r.read(proven); r.Proven != r.Continuation {
		return fmt.Errorf("the network wrote %q, the proof shows %q: %w", r.Continuation, r.Proven, prover.ErrSelfCheck)
	}
	return nil
}

// check refuses what the network cannot continue.
func (r *gptReport) check(c *command) error {
	for _, char := range r.Prompt {
		if !strings.ContainsRune(r.corpus.Vocabulary, char) {
			return fmt.Errorf("--prompt: %q is %w", char, errPrompt)
		}
	}
	switch room := testdata.TextWindow - len(r.Prompt); {
	case r.Prompt == "" || room < 1:
		return usageError{c.verb, fmt.Sprintf("--prompt has %d characters, want 1 to %d", len(r.Prompt), testdata.TextWindow-1)}
	case r.Characters < 1 || r.Characters > room:
		return usageError{c.verb, fmt.Sprintf("--characters %d, want 1 to %d after this prompt", r.Characters, room)}
	}
	return nil
}

// window is the network's input for a text of its vocabulary.
func (r *gptReport) window(text string) []*model.Tensor {
	tokens, err := r.corpus.Tokens(text)
	if err != nil {
		panic(err)
	}
	return []*model.Tensor{{Shape: []int{1, testdata.TextWindow}, Int: tokens}}
}

// write continues the prompt, each time by the character of the highest score.
func (r *gptReport) write(p *circuits.Program) (string, error) {
	text := r.Prompt
	for range r.Characters {
		scores, err := p.Run([][]float32{r.window(text)[0].Floats()})
		if err != nil {
			return "", err
		}
		text += r.after(scores[0], len(text)-1)
	}
	return text[len(r.Prompt):], nil
}

// read returns the characters of the highest scores after the prompt, and after each that was
// written but for the last.
func (r *gptReport) read(scores []float64) string {
	var text strings.Builder
	for i := range r.Characters {
		text.WriteString(r.after(scores, len(r.Prompt)+i-1))
	}
	return text.String()
}

// after returns the character of the highest score behind position i.
func (r *gptReport) after(scores []float64, i int) string {
	n := len(r.corpus.Vocabulary)
	best := circuits.Argmax(scores[i*n : (i+1)*n])
	return r.corpus.Vocabulary[best : best+1]
}

func (r *gptReport) text(w io.Writer) {
	row(w, "gpt has read Newton's Opticks, letter by letter, and continues a text:")
	row(w)
	row(w, "prompt", fmt.Sprintf("%q", r.Prompt))
	row(w, "continuation", fmt.Sprintf("%q", r.Continuation))
	row(w, "float network", fmt.Sprintf("%q", r.Float))
	row(w, "proven", fmt.Sprintf("each of the %d characters has the highest score after the text before it", r.Characters))
	row(w)
	fmt.Fprintf(w, gptCausal, r.Characters)
	r.figures(w, "continues this prompt so, each time\nby the character of the highest score")
}

const gptCausal = `One proof of one window shows all %d: attention is causal, so that the scores after a character
depend on the text up to it alone, as if the rest had not been written yet.
`
