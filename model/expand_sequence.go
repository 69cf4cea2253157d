package model

import "slices"

// A sequence of tensors is known while a network is read: operators on sequences are replaced by those
// on the tensors, and nothing of the sequences is left.

// sequenceOps are the operators that take sequences.
var sequenceOps = []string{"ConcatFromSequence", "SequenceAt", "SequenceErase", "SequenceInsert", "SequenceLength"}

// sequence returns the tensors of input 0.
func (e *expander) sequence() ([]string, error) {
	list, ok := e.sequences[e.arg(0)]
	if !ok {
		return nil, malformed("input %q is no sequence", e.arg(0))
	}
	return list, nil
}

// setSequence gives output 0 a sequence's tensors.
func (e *expander) setSequence(list []string) {
	if e.wants(0) {
		e.sequences[e.n.Outputs[0]] = list
	}
}

// position returns the place among n that input i names, counted from the end if it is negative, and
// standard if there is no such input.
func (e *expander) position(i, n, standard int) (int, error) {
	if e.input(i) == nil {
		return standard, nil
	}
	t, err := e.needConstant(i, "a position")
	if err != nil {
		return 0, err
	}
	if t.Len() != 1 || t.Int == nil || t.Int[0] < -int64(n) || t.Int[0] >= int64(n) {
		return 0, malformed("a position in a sequence of %d that is not in it", n)
	}
	return (int(t.Int[0]) + n) % n, nil
}

// sequenceConstruct expands SequenceConstruct (opset 11).
func (e *expander) sequenceConstruct() error {
	if slices.Contains(e.n.Inputs, "") {
		return malformed("an input is missing")
	}
	e.setSequence(slices.Clone(e.n.Inputs))
	return e.attrs.Unpack()
}

// sequenceEmpty expands SequenceEmpty (opset 11).
func (e *expander) sequenceEmpty() error {
	e.setSequence([]string{})
	return e.attrs.Unpack("dtype?", new(int))
}

// sequenceInsert expands SequenceInsert (opset 11): before a position, or behind all.
func (e *expander) sequenceInsert() error {
	list, err := e.sequence()
	if err != nil {
		return err
	}
	at, err := e.position(2, len(list)+1, len(list))
	if err != nil {
		return err
	}
	e.setSequence(slices.Insert(slices.Clone(list), at, e.arg(1)))
	return e.attrs.Unpack()
}

// sequenceErase expands SequenceErase (opset 11): of a position, or the last.
func (e *expander) sequenceErase() error {
	list, err := e.sequence()
	if err != nil {
		return err
	}
	at, err := e.position(1, len(list), len(list)-1)
	if err != nil || at < 0 {
		return malformed("nothing to erase of a sequence of %d", len(list))
	}
	e.setSequence(slices.Delete(slices.Clone(list), at, at+1))
	return e.attrs.Unpack()
}

// sequenceAt expands SequenceAt (opset 11).
func (e *expander) sequenceAt() error {
	list, err := e.sequence()
	if err != nil {
		return err
	}
	at, err := e.position(1, len(list), 0)
	if err != nil {
		return err
	}
	e.set(0, list[at])
	return e.attrs.Unpack()
}

// sequenceLength expands SequenceLength (opset 11).
func (e *expander) sequenceLength() error {
	list, err := e.sequence()
	if err != nil {
		return err
	}
	e.set(0, e.constant(&Tensor{Shape: []int{}, Int: []int64{int64(len(list))}}))
	return e.attrs.Unpack()
}

// concatFromSequence expands ConcatFromSequence (opset 11): along an axis, or a new one.
func (e *expander) concatFromSequence() error {
	axis, stack := 0, false
	if err := e.attrs.Unpack("axis", &axis, "new_axis?", &stack); err != nil {
		return err
	}
	list, err := e.sequence()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return malformed("an empty sequence")
	}
	if list = slices.Clone(list); stack {
		for i, name := range list {
			list[i] = e.do("Unsqueeze", name, e.list(axis))
		}
	}
	e.set(0, e.join(axis, list...))
	return nil
}

// splitToSequence expands SplitToSequence (opsets 11 and 24): into single entries, equal parts of which
// the last may be smaller, or parts of given sizes.
func (e *expander) splitToSequence() error {
	axis, keep := 0, true
	if err := e.attrs.Unpack("axis?", &axis, "keepdims?", &keep); err != nil {
		return err
	}
	shape := e.in[0].shape
	axis, err := normAxis(axis, len(shape))
	if err != nil {
		return err
	}
	n := shape[axis]
	size, sizes, single := 1, []int(nil), e.input(1) == nil
	if !single {
		t, err := e.needConstant(1, "split")
		if err != nil {
			return err
		}
		given, err := intsOf64(t.Int)
		if err != nil {
			return err
		}
		if len(t.Shape) == 0 && len(given) == 1 {
			size = given[0]
		} else {
			sizes = given
		}
	}
	if size < 1 || n/size > maxSteps {
		return unsupported("parts of %d of an axis of %d", size, n)
	}
	if sizes == nil {
		for from := 0; from < n; from += size {
			sizes = append(sizes, min(size, n-from))
		}
	}
	return e.parts(axis, n, sizes, single && !keep)
}

// parts makes a sequence of input 0's parts along an axis of n, without the axis if squeezed.
func (e *expander) parts(axis, n int, sizes []int, squeezed bool) error {
	list, from := []string{}, 0
	for _, size := range sizes {
		if size < 0 || size > n-from {
			return malformed("parts %v of an axis of %d", sizes, n)
		}
		x := e.slice(e.arg(0), axis, from, from+size)
		if squeezed {
			x = e.do("Squeeze", x, e.list(axis))
		}
		list, from = append(list, x), from+size
	}
	if from != n {
		return malformed("parts %v of an axis of %d", sizes, n)
	}
	e.setSequence(list)
	return nil
}
