// Command nnark proves what a trained neural network answers, and checks such proofs.
// README.md beside this file describes its verbs, its exit codes and the JSON it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/consensys/gnark/logger"
)

const usage = `Usage:
    nnark demo    [--model lenet5|mlp] [--image N]
    nnark demo    --model gpt [--prompt TEXT] [--characters N]
    nnark inspect MODEL.onnx|M.nnark [--samples FILE]
    nnark compile MODEL.onnx --samples FILE -o M.nnark [--batch N]
    nnark evaluate M.nnark --data FILE [--onnx MODEL.onnx|--want FILE] [--labels FILE] [--plot FILE.svg]
    nnark run     M.nnark --input FILE [--onnx MODEL.onnx]
    nnark setup   M.nnark -o KEYDIR [--bind]
    nnark prove   M.nnark --keys KEYDIR --input FILE -o proof.json|proofs/ [--context N]
    nnark digest  --key KEYDIR/verifying.key --input FILE [--salts FILE]
    nnark verify  --key KEYDIR/verifying.key proof.json|proofs/ [--expect-key DIGEST]
                  [--expect-input FILE] [--labels FILE] [--context N] [--salts FILE]
    nnark audit   M.nnark --key verifying.key [--opening model.opening] [--transcript FILE]
    nnark commit  M.nnark --keys KEYDIR -o KEYDIR
    nnark architecture M.nnark -o A.nnark
    nnark ceremony init       M.nnark -o 0.ceremony [--ptau FILE]
    nnark ceremony contribute 0.ceremony -o 1.ceremony --name NAME
    nnark ceremony beacon     2.ceremony -o 3.ceremony --source TEXT --value HEX [--program M.nnark]
    nnark ceremony verify     6.ceremony M.nnark
    nnark ceremony finalize   6.ceremony M.nnark -o KEYDIR
    nnark export  solidity|calldata --key KEYDIR/verifying.key [-o FILE.sol] [--proof proof.json]
    nnark version

'nnark VERB -h' lists a verb's flags; --json makes it print one JSON object. A FILE of
inputs is JSON, {"input_data": [[...], ...]} or {"inputs": {"name": [...]}}, .npy, .npz or CSV.

Example:
    $ nnark compile lenet5.onnx --samples train.npy -o lenet5.nnark
    $ nnark setup lenet5.nnark -o keys
    $ nnark prove lenet5.nnark --keys keys --input digit.json -o proof.json
    $ nnark verify --key keys/verifying.key proof.json --expect-input digit.json
`

// Exit codes.
const (
	exitOK          = 0
	exitRejected    = 1 // verify, audit: the proof or the key was checked and is not accepted
	exitFailed      = 2
	exitInterrupted = 130
)

// verbs maps each verb to its synopsis and what runs it.
var verbs = map[string]struct {
	synopsis string
	run      func(*command) (report, error)
}{
	"demo":     {"[flags]", demo},
	"inspect":  {"MODEL.onnx|M.nnark [flags]", inspect},
	"compile":  {"MODEL.onnx --samples FILE -o M.nnark [flags]", compile},
	"evaluate": {"M.nnark --data FILE [--onnx MODEL.onnx|--want FILE] [--labels FILE] [flags]", evaluate},
	"run":      {"M.nnark --input FILE [flags]", run},
	"setup":    {"M.nnark -o KEYDIR [flags]", setup},
	"prove":    {"M.nnark --keys KEYDIR --input FILE -o proof.json|proofs/ [flags]", prove},
	"digest":   {"--key KEYDIR/verifying.key --input FILE [flags]", digest},
	"verify":   {"--key KEYDIR/verifying.key proof.json|proofs/ [flags]", verify},
	"audit":    {"M.nnark --key verifying.key [--opening model.opening] [flags]", audit},
	"commit":   {"M.nnark --keys KEYDIR -o KEYDIR [flags]", commit},
	"export":   {"solidity|calldata --key KEYDIR/verifying.key [flags]", export},
	"version":  {"[flags]", version},

	"architecture":        {"M.nnark -o A.nnark [flags]", architecture},
	"ceremony init":       {"M.nnark -o TRANSCRIPT [flags]", ceremonyInit},
	"ceremony contribute": {"TRANSCRIPT -o TRANSCRIPT --name NAME [flags]", ceremonyContribute},
	"ceremony beacon":     {"TRANSCRIPT -o TRANSCRIPT --source TEXT --value HEX [flags]", ceremonyBeacon},
	"ceremony verify":     {"TRANSCRIPT M.nnark [flags]", ceremonyVerify},
	"ceremony finalize":   {"TRANSCRIPT M.nnark -o KEYDIR [flags]", ceremonyFinalize},
}

