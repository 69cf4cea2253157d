package prover
