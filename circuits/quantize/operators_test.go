package quantize

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/model"
)

var updateOperators = flag.Bool("update-operators", false, "write OPERATORS.md anew")

// foldOnly lists the operators that networks prepare shapes, indices and constants with: of
// what depends on an input they are refused.
var foldOnly = []string{"Constant", "ConstantOfShape", "IsInf", "IsNaN", "Mod", "NonZero", "Range", "ReduceProd", "Shape", "Size"}

// TestOperators: every operator that model takes is proven in one of the ways that the
// document names, and the document is current (go test ./circuits/quantize -run TestOperators
// -update-operators).
func TestOperators(t *testing.T) {
	evaluated, replaced := model.Operators()
	ways := map[string][]string{}
	for _, op := range replaced {
		ways[op] = append(ways[op], "by its definition")
	}
	for op := range decompositions {
		if !slices.Contains(ways[op], "by its definition") {
			ways[op] = append(ways[op], "by its definition")
		}
	}
	for op := range lowerings {
		if slices.Contains(recognisedOnly, op) {
			continue
		}
		require.Contains(t, evaluated, op, "lowered, but not read")
		way := "statements of its own"
		if isUnary(op) {
			way = "a table"
		}
		ways[op] = append([]string{way}, ways[op]...)
	}
	for _, op := range foldOnly {
		require.Contains(t, evaluated, op)
		if ways[op] == nil {
			ways[op] = []string{"constants and shapes only"}
		}
	}
	for _, op := range evaluated {
		require.NotNil(t, ways[op], "%s is read, but nothing proves it and foldOnly does not list it", op)
	}

	var text strings.Builder
	text.WriteString("# Operators\n\nThis list is made from the tables of the packages `model` and `circuits` by their tests.\n" +
		"An operator is proven by statements of its own or by a table of its values, or it is replaced by\nthe simpler ones that ONNX defines it by, always " +
		"or in the forms that have no statements of their\nown (computed weights or indices, for instance). Forms that are refused are named in the error.\n\n")
	fmt.Fprintf(&text, "%d operators:\n\n| operator | proven by |\n|---|---|\n", len(ways))
	for _, op := range slices.Sorted(maps.Keys(ways)) {
		name, link := op, ""
		if domain, rest, ok := strings.Cut(op, ":"); ok {
			name = rest + " (" + domain + ")"
		} else {
			link = "https://onnx.ai/onnx/operators/onnx__" + op + ".html"
		}
		if link != "" {
			name = "[" + name + "](" + link + ")"
		}
		fmt.Fprintf(&text, "| %s | %s |\n", name, strings.Join(ways[op], "; "))
	}
	const path = "../../OPERATORS.md"
	if *updateOperators {
		require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text.String(), string(got))
}
