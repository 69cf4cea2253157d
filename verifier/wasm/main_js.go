// The verifier for JavaScript. index.js is its other half.
package main

import (
	"syscall/js"

	"github.com/nnark/nnark/verifier/internal/answer"
)

// main hands the function that answers requests (see package answer) to
// whoever started the program, and then waits for calls.
func main() {
	var server answer.Server
	serve := js.FuncOf(func(_ js.Value, args []js.Value) any {
		return string(server.Serve([]byte(args[0].String())).JSON())
	})
	js.Global().Call("nnarkReady", serve)
	select {}
}
