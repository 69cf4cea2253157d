#!/bin/sh
# Builds libnnark_verifier.so and libnnark_verifier.a into a folder:
# build.sh [FOLDER].
set -eu
out=$(mkdir -p "${1:-.}" && cd "${1:-.}" && pwd)
cd "$(dirname "$0")"
export CGO_ENABLED=1
go build -trimpath -ldflags='-s -w' -buildmode=c-shared -o "$out/libnnark_verifier.so" .
go build -trimpath -ldflags='-s -w' -buildmode=c-archive -o "$out/libnnark_verifier.a" .
rm -f "$out/libnnark_verifier.h" # Go's; nnark_verifier.h is ours
cp nnark_verifier.h "$out"
