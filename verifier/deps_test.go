package verifier

import (
	"os/exec"
	"strings"
	"testing"
)

// The verifier is small to audit and to link because of what it leaves out.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		switch {
		case strings.HasPrefix(path, "github.com/consensys/gnark-crypto/"),
			strings.HasPrefix(path, "github.com/nnark/nnark/fixedpoint"),
			path == "github.com/nnark/nnark/verifier", path == "github.com/nnark/nnark/verifier/statement",
			path == "github.com/nnark/nnark/verifier/flat", path == "github.com/nnark/nnark/verifier/hyperkzg", path == "github.com/nnark/nnark/verifier/internal/msm",
			strings.HasPrefix(path, "github.com/bits-and-blooms/bitset"),
			strings.HasPrefix(path, "golang.org/x/"),
			!strings.Contains(strings.Split(path, "/")[0], "."): // standard library
		default:
			t.Errorf("depends on %s", path)
		}
		switch path {
		case "net/http", "text/template", "encoding/gob", "os/exec":
			t.Errorf("depends on %s", path)
		}
	}
}
