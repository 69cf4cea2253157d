#!/bin/sh
# Builds the library, shared and static, into a folder: build.sh [FOLDER]. install.sh
# puts it where compilers look.
#
# GOFLAGS=-tags=valgrind makes one that valgrind understands.
set -eu
out=$(mkdir -p "${1:-.}" && cd "${1:-.}" && pwd)
cd "$(dirname "$0")"
export CGO_ENABLED=1
version=$(sed -n 's/^#define NNARK_VERSION "\(.*\)"$/\1/p' nnark_verifier.h)
major=${version%%.*}
case $(go env GOOS) in
darwin) file=libnnark_verifier.$major.dylib link=libnnark_verifier.dylib flag="-Wl,-install_name,@rpath/libnnark_verifier.$major.dylib" ;;
windows) file=nnark_verifier.dll link= flag= ;;
*) file=libnnark_verifier.so.$version link=libnnark_verifier.so flag="-Wl,-soname,libnnark_verifier.so.$major" ;;
esac
go build -trimpath -ldflags="-s -w -extldflags '$flag'" -buildmode=c-shared -o "$out/$file" .
go build -trimpath -ldflags='-s -w' -buildmode=c-archive -o "$out/libnnark_verifier.a" .
rm -f "$out/${file%.*}.h" "$out/libnnark_verifier.h" "$out/libnnark_verifier.so.${version%.*}.h" # Go's; nnark_verifier.h is ours
if [ -n "$link" ]; then
	ln -sf "$file" "$out/$link"
	case $link in *.so) ln -sf "$file" "$out/$link.$major" ;; esac
fi
cp nnark_verifier.h "$out"
