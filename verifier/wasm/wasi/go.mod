module github.com/nnark/nnark/verifier/wasm/wasi

go 1.26.0

require (
	github.com/nnark/nnark v0.0.0
	github.com/stretchr/testify v1.11.1
	github.com/tetratelabs/wazero v1.12.0
)

require (
	github.com/bits-and-blooms/bitset v1.24.6 // indirect
	github.com/consensys/gnark-crypto v0.21.0 // indirect
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	golang.org/x/crypto v0.54.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/nnark/nnark => ../../..
