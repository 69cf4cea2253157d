package answer_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
)

func sample(t *testing.T) (key, proof string) {
	k, err := os.ReadFile("../../testdata/groth16.key")
	require.NoError(t, err)
	p, err := os.ReadFile("../../testdata/groth16.json")
	require.NoError(t, err)
	return hex.EncodeToString(k), hex.EncodeToString(p)
}

func serve(t *testing.T, request string) *answer.Answer {
	a := new(answer.Answer)
	out := new(answer.Server).Serve([]byte(request)).JSON()
	require.NotContains(t, string(out), "\n")
	require.NoError(t, json.Unmarshal(out, a))
	return a
}

func TestServe(t *testing.T) {
	key, proof := sample(t)
	a := serve(t, `{"key":"`+key+`","proof":"`+proof+`","expectInts":[[7,0,255]]}`)
	require.Equal(t, answer.Accepted, a.Verdict)
	require.Equal(t, make([]byte, 32), []byte(a.Statement.Context))
	require.EqualValues(t, 14, a.Statement.Outputs[0].Ints[0])
	require.EqualValues(t, -255, a.Statement.Outputs[0].Ints[1])
	require.Nil(t, a.Statement.Outputs[0].Real)
	require.NotNil(t, a.Statement.Inputs[0].Real)
	require.Equal(t, "groth16", a.Card.System)
	require.Len(t, a.Key, 32)

	card := serve(t, `{"key":"`+key+`"}`)
	require.Empty(t, card.Verdict)
	require.Equal(t, a.Card, card.Card)

	a = serve(t, `{"key":"`+key+`","proof":"","anyContext":true}`)
	require.Equal(t, answer.Malformed, a.Verdict)
	require.Nil(t, a.Statement)
	require.NotNil(t, a.Card)
	a = serve(t, `{"key":"","proof":""}`)
	require.Equal(t, answer.Malformed, a.Verdict)
	require.Nil(t, a.Card)
}

// A server that holds a key answers for the key it is asked about.
func TestServerKeepsNoWrongKey(t *testing.T) {
	key, proof := sample(t)
	var s answer.Server
	good, bad := []byte(`{"key":"`+key+`","proof":"`+proof+`"}`), []byte(`{"key":"00","proof":"`+proof+`"}`)
	want := s.Serve(good)
	for range 2 {
		require.Equal(t, answer.Malformed, s.Serve(bad).Verdict)
		require.Equal(t, want, s.Serve(good))
	}
}

func TestBadRequests(t *testing.T) {
	key, proof := sample(t)
	for _, request := range []string{
		``, `null x`, `[]`, `{"key":"0"}`, `{"key":"zz"}`, `{"key":1}`, `{"nokey":""}`,
		`{"key":"` + key + `"} {}`,
		`{"key":"` + key + `","proof":null}`, `{"key":null}`, `null`,
		`{"key":"` + key + `","proof":"` + proof + `","expectKey":null}`,
		`{"key":"` + key + `","proof":"` + proof + `","expectKey":""}`,
		`{"key":"` + key + `","proof":"` + proof + `","expectKey":"00"}`,
		`{"key":"` + key + `","proof":"` + proof + `","openings":[{"index":0,"ints":[1],"salt":"01"}]}`,
		`{"key":"` + key + `","proof":"` + proof + `","openings":[{"index":0,"ints":[1],"salt":"` + strings.Repeat("ff", 32) + `"}]}`,
		`{"key":"` + key + `","proof":"` + proof + `","context":"07"}`,
		`{"key":"` + key + `","proof":"` + proof + `","context":"` + strings.Repeat("ff", 32) + `"}`,
		`{"key":"` + key + `","proof":"` + proof + `","expectInts":[[1.5]]}`,
		`{"key":"` + key + `","proof":"` + proof + `","expectInts":[[9223372036854775808]]}`,
		`{"key":"` + key + `","proof":"` + proof + `","anyContext":1}`,
		`{"key":"` + key + `","proof":"` + proof + `","expectInput":[["1"]]}`,
	} {
		a := serve(t, request)
		require.NotEmpty(t, a.Error, request)
		require.Empty(t, a.Verdict)
	}
}

