package model

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestCSVInputs(t *testing.T) {
	two := []Value{scalar, label}
	pairs := [][]*Tensor{
		{floatTensor([]int{}, 0.5), intTensor([]int{1}, 7)},
		{floatTensor([]int{}, -1000), intTensor([]int{1}, 255)},
	}
	for _, c := range []struct {
		text   string
		inputs []Value
		want   [][]*Tensor
	}{
		{"1,2,3,4,5,6\n", []Value{image}, images(oneToSix)},
		{"\ufeff1,2,3,4,5,6\r\n6,5,4,3,2,1\r\n", []Value{image}, images(oneToSix, []float32{6, 5, 4, 3, 2, 1})},
		{"1;2;3;4;5;6", []Value{image}, images(oneToSix)},
		{"1\t2\t3\t4\t5\t6", []Value{image}, images(oneToSix)},
		{"\n1, \"2\",3 ,4,5,6.0e0\n\n", []Value{image}, images(oneToSix)},
		{"\"a;b\",b,c,d,e,f\n-1.5e0,true,False,4,5,6\n", []Value{image}, images([]float32{-1.5, 1, 0, 4, 5, 6})},
		{"image.0,image.2,image.1,image.3,image.4,image.5\n1,3,2,4,5,6\n", []Value{image}, images(oneToSix)},
		{"image,image.1,image[2],image[3],image[4],image[5]\n1,2,3,4,5,6\n", []Value{image}, images(oneToSix)},
		{"threshold,label\n0.5,7\n-1e3,255\n", two, pairs},
		{"label[0];threshold.0\n7.0;0.5\n255;-1e3\n", two, pairs},
		{"16777217,-2.0\n", []Value{anyNumbers}, [][]*Tensor{{intTensor([]int{2}, 16777217, -2)}}},
		{"x,y\n9007199254740993,1\n", []Value{{Name: "wide", Shape: []int{2}, Type: Int64}}, [][]*Tensor{{intTensor([]int{2}, 9007199254740993, 1)}}},
		{"3\n4\n", []Value{{Name: "one", Shape: []int{1}}}, [][]*Tensor{{intTensor([]int{1}, 3)}, {intTensor([]int{1}, 4)}}},
		{"0.0,1,2,3,4,5\n", []Value{image}, images([]float32{0, 1, 2, 3, 4, 5})},
		{"PK,b,c,d,e,f\n1,2,3,4,5,6\n", []Value{image}, images(oneToSix)},
	} {
		got, err := ParseInputs("in.csv", []byte(c.text), c.inputs)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v %v", c.text, got, err)
		}
	}
}

func TestCSVInputErrors(t *testing.T) {
	one, two := []Value{image}, []Value{scalar, label}
	for _, c := range []struct {
		text   string
		inputs []Value
		want   string
	}{
		{"1,2,3,4,5\n", one, `input "image": line 1: 5 columns, want 6 for shape [1 2 3]: a row is an example: malformed`},
		{"1,2,3\n4,5,6\n", one, `input "image": line 1: 3 columns, want 6 for shape [1 2 3]: a row is an example: malformed`},
		{"1,2,3,4,5,6\n1,2,3,4,5\n", one, `line 2: 5 columns, want 6: malformed`},
		{"a,b,c,d,e,f\n1,2,3,4,5,6\n\n1,2,3,4,5,6,7\n", one, `line 4: 7 columns, want 6: malformed`},
		{"1,2,3,4,5,6\n1,2,3,4,,6\n", one, `input "image": line 2, column 5: "", want a number: malformed`},
		{"1,2,x,4,5,6\n", one, `input "image": line 1, column 3: "x", want a number: malformed`},
		{"nan,nan,nan,nan,nan,nan\n", one, `input "image": line 1, column 1: "nan", want a number: malformed`},
		{"1,2,3,4,5,+6\n", one, `input "image": line 1, column 6: "+6", want a number: malformed`},
		{"1,2,3,4,5,0x6\n", one, `input "image": line 1, column 6: "0x6", want a number: malformed`},
		{"1,2,3,4,5,1e39\n", one, `input "image": line 1, column 6: value 5 is 1e39, outside the range of float32: malformed`},
		{"a;b;c;d;e;f\n1,5;2;3;4;5;6\n", one, `input "image": line 2, column 1: "1,5", want a number: malformed`},
		{"1,2,3,4,5," + strings.Repeat("x", 1000), one, `input "image": line 1, column 6: "` + strings.Repeat("x", 40) + `…", want a number: malformed`},
		{"a,b,c,d,e,f\n", one, `a header without rows: malformed`},
		{"\"\n", one, `line 1, byte 3: extraneous or missing " in quoted-field: malformed`},
		{"1,2,3,4,5,6\n1,2\"3,4,5,6,7\n", one, `line 2, byte 4: bare " in non-quoted-field: malformed`},
		{"0,1,2,3,4,5\n1,2,3,4,5,6\n", one, `line 1: 0, 1, 2, … may be an example or names of columns: begin it with 0.0 or leave it out: malformed`},
		{"image.0,image.1,image.2,image.3,image.4,image.4\n", one, `input "image": line 1, column 6: element 4 appears twice: malformed`},
		{"image.0,image.1,image.2,image.3,image.4,image.6\n", one, `input "image": line 1: no column for element 5, but 6 columns: malformed`},
		{"1,2\n", two, `line 1: a table for a model of 2 inputs needs a header that names them: malformed`},
		{"threshold,lable\n1,2\n", two, `line 1, column 2: "lable" is not an input of the model, which are ["threshold" "label"] (did you mean label?): malformed`},
		{"\n\nthreshold\n1\n", two, `input "label": line 3: 0 columns, want 1 for shape [1]: a row is an example: malformed`},
		{"threshold,label\n1,256\n", two, `input "label": line 2, column 2: 256, outside the range of uint8: malformed`},
		{"threshold,label\n1,1.5\n", two, `input "label": line 2, column 2: value 0 is 1.5, want an integer of 64 bits: malformed`},
		{"label\n1\n\x00", []Value{label}, `not JSON: invalid character 'l' looking for beginning of value at byte 0: malformed`},
	} {
		_, err := ParseInputs("in.csv", []byte(c.text), c.inputs)
		var e *InputError
		if err == nil || err.Error() != "in.csv: "+c.want || !errors.As(err, &e) || !errors.Is(err, ErrMalformed) {
			t.Errorf("%q\n got %v\nwant in.csv: %s", c.text, err, c.want)
		}
	}
}
