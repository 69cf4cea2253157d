#!/bin/sh
# Compiles the verifier to WebAssembly: nnark.wasm for JavaScript with Go's
# loader wasm_exec.js, and nnark-wasi.wasm, a WASI command.
set -eu
cd "$(dirname "$0")"
GOOS=js GOARCH=wasm go build -trimpath -ldflags='-s -w' -o nnark.wasm .
GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags='-s -w' -o nnark-wasi.wasm .
cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" wasm_exec.js
cp ../../LICENSE LICENSE
chmod 644 nnark.wasm nnark-wasi.wasm wasm_exec.js