// A pinned key is compared before anything else is looked at.
func TestExpectKey(t *testing.T) {
	key, proof := sample(t)
	digest := hex.EncodeToString(serve(t, `{"key":"`+key+`"}`).Key)
	ask := func(key, digest string) *answer.Answer {
		return serve(t, `{"key":"`+key+`","proof":"`+proof+`","expectKey":"`+digest+`"}`)
	}
	require.Equal(t, answer.Accepted, ask(key, digest).Verdict)
	for _, a := range []*answer.Answer{ask(key, strings.Repeat("00", 32)), ask("00", digest)} {
		require.Equal(t, answer.Rejected, a.Verdict)
		require.Equal(t, answer.KindKey, a.Kind)
		require.Nil(t, a.Card)
		require.Nil(t, a.Statement)
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err           error
		verdict, kind string
	}{
		{nil, answer.Accepted, ""},
		{verifier.ErrMalformed, answer.Malformed, ""},
		{verifier.ErrWrongModel, answer.WrongModel, ""},
		{verifier.ErrRejected, answer.Rejected, ""},
		{verifier.ErrContext, answer.Rejected, answer.KindContext},
		{verifier.ErrInput, answer.Rejected, answer.KindInput},
		{verifier.ErrOtherKey, answer.Rejected, answer.KindKey},
		{verifier.ErrOpening, answer.Rejected, answer.KindOpening},
		{verifier.ErrUnsafeKey, answer.Rejected, answer.KindUnsafeSetup},
		{os.ErrNotExist, answer.Malformed, ""}, // nothing unknown is accepted
	} {
		verdict, kind := answer.Classify(c.err)
		require.Equal(t, c.verdict, verdict)
		require.Equal(t, c.kind, kind)
	}
}

// Integers that a float64 does not hold are strings, so that no reader rounds them.
func TestIntegers(t *testing.T) {
	out, err := json.Marshal(answer.Tensor{Lo: math.MinInt64, Hi: 1<<53 - 1})
	require.NoError(t, err)
	require.Contains(t, string(out), `"lo":"-9223372036854775808","hi":9007199254740991`)
	var back answer.Tensor
	require.NoError(t, json.Unmarshal(out, &back))
	require.EqualValues(t, math.MinInt64, back.Lo)
	require.EqualValues(t, 1<<53-1, back.Hi)
}

// Several proofs get the verdicts that each gets alone.
func TestBatch(t *testing.T) {
	key, proof := sample(t)
	bad := strings.Replace(proof, "22", "33", 1)
	alone := func(p, options string) *answer.Answer {
		a := serve(t, `{"key":"`+key+`","proof":"`+p+`"`+options+`}`)
		a.Key, a.Card = nil, nil
		return a
	}
	for _, proofs := range [][]string{{proof}, {proof, proof, proof}, {proof, "00", proof}, {bad, proof}, {"", bad}} {
		for _, options := range []string{"", `,"anyContext":true`, `,"expectInts":[[1,2,3]]`} {
			a := serve(t, `{"key":"`+key+`","proofs":["`+strings.Join(proofs, `","`)+`"]`+options+`}`)
			require.Empty(t, a.Verdict)
			require.NotNil(t, a.Card)
			require.Len(t, a.Answers, len(proofs))
			for i, p := range proofs {
				require.Equal(t, alone(p, options), a.Answers[i])
			}
		}
	}
	require.Empty(t, serve(t, `{"key":"`+key+`","proofs":[]}`).Answers)
	require.Equal(t, answer.Malformed, serve(t, `{"key":"00","proofs":["`+proof+`"]}`).Verdict)
	for _, both := range []string{`"proof":"00","proofs":[]`, `"proofs":[],"inputs":[]`} {
		require.NotEmpty(t, serve(t, `{"key":"`+key+`",`+both+`}`).Error)
	}
}

// Packed inputs are what statements show.
func TestPack(t *testing.T) {
	key, proof := sample(t)
	real, err := json.Marshal(func() (x []float64) {
		for _, q := range serve(t, `{"key":"`+key+`","proof":"`+proof+`"}`).Statement.Inputs[0].Ints {
			x = append(x, math.Ldexp(float64(q), -serve(t, `{"key":"`+key+`"}`).Card.Inputs[0].Exp))
		}
		return x
	}())
	require.NoError(t, err)
	a := serve(t, `{"key":"`+key+`","inputs":[{"ints":[7,0,255]}]}`)
	require.Empty(t, a.Error)
	require.Len(t, a.Packed, 1)
	require.Len(t, a.InputHash, 32)
	p, err := verifier.ParseProofJSON(func() []byte { b, _ := hex.DecodeString(proof); return b }())
	require.NoError(t, err)
	first := p.Statement[1].Bytes() // behind the context
	require.Equal(t, first[:], []byte(a.Packed[0].Elements[0]))
	b := serve(t, `{"key":"`+key+`","inputs":[{"real":`+string(real)+`}]}`)
	require.Equal(t, a, b)
	for _, bad := range []string{`[]`, `[null]`, `[{}]`, `[{"ints":[7,0]}]`, `[{"ints":[7,0,256]}]`, `[{"ints":[7,0,255],"real":[1,2,3]}]`,
		`[{"ints":[7,0,255],"salt":"00"}]`, `[{"real":[1e300,0,0]}]`, `[{"ints":[7,0,255]},null]`, `[{"ints":[7,0,255],"x":1}]`} {
		require.NotEmpty(t, serve(t, `{"key":"`+key+`","inputs":`+bad+`}`).Error, bad)
	}
}
