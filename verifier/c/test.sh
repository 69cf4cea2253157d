#!/bin/sh
# Builds the C library, shared and static, and the programs that use it, and
# runs them on every vector and on random mutations.
#
# Needs go and a C compiler (CC, default cc); g++ for the header's check in C++;
# pkg-config and cmake to use what install.sh installs; clang for libFuzzer; valgrind.
# A tool that is missing is a skip, with CI=true an error. MUTATIONS sets how
# many mutations, FUZZ how many seconds to fuzz.
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

if have readelf "the SONAME"; then
	readelf -d "$out/libnnark_verifier.so" | grep -q 'SONAME.*\[libnnark_verifier\.so\.0\]'
fi
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
	"$out/example$kind" "$golden/flat.key" "$golden/flat.json"
	if "$out/example$kind" "$golden/plonk.key" "$golden/groth16.json"; then
		echo "a proof of another model was accepted" >&2
		exit 1
	fi
	"$out/api$kind" "$golden/groth16.key" "$golden/groth16.json"
done

prefix="$out/prefix"
sh install.sh "$prefix"
mv "$prefix" "$prefix.moved" # what is installed can be moved
prefix="$prefix.moved"
if have pkg-config "the pkg-config file"; then
	export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
	pkg-config --modversion nnark_verifier
	$CC -std=c11 $(pkg-config --cflags nnark_verifier) -o "$out/by-pkg-config" example/example.c $(pkg-config --libs nnark_verifier) -lm
	LD_LIBRARY_PATH="$prefix/lib" "$out/by-pkg-config" "$golden/groth16.key" "$golden/groth16.json"
fi
if have cmake "the CMake package"; then
	cmake -S example -B "$out/cmake" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
	cmake --build "$out/cmake" >/dev/null
	for kind in example example_static; do
		"$out/cmake/$kind" "$golden/groth16.key" "$golden/groth16.json"
	done
fi
if have clang "by libFuzzer, what callers give,"; then
	mkdir "$out/corpus"
	for name in groth16 plonk; do
		{ printf '\000'; cat "$golden/$name.key"; } >"$out/corpus/$name-key"
		{ printf '\002'; cat "$golden/$name.json"; } >"$out/corpus/$name-proof"
		{ printf '\004'; cat "$golden/$name.json" "$golden/$name.json"; } >"$out/corpus/$name-batch"
		{ printf '\006'; head -c 100 /dev/zero; } >"$out/corpus/$name-options"
	done
	if echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { (void)d; (void)n; return 0; }' | clang -x c -fsanitize=fuzzer -o "$out/probe" - 2>/dev/null; then
		clang -std=c11 -O1 -g -Wall -Wextra -fsanitize=fuzzer "-I$out" -o "$out/fuzz" test/fuzz.c "$out/libnnark_verifier.a" -lm -lpthread
		NNARK_GOLDEN="$golden" "$out/fuzz" -max_total_time="${FUZZ:-20}" -max_len=6000 -print_final_stats=1 -artifact_prefix="$out/" "$out/corpus" 2>"$out/fuzz.log" || {
			tail -40 "$out/fuzz.log" >&2
			exit 1
		}
		grep stat::number_of_executed_units "$out/fuzz.log"
	else
		echo "skip: this clang has no libFuzzer"
		if [ "${CI:-}" = true ]; then exit 1; fi
	fi
fi
# Of leaks test/api.c takes care: to valgrind, what Go's collector has not freed yet is one.
# Go's scheduler interrupts long computations by a signal after which they go on in a frame
# that valgrind did not see being made; without that it has nothing to mistake.
if have valgrind "memory, by valgrind,"; then
	GOFLAGS=-tags=valgrind sh build.sh "$out/valgrind"
	$CC -std=c11 -O1 -g "-I$out" -o "$out/valgrind/example" example/example.c "-L$out/valgrind" -lnnark_verifier "-Wl,-rpath,$out/valgrind" -lm
	for name in groth16 plonk; do
		GODEBUG=asyncpreemptoff=1 valgrind -q --error-exitcode=3 --leak-check=no "$out/valgrind/example" "$golden/$name.key" "$golden/$name.json"
	done
fi

cd ../..
go run ./verifier/vectors/flat >"$out/vectors.txt"
"$out/vectors" <"$out/vectors.txt"
"$out/vectors-static" <"$out/vectors.txt"
go run ./verifier/vectors/mutate -n "${MUTATIONS:-2000}" -o "$out/mutations.json.gz"
go run ./verifier/vectors/flat "$out/mutations.json.gz" | "$out/vectors"
