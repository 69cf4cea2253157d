package prover

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
)

// ErrMemory means that an operation needs more memory than the machine has free.
var ErrMemory = errors.New("not enough memory")

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
