package relation

// Part is one term of a tensor: to each element it adds a multiple of one element of a block, or
// a constant.
type Part struct {
	Block *Block // nil for constants

	m   *term
	buf [16]int
}

// Parts returns the terms whose sum the tensor is, the constant that all elements share as one
// of them.
func (t Tensor) Parts() []*Part {
	var parts []*Part
	for i := range t.terms {
		p := &Part{Block: t.terms[i].block, m: &t.terms[i]}
		if p.Block.Kind == one {
			p.Block = nil
		}
		parts = append(parts, p)
	}
	if t.cst != 0 {
		parts = append(parts, &Part{m: &term{coef: t.cst}})
	}
	return parts
}

// Read returns what the part adds to element i: coef times element index of the block. It adds
// nothing if coef is 0. Tensors of a finished [System] have coefficients below 2^62; of
// others, one beyond panics.
func (p *Part) Read(i int) (index int, coef int64) {
	if p.m.block == nil {
		return 0, p.m.coef
	}
	index, coef, ok := p.m.read(i, p.buf[:])
	if !ok {
		panic("relation: a coefficient reaches 2^62")
	}
	if index < 0 {
		return 0, 0
	}
	return index, coef
}
