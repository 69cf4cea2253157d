#!/bin/sh
# Builds the C library, shared and static, and the programs that use it, and
# runs them on every vector and on random mutations.
#
# Needs go and a C compiler (CC, default cc); g++ for the header's check in C++.
# A tool that is missing is a skip, with CI=true an error. MUTATIONS sets how
# many mutations.
set -eu
cd "$(dirname "$0")"

have() { # TOOL WHAT
	command -v "$1" >/dev/null && return
	echo "skip: no $1, $2 is not tested"
	if [ "${CI:-}" = true ]; then exit 1; fi
	return 1
}

have go "the C library" || exit 0
have "${CC:=cc}" "the C library" || exit 0
export CC
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
sh build.sh "$out"
ls -l "$out"

flags="-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -pedantic -I$out"
shared="-L$out -lnnark_verifier -Wl,-rpath,$out"
for program in example/example test/vectors test/api; do
	name=$(basename "$program")
	$CC $flags -o "$out/$name" "$program.c" $shared -lm -lpthread
	$CC $flags -o "$out/$name-static" "$program.c" "$out/libnnark_verifier.a" -lm -lpthread
done
if have g++ "the header in C++"; then
	g++ -x c++ -std=c++11 -Wall -Wextra -Werror -pedantic -fsyntax-only nnark_verifier.h
fi

golden=../testdata
for kind in "" -static; do
	"$out/example$kind" "$golden/groth16.key" "$golden/groth16.json"
	"$out/example$kind" "$golden/plonk.key" "$golden/plonk.json"
	if "$out/example$kind" "$golden/plonk.key" "$golden/groth16.json"; then
		echo "a proof of another model was accepted" >&2
		exit 1
	fi
	"$out/api$kind" "$golden/groth16.key" "$golden/groth16.json"
done

cd ../..
go run ./verifier/vectors/flat >"$out/vectors.txt"
"$out/vectors" <"$out/vectors.txt"
"$out/vectors-static" <"$out/vectors.txt"
go run ./verifier/vectors/mutate -n "${MUTATIONS:-2000}" -o "$out/mutations.json.gz"
go run ./verifier/vectors/flat "$out/mutations.json.gz" | "$out/vectors"
