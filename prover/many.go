package prover

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/nnark/nnark/verifier"
)

// Many describes proofs of many inputs.
type Many struct {
	// Count is the number of inputs.
	Count int
	// Input returns quantized input i and what Options its proof takes, or no input for a proof
	// that is not wanted: one that is there already. Calls come one at a time, in order. The
	// Progress of these options is not used.
	Input func(i int) ([][]int64, Options, error)
	// Done receives proof i, one call at a time, in any order.
	Done func(i int, p *verifier.Proof) error
	// Parallel is the number of proofs made at a time; 0 stands for the number of processors. Each
	// takes the memory of a proof.
	Parallel int
	// Progress, which may be nil, is told the share of inputs that are done.
	Progress Progress
}

// ProveMany is [Keys.Prove] for many inputs. It keeps all processors busy where one proof cannot:
// of several proofs one solves while another sums. It ends at the first error, after Done of all
// proofs that were finished.
func (k *Keys) ProveMany(ctx context.Context, m Many) error {
	parallel := m.Parallel
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	group, ctx := errgroup.WithContext(ctx)
	var next, end sync.Mutex
	started, finished := 0, 0
	report := func() {
		finished++
		m.Progress.report("proofs", float64(finished)/float64(m.Count))
	}
	take := func() (i int, in [][]int64, o Options, err error) {
		next.Lock()
		defer next.Unlock()
		i = started
		if started++; i < m.Count {
			in, o, err = m.Input(i)
		}
		return i, in, o, err
	}
	for range min(parallel, m.Count) {
		group.Go(func() error {
			for {
				i, in, o, err := take()
				if err != nil || i >= m.Count {
					return err
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				var proof *verifier.Proof
				if in != nil {
					o.Progress = nil
					if proof, err = k.Prove(ctx, in, o); err != nil {
						return fmt.Errorf("input %d: %w", i, err)
					}
				}
				end.Lock()
				if proof != nil {
					err = m.Done(i, proof)
				}
				report()
				end.Unlock()
				if err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}
