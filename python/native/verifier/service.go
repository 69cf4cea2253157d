package main

import (
	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/python/native/verify"
)

var service = &message.Service{Operations: verify.Operations, Kind: verify.Kind}
