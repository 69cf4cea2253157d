package msm

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/consensys/gnark-crypto/ecc/bn254"
)

// Task is a piece of work for one core. It may queue further tasks with
// [Worker.Spawn].
type Task func(*Worker)

// Worker runs tasks one after the other and holds their scratch space.
type Worker struct {
	queue *queue
	g1    summer[bn254.G1Affine]
	g2    summer[bn254.G2Affine]
	sort  sorter
}

// Spawn queues tasks to be run by any worker, in the given order and before all that wait: so
// what was begun is finished, and its memory free, before more is begun.
func (w *Worker) Spawn(tasks ...Task) {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	w.queue.tasks = append(slices.Clone(tasks), w.queue.tasks...)
	w.queue.changed.Broadcast()
}

// Run runs the tasks in order, each followed by those that it spawns, on GOMAXPROCS
// workers, and returns when all are done. If ctx is cancelled it starts no more
// tasks and returns the context's error.
func Run(ctx context.Context, tasks ...Task) error {
	q := &queue{ctx: ctx, tasks: tasks}
	q.changed.L = &q.mu
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			w := workers.Get().(*Worker)
			defer workers.Put(w)
			w.queue = q
			for t := q.next(); t != nil; t = q.next() {
				t(w)
				q.done()
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

var workers = sync.Pool{New: func() any { return new(Worker) }}

type queue struct {
	ctx     context.Context
	mu      sync.Mutex
	changed sync.Cond
	tasks   []Task
	running int
}

// next waits for a task; it returns nil when there will be no more.
func (q *queue) next() Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.tasks) == 0 && q.running > 0 {
		q.changed.Wait()
	}
	if len(q.tasks) == 0 || q.ctx.Err() != nil {
		return nil
	}
	t := q.tasks[0]
	q.tasks = q.tasks[1:]
	q.running++
	return t
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	q.changed.Broadcast()
}

// Parallel returns tasks that together call f on consecutive parts of [0, n),
// each at most size long.
func Parallel(n, size int, f func(w *Worker, lo, hi int)) []Task {
	var tasks []Task
	for lo := 0; lo < n; lo += size {
		hi := min(lo+size, n)
		tasks = append(tasks, func(w *Worker) { f(w, lo, hi) })
	}
	return tasks
}

// spawnAll queues tasks and calls done on the worker that ends the last of them, at once if
// there are none.
func spawnAll(w *Worker, tasks []Task, done Task) {
	if len(tasks) == 0 {
		done(w)
		return
	}
	var pending atomic.Int32
	pending.Store(int32(len(tasks)))
	for i, t := range tasks {
		tasks[i] = func(w *Worker) {
			t(w)
			if pending.Add(-1) == 0 {
				done(w)
			}
		}
	}
	w.Spawn(tasks...)
}

// counter adds up the work of several tasks and reports the sum.
type counter struct {
	mu     sync.Mutex
	done   int
	report func(done int)
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += n
	if c.report != nil {
		c.report(c.done)
	}
}
