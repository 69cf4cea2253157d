package main

import (
	"bytes"
	"context"
	"testing"

	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/ceremony"
)

// BenchmarkCeremony times the steps of a ceremony for LeNet-5:
//
//	go test ./bench/prover -run - -bench Ceremony -benchtime 3x
func BenchmarkCeremony(b *testing.B) {
	ctx, value := context.Background(), make([]byte, 32)
	c, err := networks()[0].compile()
	require.NoError(b, err)
	r := c.System.(*cs.R1CS)
	t, err := ceremony.New(r, "lenet5")
	require.NoError(b, err)
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	next := 0
	step := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, f())
			}
		})
	}
	contribute := func() error {
		next++
		return t.Contribute(ctx, names[next%len(names)]+string(rune('0'+next/len(names))), "", nil, nil)
	}
	step("contribute to phase 1", contribute)
	require.NoError(b, contribute())
	var file bytes.Buffer
	_, err = t.WriteTo(&file)
	require.NoError(b, err)
	step("begin phase 2", func() error {
		if t, err = ceremony.Read(bytes.NewReader(file.Bytes()), int64(file.Len())); err != nil {
			return err
		}
		return t.Beacon(ctx, "zeros", value, r, nil)
	})
	step("contribute to phase 2", contribute)
	require.NoError(b, contribute())
	require.NoError(b, t.Beacon(ctx, "zeros", value, nil, nil))
	step("verify", func() error { _, err := ceremony.Verify(ctx, t, r, ceremony.Options{}); return err })
}
