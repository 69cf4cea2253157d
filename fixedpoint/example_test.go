package fixedpoint_test

import (
	"fmt"

	"github.com/nnark/nnark/fixedpoint"
)

// A sum of products with 7 fractional bits too many becomes an 8-bit activation.
func ExampleRequantize() {
	out := fixedpoint.Signed(8)
	fmt.Println(fixedpoint.Requantize(192, 7, out)) // 1.5
	fmt.Println(fixedpoint.Requantize(-192, 7, out))
	fmt.Println(fixedpoint.Requantize(1<<20, 7, out))
	// Output:
	// 2
	// -1
	// 127
}

// The sigmoid of -1, -3/4, …, 3/4 in units of 1/256.
func ExampleFunction_Table() {
	sigmoid, err := fixedpoint.ByName("Sigmoid")
	if err != nil {
		fmt.Println(err)
		return
	}
	table, err := sigmoid.Table(fixedpoint.Interval{Lo: -4, Hi: 3}, 2, fixedpoint.Unsigned(8), 8)
	fmt.Println(table, err)
	// Output:
	// [69 82 97 112 128 144 159 174] <nil>
}