// report is what a verb has to say: a JSON object, or text with tabs between columns.
type report interface {
	text(w io.Writer)
}

// verdict is a report that decides the exit code.
type verdict interface{ exitCode() int }

// command is one run of a verb.
type command struct {
	ctx    context.Context
	verb   string
	raw    []string // what follows the verb
	args   []string // the positional ones among them, after parse
	flags  *flag.FlagSet
	stdout io.Writer
	stderr io.Writer
	json   bool
}

func main() {
	logger.Disable() // gnark's, which would write between our lines
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// dispatch runs a command line and returns the exit code.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	c := &command{ctx: ctx, stdout: stdout, stderr: stderr}
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitFailed
	}
	c.verb, c.raw = args[0], args[1:]
	if c.verb == "ceremony" && len(c.raw) > 0 && !strings.HasPrefix(c.raw[0], "-") {
		c.verb, c.raw = c.verb+" "+c.raw[0], c.raw[1:]
	}
	c.json = slices.ContainsFunc(c.raw, func(a string) bool { return a == "--json" || a == "-json" })
	r, err := c.run()
	if err == nil {
		err = c.print(r)
	}
	if errors.Is(err, flag.ErrHelp) {
		c.help()
		return exitOK
	}
	if v, ok := r.(verdict); ok && err == nil {
		return v.exitCode()
	}
	return c.fail(err)
}

func (c *command) run() (report, error) {
	v, ok := verbs[c.verb]
	switch {
	case strings.HasPrefix(c.verb, "ceremony") && !ok:
		return nil, usageError{"", "ceremony needs one of init, contribute, beacon, verify, finalize"}
	case !ok:
		return nil, usageError{"", fmt.Sprintf("unknown verb %q", c.verb)}
	}
	c.flags = flag.NewFlagSet(c.verb, flag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.flags.BoolVar(&c.json, "json", c.json, "print one JSON object")
	return v.run(c)
}

// parse reads the command line: flags, before, between and behind as many positional
// arguments as there are names. Flags named in required must not be empty.
func (c *command) parse(names []string, required ...string) error {
	for rest := c.raw; len(rest) > 0; {
		if err := c.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return err
			}
			return usageError{c.verb, err.Error()}
		}
		left := c.flags.Args()
		if used := len(rest) - len(left); used > 0 && rest[used-1] == "--" {
			c.args = append(c.args, left...)
			break
		}
		if len(left) == 0 {
			break
		}
		c.args, rest = append(c.args, left[0]), left[1:]
	}
	switch {
	case len(c.args) < len(names):
		return usageError{c.verb, "missing " + strings.Join(names[len(c.args):], " and ")}
	case len(c.args) > len(names):
		return usageError{c.verb, fmt.Sprintf("unexpected argument %q", c.args[len(names)])}
	}
	for _, name := range required {
		if c.flags.Lookup(name).Value.String() == "" {
			return usageError{c.verb, "missing " + dashed(name)}
		}
	}
	return nil
}

// given lists the flags that are on the command line.
func (c *command) given() (names []string) {
	c.flags.Visit(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

// help prints the verb's synopsis and flags.
func (c *command) help() {
	fmt.Fprintf(c.stdout, "Usage: nnark %s %s\n\n", c.verb, verbs[c.verb].synopsis)
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	c.flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			text += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  %s %s\t%s\n", dashed(f.Name), value, text)
	})
	w.Flush()
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// await runs f, which does not watch the context, and returns when either is done. f only
// computes: if the context ends first, the process ends soon after and f with it.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
