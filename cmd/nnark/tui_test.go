package main

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 32722: "32,722", -1234567: "-1,234,567", -100: "-100"} {
		require.Equal(t, want, count(n))
	}
	for n, want := range map[int]string{192: "192 bytes", 9999: "9999 bytes", 14056: "14.1 kB", 7_100_000: "7.1 MB", 2_000_000_000: "2.0 GB"} {
		require.Equal(t, want, size(n))
	}
	require.Equal(t, "0.8 ms", duration(0.8))
	require.Equal(t, "1.24 s", duration(1240))
	require.Equal(t, "0.31 %", percent(0.0031))
	require.Equal(t, "[1 28 28]", dims([]int{1, 28, 28}))
	require.Equal(t, "scalar", dims([]int{}))
	require.Empty(t, dims(nil))
}

func TestDraw(t *testing.T) {
	pixels := []byte{
		0, 255, 128,
		0, 255, 0,
		255, 0, 0,
		255, 0, 0,
	}
	var plain, coloured bytes.Buffer
	draw(&plain, pixels, 3, nil)
	require.Equal(t, "     @:\n    @  \n", plain.String())
	draw(&coloured, pixels[:6], 3, func(g byte) string { return "5;" + string('a'+rune(g/128)) })
	require.Equal(t, "    \x1b[38;5;a;48;5;am▀\x1b[38;5;b;48;5;bm▀\x1b[38;5;b;48;5;am▀\x1b[0m\n", coloured.String())
	require.Nil(t, colourOf(&plain), "no terminal")
}

func TestArgmaxIsLowest(t *testing.T) {
	require.Equal(t, 1, circuits.Argmax([]float64{-1, 2, 2, 0}))
}

// README.md documents every field of every JSON object.
func TestSchemaIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var check func(v reflect.Type)
	check = func(v reflect.Type) {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return
		}
		for i := range v.NumField() {
			f := v.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			if f.IsExported() && !f.Anonymous {
				require.Regexp(t, "[`{ ]"+name+"[`},:]", string(readme), "%v.%s", v, f.Name)
			}
			if f.IsExported() || f.Anonymous {
				check(f.Type)
			}
		}
	}
	for _, object := range []any{failure{}, compileReport{}, inspectReport{}, runReport{}, evaluateReport{}, setupReport{}, proveReport{}, verifyReport{}, demoReport{}, versionReport{}} {
		check(reflect.TypeOf(object))
	}
}
