package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
)

// usageError is a command line that makes no sense.
type usageError struct{ verb, message string }

func (e usageError) Error() string { return e.message }

// rejection is verify's verdict on a proof that it could check.
type rejection struct{ error }

func (e rejection) Unwrap() error { return e.error }

// errHidden means that the proofs of a key do not show their input.
var errHidden = errors.New("the proof does not show it")

// errSamples means that a file holds several inputs where one is wanted.
var errSamples = errors.New("several samples")

// errSalts means that a file of --salts is unusable.
var errSalts = errors.New("no openings of digests")

// errOtherValues means that a file of --salts is about other values than the input.
var errOtherValues = errors.New("the openings are of other values than this input and its output")

// errOverwrite means that a file is there which may be the only copy of a secret.
var errOverwrite = errors.New("is there already")

// hints says what to do about each class of errors; the first that applies counts.
var hints = []struct {
	class error
	hint  string
}{
	{errStopped, "finished proofs are in the folder: run it again to go on"},
	{errNoProofs, "give the folder that nnark prove wrote, or one proof's file"},
	{errPrompt, "write the prompt in lower-case letters, spaces, line ends and ,.;:'-?()"},
	{errLabels, "give one class number or label for each input of --expect-input, in the same order"},
	{errOtherRun, "give another folder, or --force to lose the proofs that are there"},
	{context.Canceled, "nothing was written"},
	{errHidden, "leave out --expect-input, or ask for a model whose input is public"},
	{errSalts, `want the file that --salts of prove or digest wrote, {"openings": [{"input": 0, "ints": [...], "salt": "0x..."}]}`},
	{errOtherValues, "give the input that the digest is of"},
	{errOverwrite, "give another name, or --force to replace what may be the only copy"},
	{errSamples, "keep one sample in the file, or give prove a folder: -o proofs/"},
	{verifier.ErrWrongModel, "the proof names another key: ask for the verifying key that belongs to it"},
	{verifier.ErrContext, "give the context the proof was asked for with --context, or accept every one with --any-context"},
	{verifier.ErrInput, "the proof is about another input than the one expected"},
	{verifier.ErrOtherKey, "ask whoever gave you the digest for the verifying key that it is of"},
	{verifier.ErrOpening, "the proof is not about these values, or the salt is another's"},
	{verifier.ErrUnsafeKey, "ask for keys from a ceremony, or leave out --refuse-unsafe if you trust who ran setup"},
	{verifier.ErrRejected, "do not trust this answer: the proof is forged, damaged or for another statement"},
	{ceremony.ErrTranscript, "the file is damaged, or no transcript: ask whoever sent it for another copy"},
	{ceremony.ErrInvalid, "do not go on with this transcript: somebody changed it, or left out a step; go back to the last one that verifies"},
	{ceremony.ErrIncomplete, "each phase needs contributions of two parties or more and then a beacon: nnark ceremony contribute, nnark ceremony beacon"},
	{ceremony.ErrCircuit, "the transcript was begun for another program: give that one, or begin again with nnark ceremony init"},
	{ceremony.ErrPhase1, "compare the digest with one from the powers-of-tau file's publisher, or from nnark ceremony init with that file, and give it with --ptau-digest"},
	{ceremony.ErrClosed, "the ceremony has ended: nnark ceremony verify, nnark ceremony finalize"},
	{ceremony.ErrText, "give a name that nobody else in this phase has, texts without control characters, and a beacon of 16 to 256 bytes"},
	{ceremony.ErrPtau, "give a powers-of-tau file of snarkjs's format for bn128, of the circuit's size or larger"},
	{prover.ErrSystem, "compile the program with --system groth16"},
	{prover.ErrExists, "give another folder, or --force to lose the keys that are there: their opening may be the only one"},
	{prover.ErrNoProvingKey, "load the folder's proving key: bound keys only prove"},
	{prover.ErrKeys, "make keys for this program with nnark setup, or give the folder that belongs to it"},
	{prover.ErrSelfCheck, "the keys are damaged or do not belong together: make them again with nnark setup"},
	{prover.ErrBind, "leave out --bind: bound keys are for committed weights under Groth16"},
	{prover.ErrMemory, "take a machine with more memory, or a smaller model"},
	{solidity.ErrUnsupported, "nnark export solidity writes contracts for public inputs and outputs of a few tensors; the Foundry project is for Groth16"},
	{solidity.ErrName, "a contract's name is a capital letter followed by letters and digits"},
	{circuits.ErrBaked, "compile with --weights committed"},
	{circuits.ErrTarget, "allow a larger error with --tolerance, fix the width with --bits, or give more typical samples"},
	{circuits.ErrBound, "the network's sums are too wide to prove: try fewer --bits, or samples in the network's usual range"},
	{circuits.ErrRange, "the network's sums are too wide to prove: try fewer --bits"},
	{circuits.ErrSize, "one proof does not hold that much: take a smaller network, or fewer inputs at once with --batch"},
	{circuits.ErrInput, "nnark inspect shows the shapes and ranges the program accepts; compile with samples that cover what it will see, or --input-range"},
	{circuits.ErrProgram, "the program file is damaged or of another version: make it again with nnark compile"},
	{verifier.ErrMalformed, "the file is damaged, or not what its place on the command line asks for"},
	{model.ErrUnsupported, "nnark inspect lists the network's nodes; replace these before exporting it to ONNX"},
	{fs.ErrNotExist, "check the path"},
	{fs.ErrPermission, "check the owner and the permissions of the file and its folder"},
	{syscall.ENOSPC, "free some disk space; nothing was kept of the unfinished file"},
}

