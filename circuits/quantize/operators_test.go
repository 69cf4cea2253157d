package quantize

import (
	"flag"
	"fmt"
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
var foldOnly = []string{"Constant", "ConstantOfShape", "IsInf", "IsNaN", "NonZero", "Range", "ReduceProd", "Shape", "Size"}

// TestOperators: every operator that model takes is proven in one of the ways that the
// document names, and the document is current (go test ./circuits/quantize -run TestOperators
// -update-operators).
func TestOperators(t *testing.T) {
	var text strings.Builder
	text.WriteString("# Operators\n\nThis list is made from the registries of the packages `model` and `circuits/quantize` by a test.\n" +
		"An operator is proven by statements of its own or by a table of its values, or it is replaced by\nthe simpler ones that ONNX defines it by, always " +
		"or in the forms that have no statements of their\nown (computed weights or indices, for instance). *ONNX* lists the opsets that defined or changed the\noperator; " +
		"models of opsets 1 to 25 are read. *Cost* is in constraints an element of the output under\nGroth16; a table costs one a row, once for all that use it. " +
		"Errors name what is refused.\n\n" +
		"Operators with statements or a table of their own are drawn in random networks, which are proven\n(`TestRandomGraphs`); definitions are compared with results of ONNX Runtime and of the standard\n(`model`'s tests, `bench/models`).\n\n")
	all := model.Operators()
	fmt.Fprintf(&text, "%d operators:\n\n| operator | ONNX | proven by | cost | refused |\n|---|---|---|---|---|\n", len(all))
	seen := map[string]bool{}
	for _, op := range all {
		row := registry[op.Name]
		seen[op.Name] = true
		var ways []string
		cost, refused := "", []string{}
		switch {
		case row != nil && row.lower != nil:
			require.True(t, op.Evaluated, "%s is lowered, but not read", op.Name)
			ways, cost = append(ways, "statements of its own"), row.cost
			require.NotEmpty(t, cost, op.Name)
			if row.traits&tabled != 0 {
				ways = []string{"a table"}
			}
		case slices.Contains(foldOnly, op.Name):
			require.True(t, op.Evaluated, op.Name)
			ways = append(ways, "constants and shapes only")
		}
		if op.Replaced || row != nil && row.decompose != nil {
			if ways = append(ways, "its definition"); cost == "" {
				cost = "its parts'"
			}
		}
		require.NotEmpty(t, ways, "%s is read, but nothing proves it and foldOnly does not list it", op.Name)
		if row != nil && row.refused != "" {
			refused = append(refused, row.refused)
		}
		if op.Refused != "" && !slices.Contains(refused, op.Refused) {
			refused = append(refused, op.Refused)
		}
		name := "[" + op.Name + "](https://onnx.ai/onnx/operators/onnx__" + op.Name + ".html)"
		if domain, rest, ok := strings.Cut(op.Name, ":"); ok {
			name = rest + " (" + domain + ")"
		}
		versions := strings.Trim(strings.ReplaceAll(fmt.Sprint(op.Versions), " ", ", "), "[]")
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", name, versions, strings.Join(ways, "; "), cost, strings.Join(refused, "; "))
	}
	for _, op := range Operators() {
		require.True(t, seen[op], "%s has a row, but is not read", op)
	}
	const path = "../../OPERATORS.md"
	if *updateOperators {
		require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text.String(), string(got))
}
