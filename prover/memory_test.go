package prover

import (
	"errors"
	"math"
	"testing"
)

func TestCheckMemory(t *testing.T) {
	if err := checkMemory(1 << 20); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	if availableMemory() == math.MaxInt64 {
		t.Skip("this system does not tell how much memory is free")
	}
	if err := checkMemory(1 << 60); !errors.Is(err, ErrMemory) {
		t.Errorf("2^60 bytes: %v, want ErrMemory", err)
	}
}
