package circuits

import (
	"fmt"

	"github.com/nnark/nnark/fixedpoint"
)

// maxInteger bounds every integer that a program computes. float64 holds such integers
// exactly, and an int64 the sums and differences of a thousand of them.
const maxInteger = 1 << 53

// maxElements bounds a tensor's size, and that of all values of a program together.
const maxElements = 1 << 26

// bounded checks a range that interval arithmetic gave, possibly with an error: [ErrBound]
// if it is empty or passes [maxInteger].
func bounded(r fixedpoint.Interval, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", err, ErrBound)
	case r.IsEmpty() || r.MaxAbs() > maxInteger:
		return fmt.Errorf("integers in %v: %w", r, ErrBound)
	}
	return nil
}

// validShape bounds ranks and sizes, so that products of dimensions do not overflow.
func validShape(shape []int) bool {
	n := 1
	for _, d := range shape {
		if d < 1 || d > maxElements/n {
			return false
		}
		n *= d
	}
	return len(shape) <= 8
}

// validSteps bounds strides, pads and the like, so that positions do not overflow.
func validSteps(steps ...int) bool {
	for _, s := range steps {
		if s < -maxElements || s > maxElements {
			return false
		}
	}
	return true
}
