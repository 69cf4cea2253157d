package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nnark/nnark/model"
)

// shapeFlags adds the flags that fix the axes which a network leaves open.
func shapeFlags(c *command) *[]model.Option {
	var options []model.Option
	c.flags.Func("shape", "the shape of an input, `x=1,3,224,224`; may be given for several", func(s string) error {
		name, list, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return fmt.Errorf("want NAME=N,N,...")
		}
		var shape []int
		for d := range strings.SplitSeq(list, ",") {
			n, err := strconv.Atoi(d)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no size of an axis", d)
			}
			shape = append(shape, n)
		}
		options = append(options, model.WithShape(name, shape...))
		return nil
	})
	c.flags.Func("dim", "the size of the axes that the network calls by a name, `seq=32`; may be given for several", func(s string) error {
		name, size, _ := strings.Cut(s, "=")
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || name == "" {
			return fmt.Errorf("want NAME=N")
		}
		options = append(options, model.WithDim(name, n))
		return nil
	})
	return &options
}
