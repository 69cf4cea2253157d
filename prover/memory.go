package prover

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/nnark/nnark/circuits"
)

// ErrMemory means that an operation needs more memory than the machine has free.
var ErrMemory = errors.New("not enough memory")

// Estimated bytes a slot of the domain (the next power of two above the constraints)
// takes, rounded up from the peaks measured on circuits of 2^16 and 2^18 slots (Groth16)
// and of 2^20 (PLONK).
const (
	setupBytesPerSlot = 1300
	proveBytesPerSlot = 2300
	bindBytesPerSlot  = 2700
	baseBytes         = 64 << 20
)

// SetupMemory estimates the peak memory of making keys for a compiled network, in bytes.
func SetupMemory(c *circuits.Compiled) int64 { return memory(c, setupBytesPerSlot) }

// ProveMemory estimates the peak memory of loading keys and proving, in bytes.
func ProveMemory(c *circuits.Compiled) int64 { return memory(c, proveBytesPerSlot) }

func memory(c *circuits.Compiled, perSlot int64) int64 {
	slots := int64(1)
	for slots < int64(c.Constraints()) {
		slots *= 2
	}
	return baseBytes + slots*perSlot
}

// checkMemory fails before the machine does.
func checkMemory(need int64) error {
	if free := availableMemory(); need > free {
		return fmt.Errorf("about %d MiB needed, %d MiB available: %w", need>>20, free>>20, ErrMemory)
	}
	return nil
}

// availableMemory returns the bytes Linux says can be had, the control group's limit
// included; elsewhere it knows of no limit.
func availableMemory() int64 {
	free := int64(math.MaxInt64)
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range bytes.Lines(data) {
			if f := bytes.Fields(line); len(f) >= 2 && string(f[0]) == "MemAvailable:" {
				if kib, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil {
					free = kib << 10
				}
			}
		}
	}
	limit, used := readNumber("/sys/fs/cgroup/memory.max"), readNumber("/sys/fs/cgroup/memory.current")
	if limit > 0 && used >= 0 {
		free = min(free, limit-used)
	}
	return free
}

// readNumber returns the integer a file holds, or -1 ("max" stands for no limit).
func readNumber(name string) int64 {
	data, err := os.ReadFile(name)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(data)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
