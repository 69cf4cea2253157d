package groth16

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/stretchr/testify/require"
)

// BenchmarkProve times gnark's prover, ours and ours with bound weights, in turn,
// and reports medians. Run it with -benchtime 9x for nine turns.
func BenchmarkProve(b *testing.B) {
	b.Run("chain", func(b *testing.B) { benchmarkProve(b, chainCase(b, 40000), 0) })
	b.Run("plain", func(b *testing.B) { benchmarkProve(b, plainCase(b, 1024, 100), 1024*100) })
	b.Run("packed", func(b *testing.B) {
		c, wires := anyPackedCase(b, 2048, 57, 0, true)
		benchmarkProve(b, c, len(wires))
	})
}

// benchmarkProve binds the first secret inputs of c.
func benchmarkProve(b *testing.B, c testCase, bound int) {
	ctx := context.Background()
	pk, vk := setupFor(b, c)
	start := time.Now()
	p, err := New(c.r1cs, pk)
	require.NoError(b, err)
	prepared := map[string]float64{"new-ms": time.Since(start).Seconds() * 1000}
	tr := gnarkTranscript{c.public}
	provers := []*Prover{p}
	if bound > 0 {
		wires, values := inputWires(p, c, bound)
		if p.early {
			wires, values = append(wires, p.Masks()[0]), append(values, fr.NewElement(12345))
		}
		start = time.Now()
		withBound, err := p.Bind(ctx, wires, values)
		require.NoError(b, err)
		prepared["bind-ms"] = time.Since(start).Seconds() * 1000
		provers = append(provers, withBound)
	}
	names := []string{"nnark-ms", "bound-ms"}
	times := map[string][]float64{}
	record := func(name string, start time.Time) {
		times[name] = append(times[name], time.Since(start).Seconds()*1000)
	}
	for b.Loop() {
		var proof *Proof
		for i, p := range provers {
			start := time.Now()
			proof, err = p.Prove(ctx, c.secret, nil, tr, nil)
			require.NoError(b, err)
			record(names[i], start)
		}
		full := fullWitness(b, c.public, c.secret)
		start := time.Now()
		_, err := g16.Prove(c.r1cs, pk, full)
		require.NoError(b, err)
		record("gnark-ms", start)
		verify(b, vk, proof)
	}
	for name, ms := range prepared {
		b.ReportMetric(ms, name)
	}
	for name, t := range times {
		slices.Sort(t)
		times[name] = t[len(t)/2:]
		b.ReportMetric(times[name][0], name)
	}
	for i, name := range names[:len(provers)] {
		b.ReportMetric(times["gnark-ms"][0]/times[name][0], []string{"ratio", "bound-ratio"}[i])
	}
}
