// Command pipeline measures each step of a build of the demo system, and the whole
// program. A yardstick makes the figures comparable between machines:
//
//	make bench
//	go run ./bench/pipeline -runs 9 -os my.yml -components my/components
//
// Each run is a separate process, so only the file system is warm. Figures are
// medians.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/bench/measure"
)

// password is the password of the temporary key.
const password = "bench"

func main() {
	if len(os.Args) > 1 && os.Args[1] == stepsVerb {
		exit(measureSteps(os.Args[2:], os.Stdout))
	}
	b := bench{out: os.Stdout}
	flag.IntVar(&b.runs, "runs", 5, "number of measurements")
	flag.StringVar(&b.program, "program", "bin/seaworthy", "the program, written by make build")
	flag.StringVar(&b.system, "os", "examples/minimal.yml", "the system to build")
	flag.StringVar(&b.components, "components", "dist/components", "folder of its images, written by make components")
	flag.StringVar(&b.policy, "policy", "baseline", "pack, or folder of rules")
	flag.StringVar(&b.waivers, "waivers", "", "waiver file")
	flag.Parse()
	exit(b.run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

type bench struct {
	out                         io.Writer
	runs                        int
	program, system, components string
	policy, waivers             string
	dir, cache                  string
	lockedSystem, key, pub      string
}

func (b *bench) run() error {
	if b.runs < 1 || flag.NArg() > 0 {
		return errors.New("-runs must be at least 1, and only flags are accepted")
	}
	for _, need := range []string{b.program, b.system, b.components} {
		if _, err := os.Stat(need); err != nil {
			return fmt.Errorf("%w (make build components)", err)
		}
	}
	dir, err := os.MkdirTemp("", "seaworthy-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if err := b.prepare(); err != nil {
		return err
	}
	before := measure.Load()
	var yardsticks []measure.Sample
	steps, whole := newSeries(), newSeries()
	for i := range b.runs {
		fmt.Fprintf(os.Stderr, "bench: run %d of %d\n", i+1, b.runs)
		y, err := measure.Yardstick(b.components)
		if err != nil {
			return err
		}
		yardsticks = append(yardsticks, y)
		if err := errors.Join(b.steps(steps), b.whole(whole)); err != nil {
			return err
		}
	}
	return b.print(measure.Median(yardsticks), before, steps, whole)
}

// prepare copies the system, locks it, and makes a key.
func (b *bench) prepare() error {
	raw, err := os.ReadFile(b.system)
	if err != nil {
		return err
	}
	b.lockedSystem = filepath.Join(b.dir, filepath.Base(b.system))
	if err := os.WriteFile(b.lockedSystem, raw, 0o644); err != nil {
		return err
	}
	b.key, b.pub = filepath.Join(b.dir, "seaworthy.key"), filepath.Join(b.dir, "seaworthy.pub")
	if _, err := b.call("lock", "--components", b.components, "--offline", b.lockedSystem); err != nil {
		return err
	}
	// Inventories of an earlier run can be those of another version.
	b.cache = filepath.Join(b.dir, "cache")
	if _, err := b.call("check", "--components", b.components, "--offline", "--cache", b.cache, "--fail-on", "none", b.lockedSystem); err != nil {
		return err
	}
	_, err = b.call("key", "generate", "--output-dir", b.dir)
	return err
}

func (b *bench) call(args ...string) (measure.Sample, error) {
	s, _, err := measure.Command([]string{"COSIGN_PASSWORD=" + password}, b.program, args...)
	return s, err
}

// whole measures the program, one command after another.
func (b *bench) whole(s *series) error {
	check := []string{"--components", b.components, "--offline", "--locked", "--cache", b.cache, "--policy", b.policy, "--report", "text=" + filepath.Join(b.dir, "report.txt")}
	if b.waivers != "" {
		check = append(check, "--waivers", b.waivers)
	}
	build := func(format string) []string {
		out := filepath.Join(b.dir, format)
		return append(append([]string{"build", "--key", b.key, "--format", format, "--output-dir", out}, check...), b.lockedSystem)
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"build --format kernel+initrd", build("kernel+initrd")},
		{"build --format tar", build("tar")},
		{"check --rescan", append(append([]string{"check", "--rescan"}, check...), b.lockedSystem)},
		{"check, components inventoried", append(append([]string{"check"}, check...), b.lockedSystem)},
		{"verify", []string{"verify", "--key", b.pub, filepath.Join(b.dir, "kernel+initrd")}},
		{"--help", []string{"--help"}},
	} {
		sample, err := b.call(c.args...)
		if err != nil {
			return err
		}
		s.add(c.name, sample)
	}
	return nil
}

// steps starts this program again to measure the steps inside the process: once for
// build, once for check and once for verify.
func (b *bench) steps(s *series) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, verb := range []string{"check", "build", "verify"} {
		raw, err := json.Marshal(job{Verb: verb, System: b.lockedSystem, Components: b.components, Policy: b.policy, Waivers: b.waivers,
			Output: filepath.Join(b.dir, "steps"), Key: b.key, Public: b.pub})
		if err != nil {
			return err
		}
		_, out, err := measure.Command(nil, self, stepsVerb, string(raw))
		if err != nil {
			return err
		}
		var rows []measure.Row
		if err := json.Unmarshal(out, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			s.add(r.Name, r.Sample)
		}
	}
	return nil
}

func (b *bench) print(yardstick measure.Sample, load string, steps, whole *series) error {
	fmt.Fprintf(b.out, "%s, medians of %d; load %s at the start, %s at the end\n", filepath.Base(b.system), b.runs, load, measure.Load())
	fmt.Fprintf(b.out, "yardstick: %.2f s, %.2f s of CPU (each gzip layer decompressed by gzip and hashed by sha256sum, one after another)\n\n", yardstick.Wall.Seconds(), yardstick.CPU.Seconds())
	rows := steps.rows()
	if err := measure.Table(b.out, "step", rows, yardstick); err != nil {
		return err
	}
	fmt.Fprintln(b.out, `
inventory is the separate step of check; a build inventories in the pass that assembles.
key is the step that opens the encrypted private key. Peak memory is the maximal resident memory during the step, including memory of earlier steps.`)
	for _, r := range rows {
		if r.Peak == 0 {
			fmt.Fprintln(b.out, "The peak of a step cannot be measured here: /proc/self/clear_refs is not writable.")
			break
		}
	}
	fmt.Fprintln(b.out)
	return measure.Table(b.out, "seaworthy", whole.rows(), yardstick)
}

// series collects samples by name, in the order of first use.
type series struct {
	names   []string
	samples map[string][]measure.Sample
}

func newSeries() *series { return &series{samples: map[string][]measure.Sample{}} }

func (s *series) add(name string, m measure.Sample) {
	if s.samples[name] == nil {
		s.names = append(s.names, name)
	}
	s.samples[name] = append(s.samples[name], m)
}

func (s *series) rows() []measure.Row {
	var out []measure.Row
	for _, n := range s.names {
		out = append(out, measure.Row{Name: n, Sample: measure.Median(s.samples[n])})
	}
	return out
}
