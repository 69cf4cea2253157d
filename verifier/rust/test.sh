#!/bin/sh
# Runs the crate through every vector and random mutations, its examples, lints, and builds it
# without the standard library.
#
# Needs cargo, and go for the mutations. A tool that is missing is a skip, with CI=true an error.
# MUTATIONS sets how many mutations.
set -eu
cd "$(dirname "$0")"
if ! command -v cargo >/dev/null; then
	echo "skip: no cargo, the Rust verifier is not tested"
	if [ "${CI:-}" = true ]; then exit 1; fi
	exit 0
fi
cmp src/constants.bin ../poseidon2/constants.bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if command -v go >/dev/null; then
	export NNARK_MUTATIONS="$scratch/mutations.json.gz"
	(cd ../.. && go run ./verifier/vectors/mutate -n "${MUTATIONS:-2000}" -o "$NNARK_MUTATIONS")
fi
cargo fmt --check
cargo clippy --locked --release --all-targets -- -D warnings
cargo test --locked --release
cargo package --locked --allow-dirty --no-verify --list >/dev/null
for example in cosmwasm_style solana_style; do
	cargo run --locked -q --release --example $example
done
for system in groth16 plonk; do
	cargo run --locked -q --release --example verify -- ../testdata/$system.key ../testdata/$system.json
done
target=wasm32-unknown-unknown # which has no standard library to speak of
if rustup target add $target >/dev/null 2>&1; then
	cargo build --locked -q --release --target $target --lib
else
	echo "skip: no target $target"
fi
