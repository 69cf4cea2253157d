package verifier_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// All packages have one version.
func TestVersion(t *testing.T) {
	for name, pattern := range map[string]string{
		"../CHANGELOG.md":                   `(?m)^## (\S+?)(?:,.*)?$`,
		"../python/pyproject.toml":          `(?m)^version = "(.*)"$|dynamic = \["version"\]`,
		"../python/nnark/__init__.py":       `(?m)^__version__ = "(.*)"$`,
		"../python/verifier/pyproject.toml": `(?m)^version = "(.*)"$`,
		"wasm/package.json":                 `"version": "(.*)"`,
		"wasm/wasi/package.json":            `"version": "(.*)"`,
		"rust/Cargo.toml":                   `(?m)^version = "(.*)"$`,
		"c/nnark_verifier.h":                `(?m)^#define NNARK_VERSION "(.*)"$`,
	} {
		data, err := os.ReadFile(filepath.FromSlash(name))
		require.NoError(t, err)
		found := regexp.MustCompile(pattern).FindSubmatch(data)
		require.NotNil(t, found, name)
		if got := string(found[1]); got != "" {
			require.Equal(t, verifier.Version, got, name)
		}
	}
}
