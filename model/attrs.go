package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Attrs are the attributes of a node by name. The values are of type int, float32,
// string, []int, []float32, []string or *Tensor. A value this package does not read,
// such as a subgraph, is the error that Unpack returns for it.
type Attrs map[string]any

// Unpack copies attributes into variables. pairs alternates names and pointers; a
// name ending in "?" may be absent, and then its variable keeps its value, the
// default:
//
//	group := 1
//	err := n.Attrs.Unpack("kernel_shape", &kernel, "group?", &group)
//
// Pointers are *int, *bool (an int that is 0 or 1), *float32, *float64 (widened
// from float32), *string, *[]int, *[]float32, *[]string or **Tensor.
//
// The errors wrap ErrMalformed for a missing attribute or a wrong type, and
// ErrUnsupported for an attribute not named in pairs. Unpack
// panics if pairs itself is malformed.
func (a Attrs) Unpack(pairs ...any) error {
	known := make([]string, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, optional := strings.CutSuffix(pairs[i].(string), "?")
		known = append(known, name)
		v, ok := a[name]
		switch {
		case ok:
			if err := assign(pairs[i+1], v); err != nil {
				return fmt.Errorf("attribute %s: %w", name, err)
			}
		case !optional:
			return malformed("attribute %s is missing", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if err, bad := a[name].(error); bad && !slices.Contains(known, name) {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
		if !slices.Contains(known, name) {
			return unsupported("attribute %s%s", name, spellingHint(name, known))
		}
	}
	return nil
}

func assign(dst, v any) error {
	if err, unread := v.(error); unread {
		return err
	}
	if _, graph := v.(*body); graph {
		return unsupported("a value of type GRAPH")
	}
	ok := false
	switch dst := dst.(type) {
	case *int:
		*dst, ok = v.(int)
	case *bool:
		var n int
		n, ok = v.(int)
		ok = ok && (n == 0 || n == 1)
		*dst = n == 1
	case *float32:
		*dst, ok = v.(float32)
	case *float64:
		var f float32
		f, ok = v.(float32)
		*dst = float64(f)
	case *string:
		*dst, ok = v.(string)
	case *[]int:
		*dst, ok = v.([]int)
	case *[]float32:
		*dst, ok = v.([]float32)
	case *[]string:
		*dst, ok = v.([]string)
	case **Tensor:
		*dst, ok = v.(*Tensor)
	default:
		panic(fmt.Sprintf("model: Unpack into %T", dst))
	}
	if !ok {
		return malformed("value %v of the wrong type", v)
	}
	return nil
}

// spellingHint proposes the known name nearest to name, if one is near.
func spellingHint(name string, known []string) string {
	best, at := 3, ""
	for _, k := range known {
		if d := editDistance(name, k); d < best && d < len(k) {
			best, at = d, k
		}
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", at)
}

// editDistance is the Levenshtein distance, or 99 for names too long to matter.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 99
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
