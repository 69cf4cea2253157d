package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// errABI means that a contract's source is not of the form that ABI reads.
var errABI = errors.New("source without an interface")

// parameter and entry are those of an ABI's JSON.
type parameter struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	InternalType string `json:"internalType"`
}

type entry struct {
	Type            string      `json:"type"`
	Name            string      `json:"name,omitempty"`
	Inputs          []parameter `json:"inputs"`
	Outputs         []parameter `json:"outputs,omitempty"`
	StateMutability string      `json:"stateMutability,omitempty"`
}

var (
	abiConstructor = regexp.MustCompile(`(?m)^    constructor\(([^)]*)\) \{`)
	abiError       = regexp.MustCompile(`(?m)^    error (\w+)\(([^)]*)\);`)
	abiConstant    = regexp.MustCompile(`(?m)^    (\w+) public constant (\w+) =`)
	abiFunction    = regexp.MustCompile(`(?m)^    function (\w+)\(([^)]*)\)\s+external (view|pure) returns \(([^)]*)\)`)
)

// ABI returns the interface of an exported contract as JSON, read from its source, whose form is
// this package's.
func ABI(source []byte, name string) ([]byte, error) {
	at := bytes.Index(source, []byte("\ncontract "+name+" "))
	if at < 0 {
		return nil, fmt.Errorf("%s: %w", name, errABI)
	}
	text := string(source[at:])
	entries := []entry{}
	for _, m := range abiConstructor.FindAllStringSubmatch(text, -1) {
		entries = append(entries, entry{Type: "constructor", Inputs: parameters(m[1]), StateMutability: "nonpayable"})
	}
	for _, m := range abiError.FindAllStringSubmatch(text, -1) {
		entries = append(entries, entry{Type: "error", Name: m[1], Inputs: parameters(m[2])})
	}
	for _, m := range abiConstant.FindAllStringSubmatch(text, -1) {
		entries = append(entries, entry{Type: "function", Name: m[2], Inputs: []parameter{}, Outputs: parameters(m[1] + " "), StateMutability: "view"})
	}
	for _, m := range abiFunction.FindAllStringSubmatch(text, -1) {
		entries = append(entries, entry{Type: "function", Name: m[1], Inputs: parameters(m[2]), Outputs: parameters(m[4]), StateMutability: m[3]})
	}
	out, err := json.MarshalIndent(entries, "", "  ")
	return append(out, '\n'), err
}

// parameters reads a list of them: type, perhaps a location, perhaps a name.
func parameters(list string) []parameter {
	out := []parameter{}
	for _, p := range strings.Split(list, ",") {
		words := strings.Fields(p)
		if len(words) == 0 {
			continue
		}
		q := parameter{Type: words[0], InternalType: words[0]}
		if last := words[len(words)-1]; len(words) > 1 && last != "calldata" && last != "memory" {
			q.Name = last
		}
		out = append(out, q)
	}
	return out
}

// typescript returns the interface with its types, as viem and wagmi take it, and what a program
// needs to know of the model.
func typescript(c *Contract, abi []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "// The interface of %s, and its model: for viem, wagmi and others that read types from it.\n\n", c.Name)
	fmt.Fprintf(&out, "export const keyDigest = \"%s\" as const;\n", c.KeyDigest)
	fmt.Fprintf(&out, "export const statementSize = %d as const;\n", c.Size)
	fmt.Fprintf(&out, "export const inputElements = %d as const;\n\n", c.InputElements)
	fmt.Fprintf(&out, "/** Outputs: an integer q stands for q * 2 ** -exp. */\nexport const outputs = [\n")
	for _, t := range c.Outputs {
		name, _ := json.Marshal(t.Card.Name) // a string
		shape, _ := json.Marshal(t.Card.Shape)
		fmt.Fprintf(&out, "  { name: %s, shape: %s, exp: %d, digest: %v },\n", name, shape, t.Card.Exp, !t.Public)
	}
	fmt.Fprintf(&out, "] as const;\n\nexport const abi = %s as const;\n", bytes.TrimSuffix(abi, []byte("\n")))
	return out.Bytes()
}
