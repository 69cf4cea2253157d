package prover

import (
	"bytes"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/logger"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
)

// gnark's logger is the importer's: nothing replaces or silences it. What a prover says of
// constraints that fail has none of their values.
func TestImportersLogger(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	logger.Set(zerolog.New(lockedWriter{&mu, &log}).Level(zerolog.TraceLevel))
	defer logger.Disable() // as gnark does in tests
	for _, k := range []*Keys{committedKeys(), bakedKeys(), plonkKeys()} {
		_, err := circuits.Compile(k.compiled.Program)
		require.NoError(t, err)
		log.Reset()
		input := make([]int64, relation.Size(k.compiled.Program.Inputs[0].Shape))
		w, err := k.compiled.Witness([][]int64{input}, k.weights, fr.Element{}, randomElement)
		require.NoError(t, err)
		secret := fr.NewElement(0xdecaf_c0ffee)
		for i := range 30 { // somewhere among the integers, past weights and blinding
			w.Secret[len(w.Secret)-1-i*7%len(w.Secret)] = secret
		}
		_, err = k.proveWitness(t.Context(), w, nil)
		require.Error(t, err)
		for _, text := range []string{secret.String(), secret.Text(16)} {
			require.NotContains(t, err.Error(), text)
		}
	}
	log.Reset()
	l := logger.Logger()
	l.Info().Msg("mine")
	require.Contains(t, log.String(), "mine")
}

type lockedWriter struct {
	mu  *sync.Mutex
	log *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}
