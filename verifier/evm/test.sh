#!/bin/sh
# Tests the contracts of package solidity with solc, from npm, on go-ethereum's
# EVM. Arguments go to go test: ./test.sh -v -run TestGas
set -eu
cd "$(dirname "$0")"
npm ci --no-fund --no-audit --silent
go vet ./...
go test -count=1 "$@" ./...
if [ $# -eq 0 ]; then
	sh foundry.sh
fi
