//go:build amd64 && !purego

package simd

//go:generate sh -c "cd _asm && go run . .."

import "github.com/klauspost/cpuid/v2"

func supported() bool {
	return cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX512IFMA, cpuid.AVX512VBMI2)
}
