package quantize

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// widths decide how precise a program is.
type widths struct {
	bits      int // of activations, beside the sign
	shift     int // of accumulators to activations: what weights' precision follows from
	inputBits int // of the network's inputs, the sign included
}

// tried lists the widths Graph tries, cheapest first.
var tried = []widths{
	{7, 8, 7}, {7, 9, 7}, {7, 10, 8}, {8, 9, 8}, {8, 10, 8}, {9, 10, 9}, {10, 11, 10}, {11, 12, 11}, {12, 13, 12}, {13, 14, 13}, {14, 15, 14},
	{4, 8, 4}, {5, 8, 5}, {6, 8, 6}, // only if asked for
}

// Check returns an error for every node of the graph that cannot be proven, joined, or
// nil. The errors are *model.Error and wrap model.ErrUnsupported.
func Check(g *model.Graph) error {
	var errs []error
	seen := map[string]bool{}
	for _, e := range g.Unsupported() {
		seen[e.Node] = true
		errs = append(errs, e)
	}
	for _, n := range decomposed(g).Nodes {
		if row := registry[n.Op]; (row == nil || row.lower == nil) && !seen[n.Name] {
			errs = append(errs, &model.Error{File: g.File, Node: n.Name, Op: n.Op,
				Err: fmt.Errorf("no circuit for this operator: %w", model.ErrUnsupported)})
		}
	}
	return errors.Join(errs...)
}

// Graph turns a float network into a program of integers whose accuracy over the
// samples meets the configuration's target, with the narrowest widths that do. samples
// are lists of input tensors, as model.LoadInputs returns them; a few hundred are plenty. Of
// 20 and more every fifth chooses no scale, so that its error is that of unseen inputs. Inputs
// are accepted within what the samples show and a margin, or as options say.
//
// Errors: those of [Check]; *model.Error for nodes whose attributes or shapes cannot be
// proven, all of them; [ErrTarget] if no width meets the target.
func Graph(g *model.Graph, samples [][]*model.Tensor, cfg circuits.Config, opts ...Option) (*circuits.Program, error) {
	o, err := optionsFor(g, opts)
	if err != nil {
		return nil, err
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if err := Check(g); err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("no samples to choose scales from: %w", circuits.ErrInput)
	}
	g, c, err := calibrated(absorbed(merged(scaledFeatures(decomposed(g), samples))), samples)
	if err != nil {
		return nil, err
	}
	c.options = o
	var last, blocked error
	best := math.Inf(1)
	for _, w := range tried {
		if cfg.Bits != 0 && w.bits != cfg.Bits || cfg.Bits == 0 && w.bits < 7 {
			continue
		}
		p, err := quantizeAt(g, c, cfg, w)
		if err == nil && (meetsTarget(p) || cfg.Bits != 0 && cfg.Tolerance == 0) {
			p, err = chosen(g, c, cfg, p, w)
			if err == nil {
				return p, nil
			}
			if blocked == nil {
				blocked = fmt.Errorf("%d bits are accurate enough: %w", w.bits, err)
			}
		}
		if err != nil {
			if last == nil || errors.Is(last, circuits.ErrBound) {
				last = err
			}
			if !errors.Is(err, circuits.ErrBound) {
				return nil, err
			}
			continue // too wide for a table or an int64: other widths may fit
		}
		best = min(best, p.Report.RelativeError)
		last = fmt.Errorf("best relative error %.3g, agreement %.4g, %d of %d labels wrong, with %d bits: %w", best, p.Report.Agreement, p.Report.Mistaken,
			p.Report.Samples*integerOutputs(c), p.Report.Bits, circuits.ErrTarget)
	}
	if blocked != nil {
		return nil, blocked
	}
	if last == nil {
		last = fmt.Errorf("no width of %d bits is tried: %w", cfg.Bits, circuits.ErrProgram)
	}
	return nil, last
}

// quantizeAt lowers the graph at one width and measures it.
func quantizeAt(g *model.Graph, c *calibration, cfg circuits.Config, w widths) (*circuits.Program, error) {
	l, err := lowered(g, c, cfg, w, circuits.MaxTable)
	if err != nil {
		return nil, err
	}
	l.p.Report.Bits = w.bits
	return l.p, measure(l.p, c, l.names)
}

func lowered(g *model.Graph, c *calibration, cfg circuits.Config, w widths, clipAt int64) (*lowerer, error) {
	l := newLowerer(g, c, w, clipAt)
	if err := l.lower(cfg); err != nil {
		return nil, err
	}
	if err := l.p.Infer(); err != nil {
		return nil, fmt.Errorf("%s: %w", g.File, err)
	}
	return l, nil
}

// cheapest lowers the graph at the widths of p again, with each bound on the domains that
// tables cover (wider ones are saturated by Clip), and returns the program that costs
// least. All of them compute the same integers.
func cheapest(g *model.Graph, c *calibration, cfg circuits.Config, p *circuits.Program, w widths) (*circuits.Program, error) {
	l, err := lowered(g, c, cfg, w, circuits.MaxTable)
	if err != nil {
		return nil, err
	}
	domains := append(l.domains, 0)
	slices.Sort(domains)
	domains = slices.Compact(domains)
	if skip := len(domains) - bounds(p, c.batch); skip > 0 { // the small domains are surely tables
		domains = append(domains[:1], domains[1+skip:]...)
	}
	best, least := (*circuits.Program)(nil), math.MaxInt
	var failed error
	for _, at := range domains {
		l, err := lowered(g, c, cfg, w, at)
		if err != nil {
			return nil, err
		}
		many, err := l.p.Batched(c.batch)
		if err != nil {
			return nil, err
		}
		cost, err := many.Cost()
		if err != nil {
			failed = err
			continue
		}
		if cost < least {
			best, least = many, cost
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%s: %w: %w", g.File, failed, circuits.ErrBound)
	}
	best.Report = p.Report
	return best, nil
}

// chosen returns the cheapest program of p's integers, under the system that the options choose for it. They
// are asked about that of the configuration, or, if no circuit of it holds the network, about flat's.
func chosen(g *model.Graph, c *calibration, cfg circuits.Config, p *circuits.Program, w widths) (*circuits.Program, error) {
	under := func(system circuits.System) (*circuits.Program, error) {
		cfg := cfg
		cfg.System = system
		return cheapest(g, c, cfg, p, w)
	}
	q, err := under(cfg.System)
	if c.system == nil {
		return q, err
	}
	if err != nil && cfg.System != circuits.Flat {
		if other, no := under(circuits.Flat); no == nil {
			q, err = other, nil
		}
	}
	if err != nil {
		return nil, err
	}
	system, err := c.system(q)
	if err != nil || system == q.Config.System {
		return q, err
	}
	return under(system)
}

// bounds is how many bounds cheapest tries at most: fewer for programs that take long to plan.
func bounds(p *circuits.Program, batch int) int {
	elements := 0
	for v := range len(p.Inputs) + len(p.Nodes) {
		elements += batch * p.Type(v).Size()
	}
	switch {
	case elements > 1<<20:
		return 2
	case elements > 1<<19:
		return 4
	}
	return 8
}
