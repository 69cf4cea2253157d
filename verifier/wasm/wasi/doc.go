// Package wasi runs the verifier's WASI build in a WASI runtime (wazero) and
// holds nothing but that test. It is a module of its own, so that the runtime
// is not a dependency of the project.
package wasi
