// The verifier as a WASI command: requests on standard input, one a line, and
// an answer a line on standard output (see package answer).
//
// Exit status: 0 when every proof was accepted and every key asked about is well
// formed, 1 when one was not, 2 when there was no request or one was unusable.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"

	"github.com/nnark/nnark/verifier/internal/answer"
)

// maxRequest bounds a line: the largest key and the largest proof, in hexadecimal.
const maxRequest = 96 << 20

func main() {
	status, err := serve()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nnark: error:", err)
	}
	os.Exit(status)
}

func serve() (status int, err error) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, maxRequest)
	var server answer.Server
	status = 2
	for requests := 0; in.Scan(); requests++ {
		out, worst := server.Serve(in.Bytes()), 0
		switch {
		case bytes.HasPrefix(out, []byte(`{"error":`)):
			worst = 2
		case bytes.HasPrefix(out, []byte(`{"verdict":`)) && !bytes.HasPrefix(out, []byte(`{"verdict":"accepted"`)):
			worst = 1
		}
		if requests == 0 {
			status = 0
		}
		status = max(status, worst)
		if _, err := os.Stdout.Write(append(out, '\n')); err != nil {
			return 2, err
		}
	}
	if in.Err() != nil {
		return 2, in.Err()
	}
	return status, nil
}
