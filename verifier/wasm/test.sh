#!/bin/sh
# Builds the WebAssembly verifier and runs every vector, and random mutations of
# them, in Node, in headless Chromium and in a WASI runtime; then has bundlers
# bundle the npm package.
#
# Needs go; node and npm (20 or later); chromium. A tool that is missing is a
# skip, with CI=true an error. MUTATIONS sets how many.
set -eu
cd "$(dirname "$0")"
if [ "${CI:-}" = true ]; then mutations=${MUTATIONS:-4000}; else mutations=${MUTATIONS:-1000}; fi

have() { # TOOL WHAT
	command -v "$1" >/dev/null && return
	echo "skip: no $1, $2 is not tested"
	if [ "${CI:-}" = true ]; then exit 1; fi
	return 1
}

have go "the WebAssembly verifier" || exit 0
sh build.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export NNARK_MUTATIONS="$scratch/mutations.json.gz"
(cd ../.. && go run ./verifier/vectors/mutate -n "$mutations" -o "$NNARK_MUTATIONS")

(cd wasi && go vet ./... && go test -count=1 -timeout=30m ./...)

have node "the npm package" && have npm "the npm package" || exit 0
npm ci --no-audit --no-fund --loglevel=error
npx --no-install tsc -p .
node --test test/node.test.js test/size.test.js
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || echo chromium)}
have "$chromium" "the browser" || exit 0
export CHROMIUM="$chromium"
node --test test/browser.test.js
(cd test/bundlers && npm ci --no-audit --no-fund --loglevel=error)
node --test test/bundlers/bundlers.test.js
