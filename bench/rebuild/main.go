// Command rebuild measures a first build, a rebuild without a changed input, and a
// rebuild with another version of one component. It measures the demo system, and the
// same with forty generated components:
//
//	make bench-rebuild
//	go run ./bench/rebuild -components 80 -bytes 10000000
//
// It prints the ratios of CPU time and of wall time. On a busy machine, only CPU time
// is reliable.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/bench/made"
	"github.com/seaworthy-os/seaworthy/bench/measure"
)

type bench struct {
	program, system, layout, formats string
	components, runs                 int
	bytes                            int64
	dir                              string
}

func main() {
	var b bench
	made.Flags(&b.program, &b.system)
	flag.StringVar(&b.layout, "layout", "dist/components", "folder of its images, written by make components")
	flag.StringVar(&b.formats, "format", "kernel+initrd", "the formats of the image")
	flag.IntVar(&b.components, "components", 40, "number of added components")
	flag.Int64Var(&b.bytes, "bytes", 5_000_000, "bytes of each added component")
	flag.IntVar(&b.runs, "runs", 3, "number of measurements")
	flag.Parse()
	made.Exit(b.run())
}

func (b *bench) run() error {
	if b.runs < 1 || b.components < 1 || b.bytes < 1 || flag.NArg() > 0 {
		return errors.New("-runs, -components and -bytes must be at least 1, and only flags are accepted")
	}
	dir, err := os.MkdirTemp("", "seaworthy-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	before, after, err := b.make()
	if err != nil {
		return err
	}
	first := measure.Load()
	for _, system := range []struct {
		name          string
		before, after []string
	}{
		{filepath.Base(b.system), []string{b.system}, nil},
		{fmt.Sprintf("%s and %d components", filepath.Base(b.system), b.components), append(before, b.system), append(after, b.system)},
	} {
		if err := b.measure(system.name, system.before, system.after); err != nil {
			return err
		}
	}
	fmt.Printf("medians of %d; load %s at the start, %s at the end\n", b.runs, first, measure.Load())
	return nil
}

// make writes two versions of the generated components, with one component changed,
// and returns the arguments that build them.
func (b *bench) make() (before, after []string, err error) {
	fmt.Fprintf(os.Stderr, "bench: generating %d components\n", b.components)
	yml := "services:\n"
	var all []made.Bulk
	for i := range b.components {
		one := made.Bulk{Name: fmt.Sprintf("bulk%02d", i), Files: 100, Bytes: b.bytes, Seed: uint64(i)}
		all = append(all, one)
		yml += fmt.Sprintf("  - name: %s\n    image: %s\n", one.Name, one.Reference())
	}
	system := filepath.Join(b.dir, "bulk.yml")
	if err := os.WriteFile(system, []byte(yml), 0o644); err != nil {
		return nil, nil, err
	}
	old, changed := filepath.Join(b.dir, "components"), filepath.Join(b.dir, "changed")
	if err := made.WriteLayout(old, all...); err != nil {
		return nil, nil, err
	}
	// The changed component is in the middle, so that the ones after it move.
	one := all[b.components/2]
	one.Seed += uint64(b.components)
	if err := made.WriteLayout(changed, one); err != nil {
		return nil, nil, err
	}
	before = []string{"--components", old, system}
	return before, append([]string{"--components", changed}, before...), nil
}

// measure builds a system for the first time, then unchanged, then changed.
func (b *bench) measure(name string, before, after []string) error {
	samples := map[string][]measure.Sample{}
	const first, unchanged, one = "first build", "unchanged", "one component changed"
	for range b.runs {
		cache, out := filepath.Join(b.dir, "cache"), filepath.Join(b.dir, "out")
		steps := []struct {
			name string
			args []string
		}{{first, before}, {unchanged, before}, {one, after}}
		for _, step := range steps {
			if step.args == nil {
				continue
			}
			args := append([]string{"build", "--unsigned", "--fail-on", "none", "--offline", "--name", "bench", "--format", b.formats, "--cache", cache, "--output-dir", out,
				"--report", "json=" + filepath.Join(b.dir, "report"), "--components", b.layout}, step.args...)
			s, _, err := measure.Command([]string{"TMPDIR=" + b.dir, "XDG_CONFIG_HOME=" + filepath.Join(b.dir, "settings")}, b.program, args...)
			if err != nil {
				return err
			}
			samples[step.name] = append(samples[step.name], s)
		}
		if err := errors.Join(os.RemoveAll(cache), os.RemoveAll(out)); err != nil {
			return err
		}
	}
	var rows []measure.Row
	for _, n := range []string{first, unchanged, one} {
		if len(samples[n]) > 0 {
			rows = append(rows, measure.Row{Name: n, Sample: measure.Median(samples[n])})
		}
	}
	fmt.Println("yardstick: the first build")
	if err := measure.Table(os.Stdout, name, rows, rows[0].Sample); err != nil {
		return err
	}
	fmt.Println()
	return nil
}
