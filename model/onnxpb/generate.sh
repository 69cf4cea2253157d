#!/bin/sh
# Regenerates onnx.pb.go. Needs protoc and
# go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.9
set -eu
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
mkdir "$dir/nnark"
sed 's/^package onnx;/package nnark.onnx;/' onnx.proto > "$dir/nnark/onnx.proto"
${PROTOC:-protoc} -I "$dir" --go_out="$dir" \
	--go_opt=Mnnark/onnx.proto=github.com/nnark/nnark/model/onnxpb \
	nnark/onnx.proto
mv "$dir/github.com/nnark/nnark/model/onnxpb/onnx.pb.go" onnx.pb.go
