package testdata

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed gpt.onnx
var gpt []byte

//go:embed gpt.json
var gptText []byte

// GPT returns a transformer that continues English of 1730 character by character, in ONNX: 64
// tokens int64[1,64], indices of [Text]'s vocabulary, to logits float[1,64,37] of the character
// after each. Its parameters are stored as float16, each followed by a Cast.
func GPT() []byte { return bytes.Clone(gpt) }

// TextWindow is how many characters [GPT] reads.
const TextWindow = 64

// Corpus is text that [GPT] reads.
type Corpus struct {
	Vocabulary string   `json:"vocabulary"` // all characters, one byte each
	Samples    []string `json:"samples"`    // windows that it was trained on
	Cases      []struct {
		Text   string    `json:"text"`   // a window that it was not trained on
		Next   string    `json:"next"`   // what ONNX Runtime answers after each character
		Logits []float64 `json:"logits"` // and its scores after the last one
	} `json:"cases"`
}

// Text returns 100 windows of text for calibration, and 20 that [GPT] was not trained on.
func Text() *Corpus {
	var c Corpus
	if err := json.Unmarshal(gptText, &c); err != nil {
		panic("testdata: " + err.Error())
	}
	return &c
}

// Tokens returns a window that begins with the text, as the network takes it, and is filled up with
// the first character of the vocabulary. It fails if the text has another character, or too many.
func (c *Corpus) Tokens(text string) ([]int64, error) {
	tokens := make([]int64, TextWindow)
	i := 0
	for _, r := range text {
		token := strings.IndexRune(c.Vocabulary, r)
		switch {
		case token < 0:
			return nil, fmt.Errorf("%q is not in the vocabulary %q", r, c.Vocabulary)
		case i == TextWindow:
			return nil, fmt.Errorf("%d characters do not fit into a window of %d", len(text), TextWindow)
		}
		tokens[i] = int64(token)
		i++
	}
	return tokens, nil
}
