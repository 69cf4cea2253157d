// The verifier as a WASI command: requests on standard input, one a line, and
// an answer a line on standard output (see package answer).
//
// Exit status: 0 when every proof was accepted and every key asked about is well
// formed, 1 when one was not, 2 when there was no request or one was unusable.
package main

import (
	"bufio"
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
	requests := 0
	for ; in.Scan(); requests++ {
		a := server.Serve(in.Bytes())
		status = max(status, statusOf(a))
		if _, err := os.Stdout.Write(append(a.JSON(), '\n')); err != nil {
			return 2, err
		}
	}
	if in.Err() != nil || requests == 0 {
		return 2, in.Err()
	}
	return status, nil
}

func statusOf(a *answer.Answer) int {
	switch {
	case a.Error != "":
		return 2
	case a.Verdict != "" && a.Verdict != answer.Accepted:
		return 1
	}
	return 0
}
