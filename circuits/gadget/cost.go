package gadget

// Cost predicts the number of constraints node by node; "" holds what belongs to none:
// tables, the statement, the challenge. Under Groth16 it is within a few per cent of the
// compiled circuit's count; under PLONK, where every term of a sum costs and columns share
// rows, it is a rough guide.
func (p *Plan) Cost() map[string]int {
	cost := map[string]int{}
	for _, c := range p.Contracts {
		cost[c.Node] += p.price(c)
	}
	for _, m := range p.MatMuls {
		cost[m.Node] += p.priceMatMul(m)
	}
	for _, l := range p.Sys.Lookups {
		n := l.Cols[0].Size()
		if l.Table.IsFunction() && !l.Cols[1].IsConst() {
			n *= 2
		}
		cost[l.Node] += n
	}
	for _, g := range p.Gatherings {
		for _, u := range g.uses {
			cost[u.Node] += u.Key.Size() * g.parts
			if len(u.Key.Exprs()[0].Terms) > 0 {
				cost[u.Node] += u.Key.Size()
			}
		}
		cost[g.uses[0].Node] += g.elements() + g.parts
	}
	for _, m := range p.Sys.Members {
		cost[m.Node] += m.Query.Size() + m.Rows.Size() + 1
	}
	for _, x := range p.Sys.Products {
		cost[x.Node] += x.A.Size()
	}
	for _, z := range p.Sys.Zeros {
		cost[z.Node] += z.T.Size()
	}
	for _, t := range p.Sys.Tables {
		cost[""] += t.Len() + 1
	}
	cost[""] += p.StatementSize() + 20
	return cost
}

// TotalCost is the sum of [Plan.Cost].
func (p *Plan) TotalCost() (n int) {
	for _, c := range p.Cost() {
		n += c
	}
	return n
}
