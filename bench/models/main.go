// Command models takes a folder of networks through import, quantization and evaluation,
// and says how far the integers are from ONNX Runtime's answers, or why a network was
// refused.
//
//	go run ./bench/models DIR...           every network below the folders
//	go run ./bench/models -float DIR...    compares the float network, without quantizing it
//	go run ./bench/models -prove DIR...    proves and verifies one input of each as well
//
// A case is a folder with network.onnx, calibration samples (samples.npz, samples.json or
// input.json) and answers: unseen inputs test.npz with ref.npz, or input.json with
// output.json. Below the table stand the reasons of refusals, those of most cases first.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
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
	blocked := map[string]int{} // cases by what refuses them
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
		for _, reason := range r.reasons(ok) {
			blocked[reason]++
		}
		fmt.Fprintln(w, r.line(dir, ok, verbose))
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	w.Flush()
	fmt.Printf("%d cases: %d compile, %d with a relative error of at most %g\n", len(dirs), compiled, right, tolerance)
	reasons := slices.SortedFunc(maps.Keys(blocked), func(a, b string) int {
		return cmp.Or(blocked[b]-blocked[a], strings.Compare(a, b))
	})
	for _, reason := range reasons {
		fmt.Printf("%4d  %s\n", blocked[reason], reason)
	}
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

var (
	place  = regexp.MustCompile(`^\S*(network\.onnx|input\.json|samples\.\w+): `)
	node   = regexp.MustCompile(`node ".*" \((\w+)\): `)
	number = regexp.MustCompile(`\d+(\.\d+)?`)
)

// reasons returns what keeps a case from being right, without the places, names and numbers
// in which cases differ, each once.
func (r result) reasons(ok bool) (all []string) {
	if r.err == nil && !ok {
		return []string{"not exact enough"}
	}
	if r.err == nil {
		return nil
	}
	for _, line := range strings.Split(r.err.Error(), "\n") {
		line = node.ReplaceAllString(place.ReplaceAllString(line, ""), "$1: ")
		all = append(all, number.ReplaceAllString(line, "N"))
	}
	slices.Sort(all)
	return slices.Compact(all)
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
