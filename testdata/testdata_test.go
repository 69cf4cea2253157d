package testdata

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func TestImages(t *testing.T) {
	pixels, digits := Images()
	if len(pixels) != 100 || len(digits) != 100 {
		t.Fatalf("%d images and %d labels, want 100 of each", len(pixels), len(digits))
	}
	var count [10]int
	for _, d := range digits {
		count[d]++
	}
	for d, n := range count {
		if n != 10 {
			t.Errorf("%d images of digit %d, want 10", n, d)
		}
	}
	checkImages(t, pixels)
	// MNIST's test set is known to begin 7, 2, 1, 0, 4.
	for i, want := range []int{7, 2, 1, 0, 4} {
		if digits[i] != want {
			t.Errorf("label %d is %d, want %d", i, digits[i], want)
		}
	}
}

func TestCalibration(t *testing.T) {
	pixels := Calibration()
	if len(pixels) != 200 {
		t.Fatalf("%d images, want 200", len(pixels))
	}
	checkImages(t, pixels)
}

// checkImages checks that each image has 784 pixels, is a bright digit on a
// dark background, and occurs once.
func checkImages(t *testing.T, pixels [][]byte) {
	t.Helper()
	seen := map[string]bool{}
	for i, p := range pixels {
		if len(p) != 784 {
			t.Fatalf("image %d has %d pixels, want 784", i, len(p))
		}
		if p[0] != 0 || bytes.Count(p, []byte{0}) < 392 || bytes.Count(p, []byte{0}) == 784 {
			t.Errorf("image %d is not a digit on a dark background", i)
		}
		if seen[string(p)] {
			t.Errorf("image %d occurs twice", i)
		}
		seen[string(p)] = true
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		name   string
		idx    []byte
		header []uint32
	}{
		{"mnist100.idx3", images, []uint32{0x803, 100, 28, 28}},
		{"mnist100.idx1", labels, []uint32{0x801, 100}},
	} {
		for i, want := range c.header {
			if got := binary.BigEndian.Uint32(c.idx[4*i:]); got != want {
				t.Errorf("%s: header word %d is %#x, want %#x", c.name, i, got, want)
			}
		}
	}
}

func TestModels(t *testing.T) {
	for _, c := range []struct {
		name  string
		model func() []byte
		limit int // bytes
	}{
		{"lenet5", LeNet5, 300_000},
		{"mlp", MLP, 300_000},
		{"gpt", GPT, 500_000},
		{"tiny", Tiny, 10_000},
		{"tiny_mlp", TinyMLP, 10_000},
	} {
		model := c.model()
		if len(model) == 0 || len(model) >= c.limit {
			t.Errorf("%s: %d bytes, want fewer than %d", c.name, len(model), c.limit)
		}
		if !bytes.Contains(model, []byte("logits")) {
			t.Errorf("%s: no output called logits", c.name)
		}
		model[0] ^= 1
		if bytes.Equal(model, c.model()) {
			t.Errorf("%s: the caller can change the embedded bytes", c.name)
		}
	}
}
