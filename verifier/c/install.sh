#!/bin/sh
# Installs the library for C and C++: install.sh PREFIX, for instance /usr/local. Puts header,
# libraries, a pkg-config file (nnark_verifier) and a CMake package (nnark_verifier) below it;
# both find their files wherever PREFIX is moved to.
set -eu
[ $# -eq 1 ] || { echo "usage: install.sh PREFIX" >&2; exit 2; }
prefix=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
sh "$here/build.sh" "$built"
version=$(sed -n 's/^#define NNARK_VERSION "\(.*\)"$/\1/p' "$here/nnark_verifier.h")
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/nnark_verifier"
cp "$built/nnark_verifier.h" "$prefix/include"
for f in "$built"/*nnark_verifier*; do
	case $f in *.h) ;; *) cp -P "$f" "$prefix/lib" ;; esac
done
sed "s/@VERSION@/$version/" "$here/nnark_verifier.pc.in" >"$prefix/lib/pkgconfig/nnark_verifier.pc"
cp "$here/nnark_verifierConfig.cmake" "$prefix/lib/cmake/nnark_verifier"
cat >"$prefix/lib/cmake/nnark_verifier/nnark_verifierConfigVersion.cmake" <<END
set(PACKAGE_VERSION $version)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" wanted "\${PACKAGE_FIND_VERSION}.0")
if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION OR NOT PACKAGE_VERSION MATCHES "^\${wanted}\\.")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
END
