package testdata

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	c := Text()
	n := len(c.Vocabulary)
	if n != 37 || len(c.Samples) != 100 || len(c.Cases) != 20 {
		t.Fatalf("%d characters, %d samples, %d cases, want 37, 100, 20", n, len(c.Samples), len(c.Cases))
	}
	windows := c.Samples
	for i, k := range c.Cases {
		if len(k.Next) != TextWindow || len(k.Logits) != n {
			t.Errorf("case %d: answers to %d characters, %d scores", i, len(k.Next), len(k.Logits))
		}
		windows = append(windows, k.Text)
	}
	seen := map[string]bool{}
	for _, w := range windows {
		tokens, err := c.Tokens(w)
		if err != nil || len(w) != TextWindow || seen[w] {
			t.Errorf("%q is no window, or occurs twice: %v", w, err)
			continue
		}
		for i, token := range tokens {
			if c.Vocabulary[token] != w[i] {
				t.Errorf("%q: character %d is token %d", w, i, token)
			}
		}
		seen[w] = true
	}
	if tokens, err := c.Tokens("ab"); err != nil || len(tokens) != TextWindow || tokens[0] != tokens[1]-1 || tokens[2] != 0 {
		t.Errorf("tokens %v, error %v", tokens, err)
	}
	for _, w := range []string{"A", "\xff", "æ", strings.Repeat("a", TextWindow+1)} {
		if _, err := c.Tokens(w); err == nil {
			t.Errorf("%q is taken", w)
		}
	}
}
