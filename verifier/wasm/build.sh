#!/bin/sh
# Compiles the verifier to WebAssembly: nnark.wasm for JavaScript with Go's
# loader wasm_exec.js, and wasi/nnark-wasi.wasm, a WASI command. program.js is
# nnark.wasm in text, for inline.js.
set -eu
cd "$(dirname "$0")"

# Functions are inlined only where it makes verifying faster: in the fields'
# arithmetic and below. That makes the compressed program 8 % smaller.
curve=github.com/consensys/gnark-crypto/ecc/bn254
build() { # GOOS FILE
	GOOS=$1 GOARCH=wasm go build -trimpath -ldflags='-s -w' -gcflags=all=-l \
		-gcflags=$curve/fp= -gcflags=$curve/fr= -gcflags=$curve/internal/fptower= \
		-gcflags=math/bits= -gcflags=internal/runtime/...= -gcflags=internal/abi= -o "$2" .
	chmod 644 "$2"
}
build js nnark.wasm
build wasip1 wasi/nnark-wasi.wasm
cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" wasm_exec.js
chmod 644 wasm_exec.js
cp ../../LICENSE LICENSE
cp ../../LICENSE wasi/LICENSE
{ printf 'export const gzipped = "'; gzip -9nc nnark.wasm | base64 | tr -d '\n'; printf '";\n'; } > program.js
