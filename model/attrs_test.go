package model

import (
	"errors"
	"slices"
	"testing"
)

func TestUnpack(t *testing.T) {
	a := Attrs{"i": 7, "yes": 1, "f": float32(0.5), "s": "text", "is": []int{1, 2}, "fs": []float32{3}, "ss": []string{"x"}, "t": intTensor([]int{}, 9)}
	var (
		i, absent = 0, 5
		yes       bool
		f32       float32
		f64       float64
		s         string
		is        []int
		fs        []float32
		ss        []string
		x         *Tensor
	)
	err := a.Unpack("i", &i, "absent?", &absent, "yes", &yes, "f", &f32, "f", &f64, "s", &s, "is?", &is, "fs", &fs, "ss", &ss, "t", &x)
	if err != nil {
		t.Fatal(err)
	}
	if i != 7 || absent != 5 || !yes || f32 != 0.5 || f64 != 0.5 || s != "text" || !slices.Equal(is, []int{1, 2}) ||
		!slices.Equal(fs, []float32{3}) || !slices.Equal(ss, []string{"x"}) || x.Int[0] != 9 {
		t.Error(i, absent, yes, f32, f64, s, is, fs, ss, x)
	}
}

func TestUnpackErrors(t *testing.T) {
	var i int
	var b bool
	var list []int
	for _, c := range []struct {
		attrs Attrs
		pairs []any
		class error
		want  string
	}{
		{Attrs{}, []any{"axis", &i}, ErrMalformed, "attribute axis is missing: malformed"},
		{Attrs{"axis": "x"}, []any{"axis", &i}, ErrMalformed, "attribute axis: value x of the wrong type: malformed"},
		{Attrs{"axis": []int{1}}, []any{"axis?", &i}, ErrMalformed, "attribute axis: value [1] of the wrong type: malformed"},
		{Attrs{"keep": 2}, []any{"keep?", &b}, ErrMalformed, "attribute keep: value 2 of the wrong type: malformed"},
		{Attrs{"keep": unsupported("a value of type GRAPH")}, []any{"keep?", &b}, ErrUnsupported, "attribute keep: a value of type GRAPH: unsupported"},
		{Attrs{"axis": 1}, []any{}, ErrUnsupported, "attribute axis: unsupported"},
		{Attrs{"axes": []int{1}}, []any{"axis?", &i}, ErrUnsupported, "attribute axes (did you mean axis?): unsupported"},
		{Attrs{"stride": []int{1}}, []any{"group?", &i, "strides?", &list}, ErrUnsupported, "attribute stride (did you mean strides?): unsupported"},
		{Attrs{"zzzz": 1}, []any{"axis?", &i}, ErrUnsupported, "attribute zzzz: unsupported"},
	} {
		if err := c.attrs.Unpack(c.pairs...); err == nil || err.Error() != c.want || !errors.Is(err, c.class) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
