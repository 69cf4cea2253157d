// Command models takes a folder of networks through import, quantisation and evaluation,
// and says how far the integers are from ONNX Runtime's answers, or why a network was
// refused.
//
//	go run ./bench/models DIR...           every network below the folders
//	go run ./bench/models -float DIR...    compares the float network, without quantising it
//	go run ./bench/models -prove DIR...    proves and verifies one input of each as well
//
// A case is a folder with network.onnx, calibration samples (samples.npz, samples.json or
// input.json) and answers: unseen inputs test.npz with ref.npz, or input.json with
// output.json.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/consensys/gnark/logger"
)

func main() {
	logger.Disable() // gnark's, between our lines
	float := flag.Bool("float", false, "only compare the float network with the answers")
	prove := flag.Bool("prove", false, "prove and verify one input of each")
	only := flag.String("only", "", "take only cases whose folder matches this regular expression")
	limit := flag.Duration("limit", 90*time.Second, "for each case")
	verbose := flag.Bool("v", false, "all lines of each error")
	flag.Parse()
	name, err := regexp.Compile(*only)
	if err == nil {
		err = run(flag.Args(), name, *float, *prove, *verbose, *limit)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "models: error:", err)
		os.Exit(1)
	}
}

// tolerance is the largest relative error with which a case counts as right.
const tolerance = 0.02

func run(roots []string, only *regexp.Regexp, float, prove, verbose bool, limit time.Duration) error {
	var dirs []string
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "network.onnx" && only.MatchString(filepath.Dir(path)) {
				dirs = append(dirs, filepath.Dir(path))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(dirs) == 0 {
		return fmt.Errorf("no network.onnx below %s", strings.Join(roots, ", "))
	}
	slices.Sort(dirs)
	right, compiled := 0, 0
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "case\tconstraints\terror\ttime\t")
	for i, dir := range dirs {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%d/%d %s", i+1, len(dirs), filepath.Base(dir))
		r := within(limit, func(ctx context.Context) result { return try(ctx, dir, float, prove) })
		if r.constraints > 0 {
			compiled++
		}
		ok := r.err == nil && r.relative <= tolerance
		if ok {
			right++
		}
		fmt.Fprintln(w, r.line(dir, ok, verbose))
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	w.Flush()
	fmt.Printf("%d cases: %d compile, %d with a relative error of at most %g\n", len(dirs), compiled, right, tolerance)
	return nil
}

// result is what became of one case.
type result struct {
	constraints int
	relative    float64 // L2, the worst output's
	rejected    int     // inputs outside the declared range
	inputs      int
	took        time.Duration
	err         error
}

func (r result) line(dir string, ok, verbose bool) string {
	name := filepath.Join(filepath.Base(filepath.Dir(dir)), filepath.Base(dir))
	if r.err != nil {
		text := r.err.Error()
		if lines := strings.Split(text, "\n"); !verbose {
			text = lines[0]
			if len(lines) > 1 {
				text += fmt.Sprintf(" (and %d more)", len(lines)-1)
			}
		}
		return fmt.Sprintf("%s\t%d\t\t%.1fs\t%s", name, r.constraints, r.took.Seconds(), text)
	}
	note := ""
	if !ok {
		note = "not exact enough"
	}
	if r.rejected > 0 {
		note += fmt.Sprintf(" %d of %d inputs rejected", r.rejected, r.inputs)
	}
	return fmt.Sprintf("%s\t%d\t%.3f %%\t%.1fs\t%s", name, r.constraints, 100*r.relative, r.took.Seconds(), note)
}

// within runs f, which may not watch its context, for so long at most.
func within(limit time.Duration, f func(context.Context) result) result {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{err: fmt.Errorf("PANIC: %v", p)}
			}
		}()
		done <- f(ctx)
	}()
	select {
	case r := <-done:
		r.took = time.Since(start)
		return r
	case <-ctx.Done():
		return result{err: ctx.Err(), took: limit}
	}
}
