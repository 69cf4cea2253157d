// Package onnxpb is the Go form of onnx.proto, the file format of ONNX 1.23
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, Apache-2.0, kept
// beside this file unchanged).
//
// The generated code registers its messages as "nnark.onnx.ModelProto" and so
// on: the protobuf runtime panics when two packages of one program register
// the same name, and an importer of nnark may well have its own ONNX code. The
// bytes of a file do not depend on that name.
package onnxpb

//go:generate sh generate.sh