// hint says what to do about an error.
func hint(err error) string {
	var u usageError
	if errors.As(err, &u) {
		return strings.TrimSpace(fmt.Sprintf("run 'nnark %s", u.verb)) + " -h' for help"
	}
	var input *model.InputError
	if errors.As(err, &input) {
		return `inputs are JSON, {"input_data": [[...], ...]} with one list per input, .npy, .npz, or CSV with one row per sample; nnark inspect shows the shapes`
	}
	for _, h := range hints {
		if errors.Is(err, h.class) {
			return h.hint
		}
	}
	if errors.Is(err, model.ErrMalformed) {
		return "the ONNX file is truncated, damaged or of another format: export it again"
	}
	return "run 'nnark -h' for help"
}

// grouped returns an error's text. Of nodes that are refused for the same reason only the
// first is named: a network has a hundred of a kind.
func grouped(err error) string {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(several.Unwrap()...).Error() != err.Error() { // one error with two causes
		return err.Error()
	}
	var lines []string
	count := map[string]int{}
	first := map[string]int{}
	for _, e := range several.Unwrap() {
		line, key := e.Error(), e.Error()
		var at *model.Error
		if errors.As(e, &at) && at.Node != "" {
			key = at.Op + "\x00" + at.Err.Error()
		}
		if count[key]++; count[key] == 1 {
			first[key] = len(lines)
			lines = append(lines, line)
		}
	}
	for key, n := range count {
		if n > 1 {
			lines[first[key]] += fmt.Sprintf(" (and %d more such nodes)", n-1)
		}
	}
	return strings.Join(lines, "\n")
}

// fail reports an error, if there is one, and returns the exit code.
func (c *command) fail(err error) int {
	if err == nil {
		return exitOK
	}
	f := failure{Error: grouped(err), Hint: hint(err)}
	code := exitFailed
	if errors.Is(err, context.Canceled) {
		f.Error, code = "interrupted", exitInterrupted
	}
	if errors.As(err, new(rejection)) {
		f.Accepted, code = new(bool), exitRejected
	}
	if c.json {
		_ = c.printJSON(f) // the exit code says the rest
	}
	for line := range strings.Lines(f.Error) {
		fmt.Fprintf(c.stderr, "nnark: error: %s\n", printable(strings.TrimSuffix(line, "\n")))
	}
	fmt.Fprintf(c.stderr, "nnark: hint: %s\n", f.Hint)
	return code
}

// warn tells of something that is not an error.
func (c *command) warn(format string, args ...any) {
	fmt.Fprintf(c.stderr, "nnark: warning: %s\n", printable(fmt.Sprintf(format, args...)))
}
