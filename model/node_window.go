package model

// Window is a sliding window with its defaults and auto_pad resolved: one entry per
// spatial axis.
type Window struct {
	Kernel, Strides, Dilations, PadBegin, PadEnd, Out []int
	CeilMode, CountIncludePad                         bool
}

// Window resolves the window attributes of a Conv, MaxPool or AveragePool node. in is
// the input's spatial shape; kernel is used where kernel_shape is absent (Conv takes it
// from its weights).
func (n *Node) Window(in, kernel []int) (*Window, error) {
	var w window
	var group, storageOrder int
	var includePad bool
	err := n.Attrs.Unpack(w.attrs("ceil_mode?", &w.ceil, "count_include_pad?", &includePad, "group?", &group, "storage_order?", &storageOrder)...)
	if err != nil {
		return nil, err
	}
	if w.kernel == nil {
		w.kernel = kernel
	}
	if err := w.init(in); err != nil {
		return nil, err
	}
	return &Window{w.kernel, w.strides, w.dilations, w.padBegin, w.padEnd, w.out, w.ceil, includePad}, nil
}
