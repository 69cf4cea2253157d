// Package quantize turns a trained network of floats into a program of exact integers.
//
// [Graph] takes the network through these passes, each in a file of its name, and chooses
// the narrowest integers whose answers stay close enough to the network's on samples:
//
//	decompose   operators that ONNX defines by simpler ones become those
//	features    columns of a table are brought to one size
//	absorb      scales and offsets move into the weights they meet
//	calibrate   the samples show what every value is; masks shrink to what they need
//	recognise   groups of nodes that together are one known function become it
//	lower       every node becomes operators on integers, by its operator's row of the registry
//
// It is the only package between package model (graphs of ONNX operators) and package
// circuits (programs).
package quantize
