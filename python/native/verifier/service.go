//go:build cgo

// Command verifier is the library of the Python package nnark_verifier, built with
// -buildmode=c-shared: package verifier behind messages.
package main

import (
	"github.com/nnark/nnark/python/native/bridge"
	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/python/native/verify"
)

func main() {}

func init() {
	bridge.Service = service
}

var service = &message.Service{Operations: verify.Operations, Kind: verify.Kind}
