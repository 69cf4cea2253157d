package vectors_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/internal/answer"
	"github.com/nnark/nnark/verifier/vectors"
)

func TestVerdicts(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	var server answer.Server
	for i := range f.Cases {
		c := &f.Cases[i]
		a, err := server.Answer(f.Request(c))
		require.NoError(t, err)
		if a.Verdict != c.Verdict || a.Kind != c.Kind {
			t.Errorf("case %d, key %q, %s, %s: %s %s (%s), want %s %s",
				c.ID, c.Key, c.Flaw, c.Name, a.Verdict, a.Kind, a.Reason, c.Verdict, c.Kind)
		}
		require.Equal(t, a.Verdict == answer.Accepted, a.Statement != nil)
	}
}

// The file is large and mostly of invalid cases, and no flaw is missing.
func TestCoverage(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	verdicts, flaws := map[string]int{}, map[string]int{}
	for i, c := range f.Cases {
		require.Equal(t, i+1, c.ID)
		verdicts[c.Verdict+" "+c.Kind]++
		flaws[c.Flaw]++
	}
	require.GreaterOrEqual(t, len(f.Cases), 500)
	require.Less(t, 10*verdicts["accepted "], 4*len(f.Cases))
	for _, v := range []string{"accepted ", "malformed ", "wrong model ", "rejected ", "rejected context", "rejected input", "rejected unsafe setup", "rejected key", "rejected opening"} {
		require.NotZero(t, verdicts[v], v)
	}
	for _, flaw := range []string{
		"bit flip", "swapped parts", "swapped commitments", "wrong proof of knowledge", "commitment of another proof",
		"part of another proof", "x + r alias", "x + p alias", "off curve", "off subgroup", "infinity", "trailing bytes",
		"truncated", "oversized length", "other model", "other context", "other input", "other statement", "permuted inputs",
		"digits out of range", "re-randomised", "wrongly re-randomised", "hostile key", "hostile card", "unsafe key",
		"malformed JSON", "other encoding", "wrong header", "negated point", "wrong scalar", "trivial proof",
		"other key", "other opening",
	} {
		require.NotZero(t, flaws[flaw], flaw)
	}
	t.Logf("%d cases, %d keys, verdicts %v, flaws %v", len(f.Cases), len(f.Keys), verdicts, flaws)
}
