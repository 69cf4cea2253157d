module github.com/nnark/nnark/prover/simd/_asm

go 1.26.0
