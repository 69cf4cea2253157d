#!/bin/sh
# Runs exported Foundry projects as their users would: forge's tests and linter, and Slither, of which
# nothing of medium severity or more is let pass. PLONK's contract has gnark's in it, which is
# not linted.
set -eu
cd "$(dirname "$0")"
export PATH="$PWD/node_modules/.bin:$PATH" FOUNDRY_SOLC="$PWD/solc.js"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! command -v slither >/dev/null; then
	python3 -m venv "$scratch/slither"
	"$scratch/slither/bin/pip" install -q slither-analyzer==0.11.6
	PATH="$scratch/slither/bin:$PATH"
fi
for system in groth16 plonk; do
	project="$scratch/$system"
	(cd ../.. && go run ./cmd/nnark export solidity --foundry --key "verifier/testdata/$system.key" --proof "verifier/testdata/$system.json" -o "$project")
	cd "$project"
	forge test
	if [ $system = groth16 ]; then
		forge lint --deny warnings
		slither . --filter-paths test --exclude-informational --exclude-optimization --exclude-low
	fi
	cd - >/dev/null
done
