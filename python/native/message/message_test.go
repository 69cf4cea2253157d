package message

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func service() *Service {
	return &Service{
		Kind: func(error) string { return "kind" },
		Operations: map[string]Operation{
			"echo": func(_ context.Context, in *In, _ Progress) (*Out, error) {
				var h struct{ X int }
				if err := in.Decode(&h, 2); err != nil {
					return nil, err
				}
				return &Out{Header: h.X, Blobs: in.Blobs}, nil
			},
			"panic": func(context.Context, *In, Progress) (*Out, error) { panic("no") },
			"fail":  func(context.Context, *In, Progress) (*Out, error) { return nil, errors.New("why") },
			"wait": func(ctx context.Context, _ *In, p Progress) (*Out, error) {
				p("waiting", 0.5)
				<-ctx.Done()
				return nil, ctx.Err()
			},
		},
	}
}

func framed(header string, rest string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(out, header...), rest...)
}

func TestCall(t *testing.T) {
	s := service()
	answer, ok := s.Call("echo", 1, framed(`{"X": 3, "blobs": [2, 0]}`, "ab"), nil)
	require.True(t, ok)
	require.Equal(t, framed(`{"blobs":[2,0],"result":3}`, "ab"), answer)
	for name, data := range map[string][]byte{
		"nothing": nil, "short": {1, 0}, "header past the end": {9, 0, 0, 0, '{'}, "no JSON": framed("x", ""),
		"blob past the end": framed(`{"blobs":[3]}`, "ab"), "bytes left": framed(`{"blobs":[1]}`, "ab"),
		"a negative blob": framed(`{"blobs":[-1]}`, ""), "a huge one": framed(`{"blobs":[18446744073709551615]}`, ""),
		"a blob too few": framed(`{"blobs":[2]}`, "ab"), "another type": framed(`{"X":"y","blobs":[1,1]}`, "ab"),
	} {
		answer, ok := s.Call("echo", 1, data, nil)
		require.False(t, ok, name)
		require.True(t, json.Valid(answer[4:]), name)
	}
	for _, name := range []string{"panic", "fail", "none"} {
		answer, ok := s.Call(name, 1, framed(`{}`, ""), nil)
		require.False(t, ok)
		require.Contains(t, string(answer), `"kind":"kind"`)
	}
}

func TestCancel(t *testing.T) {
	s := service()
	s.Cancel(7) // none is under way
	answer, ok := s.Call("wait", 7, framed(`{}`, ""), func(string, float64) { go s.Cancel(7) })
	require.False(t, ok)
	require.Contains(t, string(answer), `"kind":"cancelled"`)
	require.Empty(t, s.calls)
}

func FuzzCall(f *testing.F) {
	f.Add(framed(`{"X": 3, "blobs": [2, 0]}`, "ab"))
	s := service()
	f.Fuzz(func(t *testing.T, data []byte) {
		answer, _ := s.Call("echo", 1, data, nil)
		require.GreaterOrEqual(t, len(answer), 4)
	})
}
