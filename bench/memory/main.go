// Command memory shows that a build's memory does not grow with its components. It
// generates a component of 200 MB and one of 2 GB, builds the demo system with each
// in every format, and prints the maximal resident memory.
//
//	go run ./bench/memory
//	go run ./bench/memory -sizes 250 -images 4 -files 2500
//
// The components are written to a temporary folder: 1.3 GB for the default sizes. The
// outputs take twice as much in addition.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/bench/made"
	"github.com/seaworthy-os/seaworthy/bench/measure"
)

// formats are the formats to build, one after another.
var formats = []string{"tar", "kernel+initrd"}

type bench struct {
	program, system, components string
	sizes                       string
	images, files, runs         int
}

func main() {
	var b bench
	made.Flags(&b.program, &b.system)
	flag.StringVar(&b.components, "components", "dist/components", "folder of its images, written by make components")
	flag.StringVar(&b.sizes, "sizes", "200,2000", "megabytes to add, for each measurement")
	flag.IntVar(&b.images, "images", 1, "number of components that share them")
	flag.IntVar(&b.files, "files", 4000, "number of small files of each component; they have half of its bytes, and one file has the rest")
	flag.IntVar(&b.runs, "runs", 3, "number of measurements")
	flag.Parse()
	made.Exit(b.run())
}

func (b *bench) run() error {
	if b.runs < 1 || b.images < 1 || b.files < 1 || flag.NArg() > 0 {
		return errors.New("-runs, -images and -files must be at least 1, and only flags are accepted")
	}
	for _, need := range []string{b.program, b.system, b.components} {
		if _, err := os.Stat(need); err != nil {
			return fmt.Errorf("%w (make build components)", err)
		}
	}
	for _, size := range strings.Split(b.sizes, ",") {
		megabytes, err := strconv.ParseInt(size, 10, 64)
		if err != nil || megabytes < 1 {
			return fmt.Errorf("-sizes %q: want megabytes, separated by commas", b.sizes)
		}
		if err := b.measure(megabytes); err != nil {
			return err
		}
	}
	return nil
}

// measure generates the components of one size, builds, and removes all files.
func (b *bench) measure(megabytes int64) error {
	dir, err := os.MkdirTemp("", "seaworthy-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(os.Stderr, "bench: generating %d MB in %d component(s)\n", megabytes, b.images)
	system, layout, err := b.make(dir, megabytes)
	if err != nil {
		return err
	}
	args := []string{"build", "--key", filepath.Join(dir, "seaworthy.key"), "--components", b.components, "--components", layout, "--offline",
		"--name", "bench", "--fail-on", "none", "--report", "text=" + filepath.Join(dir, "report.txt"), "--output-dir", filepath.Join(dir, "out")}
	env := []string{"COSIGN_PASSWORD=bench", "TMPDIR=" + dir}
	if _, _, err := measure.Command(env, b.program, "key", "generate", "--output-dir", dir); err != nil {
		return err
	}
	before := measure.Load()
	var yardsticks []measure.Sample
	samples := make([][]measure.Sample, len(formats))
	for i := range b.runs {
		fmt.Fprintf(os.Stderr, "bench: run %d of %d\n", i+1, b.runs)
		y, err := measure.Yardstick(b.components, layout)
		if err != nil {
			return err
		}
		yardsticks = append(yardsticks, y)
		for f, format := range formats {
			s, _, err := measure.Command(env, b.program, append(args, "--format", format, b.system, system)...)
			if err != nil {
				return err
			}
			samples[f] = append(samples[f], s)
		}
	}
	var rows []measure.Row
	for f, format := range formats {
		rows = append(rows, measure.Row{Name: format, Sample: measure.Median(samples[f])})
	}
	yardstick := measure.Median(yardsticks)
	fmt.Printf("%s and %d MB in %d component(s), medians of %d; load %s at the start, %s at the end; yardstick %.2f s, %.2f s of CPU\n",
		filepath.Base(b.system), megabytes, b.images, b.runs, before, measure.Load(), yardstick.Wall.Seconds(), yardstick.CPU.Seconds())
	defer fmt.Println()
	return measure.Table(os.Stdout, "build --format", rows, yardstick)
}

// make writes the components, and an os.yml that adds them as services.
func (b *bench) make(dir string, megabytes int64) (system, layout string, err error) {
	system, layout = filepath.Join(dir, "bulk.yml"), filepath.Join(dir, "components")
	var all []made.Bulk
	yml := "services:\n"
	for i := range b.images {
		one := made.Bulk{Name: fmt.Sprintf("bulk%d", i), Files: b.files, Bytes: megabytes * 1e6 / int64(b.images), Seed: uint64(i)}
		all = append(all, one)
		yml += fmt.Sprintf("  - name: %s\n    image: %s\n", one.Name, one.Reference())
	}
	if err := os.WriteFile(system, []byte(yml), 0o644); err != nil {
		return "", "", err
	}
	return system, layout, made.WriteLayout(layout, all...)
}
