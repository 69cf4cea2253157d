//go:build amd64 && !purego

package simd

//go:generate sh -c "cd _asm && go run . .."

import "github.com/klauspost/cpuid/v2"

// levels lists the levels that the processor supports, the best last.
func levels() []string {
	supported := []string{generic}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3) && !halfWidth() {
		supported = append(supported, avx2)
	}
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX512IFMA, cpuid.AVX512VBMI2) {
		supported = append(supported, ifma)
	}
	return supported
}

// halfWidth reports whether the processor takes 256 bits in two halves, as AMD's did before Zen 2:
// then doubles gain nothing.
func halfWidth() bool {
	return cpuid.CPU.IsVendor(cpuid.AMD) && (cpuid.CPU.Family < 0x17 || cpuid.CPU.Family == 0x17 && cpuid.CPU.Model < 0x30)
}
