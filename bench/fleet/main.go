// Command fleet decides about the stored facts of many systems, as the owner of a
// fleet does after a change of a policy. It generates ten thousand systems from the
// facts of the examples, stores their facts, and decides about each file with one
// policy that is prepared once.
//
//	go run ./bench/fleet
//	go run ./bench/fleet -systems 1000 -policy hardened
//
// The facts are written to a temporary folder: half a megabyte for each system.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seaworthy-os/seaworthy/bench/measure"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

type bench struct {
	real, components, policies string
	systems, jobs              int
	seed                       uint64
}

func main() {
	var b bench
	flag.StringVar(&b.real, "os", "examples/minimal.yml,examples/insecure.yml", "the real systems from which the fleet is generated")
	flag.StringVar(&b.components, "components", "dist/components", "folder of their images, written by make components")
	flag.StringVar(&b.policies, "policy", policy.DefaultPolicy, "packs to measure, separated by commas")
	flag.IntVar(&b.systems, "systems", 10_000, "number of generated systems")
	flag.IntVar(&b.jobs, "jobs", runtime.NumCPU(), "number of decisions in parallel")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of the fleet")
	flag.Parse()
	// A decision allocates five megabytes. A higher GC target costs a hundred
	// megabytes of memory and saves a fifth of the time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if err := b.run(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context) error {
	if b.systems < 1 || b.jobs < 1 || flag.NArg() > 0 {
		return errors.New("-systems and -jobs must be at least 1, and only flags are accepted")
	}
	dir, err := os.MkdirTemp("", "seaworthy-fleet-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files, err := b.make(ctx, dir)
	if err != nil {
		return err
	}
	for _, pack := range strings.Split(b.policies, ",") {
		if err := b.decide(ctx, pack, files); err != nil {
			return fmt.Errorf("%s: %w", pack, err)
		}
	}
	return nil
}

// make stores the fleet and returns the paths of the files.
func (b *bench) make(ctx context.Context, dir string) ([]string, error) {
	var real []*facts.Facts
	for _, yml := range strings.Split(b.real, ",") {
		f, err := pipeline.Facts(ctx, pipeline.CheckOptions{Time: time.Unix(0, 0).UTC(), TempDir: dir,
			Resolve: builder.Options{Files: []string{yml}, Arch: runtime.GOARCH, Components: []string{b.components}, Offline: true, Jobs: b.jobs}})
		if err != nil {
			return nil, fmt.Errorf("%s: %w (make components)", yml, err)
		}
		real = append(real, f)
	}
	m, err := newMaker(b.seed, real)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "bench: generating %d systems\n", b.systems)
	files := make([]string, b.systems)
	err = each(b.jobs, b.systems, func(i int) error {
		files[i] = filepath.Join(dir, fmt.Sprintf("%05d.facts.json", i))
		raw, err := m.system(i)
		if err != nil {
			return err
		}
		return os.WriteFile(files[i], raw, 0o644)
	})
	return files, err
}

// decide measures one policy with the fleet.
func (b *bench) decide(ctx context.Context, pack string, files []string) error {
	before := measure.Load()
	span := measure.Begin()
	start := time.Now()
	judge, err := policy.Prepare(ctx, policy.Options{Policy: pack, Now: time.Unix(0, 0).UTC(), Tool: decision.Tool{Name: "seaworthy", Version: "bench"}})
	if err != nil {
		return err
	}
	prepared := time.Since(start)
	took := make([]time.Duration, len(files))
	verdicts := make([]decision.Verdict, len(files))
	var findings atomic.Int64
	err = each(b.jobs, len(files), func(i int) error {
		begin := time.Now()
		d, err := decideFile(ctx, judge, files[i])
		if err != nil {
			return fmt.Errorf("system %d: %w", i, err)
		}
		took[i], verdicts[i] = time.Since(begin), d.Verdict
		findings.Add(int64(len(d.Findings)))
		return nil
	})
	if err != nil {
		return err
	}
	s := span.End()
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))]) / float64(time.Millisecond)
	}
	count := map[decision.Verdict]int{}
	for _, v := range verdicts {
		count[v]++
	}
	fmt.Printf("%s: %d systems in %.1f s on %d cores, %.1f systems/s; load %s at the start, %s at the end\n",
		pack, len(files), s.Wall.Seconds(), b.jobs, float64(len(files))/s.Wall.Seconds(), before, measure.Load())
	fmt.Printf("  per system: median %.1f ms, p99 %.1f ms, worst %.1f ms; %.1f ms of CPU, including the read of the facts\n",
		at(0.5), at(0.99), at(1), s.CPU.Seconds()*1000/float64(len(files)))
	fmt.Printf("  peak memory %d MiB; the policy was prepared in %.0f ms; %d findings", s.Peak>>20, float64(prepared)/float64(time.Millisecond), findings.Load())
	for _, v := range slices.SortedFunc(maps.Keys(count), cmp.Compare) {
		fmt.Printf(", %d %s", count[v], v)
	}
	fmt.Println()
	return nil
}

func decideFile(ctx context.Context, judge *policy.Prepared, file string) (*decision.Decision, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f, err := facts.Decode(in)
	if err != nil {
		return nil, err
	}
	return judge.Decide(ctx, f)
}

// each calls do for 0 to n-1, with a number of calls in parallel, until one fails.
func each(jobs, n int, do func(int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	errs := make([]error, jobs)
	var wait sync.WaitGroup
	for j := range jobs {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !failed.Load(); i = int(next.Add(1)) - 1 {
				if errs[j] = do(i); errs[j] != nil {
					failed.Store(true)
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
