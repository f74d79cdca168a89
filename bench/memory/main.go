// Command memory shows that a build's memory does not grow with its components. It
// generates components of several sizes, also one with a single large file, builds the
// demo system with each in several formats, and prints the maximal resident memory. It
// fails if that is above a limit.
//
//	go run ./bench/memory
//	go run ./bench/memory -sizes 250 -single 0 -images 4 -files 2500
//
// The components are written to a temporary folder, one after another: 2.2 GB at most
// for the default sizes. The output of one build takes twice that in addition.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/bench/made"
	"github.com/seaworthy-os/seaworthy/bench/measure"
)

// maxInInitrd is the largest file of an initrd, in megabytes: cpio cannot store 4 GiB.
const maxInInitrd = 4294

type bench struct {
	program, system, components string
	formats, sizes              string
	images, files, runs         int
	single, limit               int64
	// over are the builds that needed more than the limit.
	over []error
}

// load is one measurement.
type load struct {
	megabytes     int64
	images, files int
}

func (l load) String() string {
	if l.files == 0 {
		return fmt.Sprintf("one file of %d MB", l.megabytes)
	}
	return fmt.Sprintf("%d MB in %d component(s)", l.megabytes, l.images)
}

func main() {
	var b bench
	made.Flags(&b.program, &b.system)
	flag.StringVar(&b.components, "components", "dist/components", "folder of its images, written by make components")
	flag.StringVar(&b.formats, "formats", "tar kernel+initrd kernel+squashfs kernel+erofs kernel+iso", "formats to build, one after another")
	flag.StringVar(&b.sizes, "sizes", "200,4000", "megabytes to add, for each measurement")
	flag.IntVar(&b.images, "images", 1, "number of components that share them")
	flag.IntVar(&b.files, "files", 4000, "number of small files of each component; they have half of its bytes, and one file has the rest")
	flag.Int64Var(&b.single, "single", 4500, "megabytes of a single file, for a measurement of its own; 0 for none")
	flag.Int64Var(&b.limit, "limit", 160, "MiB of memory that no build may exceed; 0 for no limit")
	flag.IntVar(&b.runs, "runs", 1, "number of measurements")
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
	loads, err := b.loads()
	if err != nil {
		return err
	}
	for _, l := range loads {
		if err := b.measure(l); err != nil {
			return err
		}
	}
	return errors.Join(b.over...)
}

// loads are the measurements that the flags ask for.
func (b *bench) loads() ([]load, error) {
	var out []load
	for size := range strings.FieldsFuncSeq(b.sizes, func(r rune) bool { return r == ',' }) {
		megabytes, err := strconv.ParseInt(size, 10, 64)
		if err != nil || megabytes < 1 {
			return nil, fmt.Errorf("-sizes %q: want megabytes, separated by commas", b.sizes)
		}
		out = append(out, load{megabytes, b.images, b.files})
	}
	if b.single > 0 {
		out = append(out, load{b.single, 1, 0})
	}
	return out, nil
}

// formatsOf are the formats that can store a load.
func (b *bench) formatsOf(l load) []string {
	return slices.DeleteFunc(strings.Fields(b.formats), func(f string) bool {
		return f == "kernel+initrd" && l.files == 0 && l.megabytes > maxInInitrd
	})
}

// measure generates the components of a load, builds, and removes all files.
func (b *bench) measure(l load) error {
	dir, err := os.MkdirTemp("", "seaworthy-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(os.Stderr, "bench: generating %s\n", l)
	system, layout, err := l.make(dir)
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "out")
	args := []string{"build", "--key", filepath.Join(dir, "seaworthy.key"), "--components", b.components, "--components", layout, "--offline", "--rescan", "--cache", filepath.Join(dir, "cache"),
		"--name", "bench", "--fail-on", "none", "--report", "text=" + filepath.Join(dir, "report.txt"), "--output-dir", out}
	env := []string{"COSIGN_PASSWORD=bench", "TMPDIR=" + dir}
	if _, _, err := measure.Command(env, b.program, "key", "generate", "--output-dir", dir); err != nil {
		return err
	}
	before := measure.Load()
	var yardsticks []measure.Sample
	formats := b.formatsOf(l)
	samples := make([][]measure.Sample, len(formats))
	for i := range b.runs {
		fmt.Fprintf(os.Stderr, "bench: run %d of %d\n", i+1, b.runs)
		y, err := measure.Yardstick(b.components, layout)
		if err != nil {
			return err
		}
		yardsticks = append(yardsticks, y)
		for f, format := range formats {
			if err := os.RemoveAll(out); err != nil { // or the disk would hold two outputs
				return err
			}
			s, _, err := measure.Command(env, b.program, append(args, "--format", format, b.system, system)...)
			if err != nil {
				return err
			}
			samples[f] = append(samples[f], s)
		}
	}
	var rows []measure.Row
	for f, format := range formats {
		row := measure.Row{Name: format, Sample: measure.Median(samples[f])}
		for _, s := range samples[f] {
			row.Peak = max(row.Peak, s.Peak)
		}
		rows = append(rows, row)
		if b.limit > 0 && row.Peak > b.limit<<20 {
			b.over = append(b.over, fmt.Errorf("%s, --format %s: the build needed %d MiB, and the limit is %d MiB", l, format, row.Peak>>20, b.limit))
		}
	}
	yardstick := measure.Median(yardsticks)
	fmt.Printf("%s and %s, medians of %d, and the largest memory; load %s at the start, %s at the end; yardstick %.2f s, %.2f s of CPU\n",
		filepath.Base(b.system), l, b.runs, before, measure.Load(), yardstick.Wall.Seconds(), yardstick.CPU.Seconds())
	defer fmt.Println()
	return measure.Table(os.Stdout, "build --format", rows, yardstick)
}

// make writes the components, and an os.yml that adds them as services.
func (l load) make(dir string) (system, layout string, err error) {
	system, layout = filepath.Join(dir, "bulk.yml"), filepath.Join(dir, "components")
	var all []made.Bulk
	yml := "services:\n"
	for i := range l.images {
		one := made.Bulk{Name: fmt.Sprintf("bulk%d", i), Files: l.files, Bytes: l.megabytes * 1e6 / int64(l.images), Seed: uint64(i)}
		all = append(all, one)
		yml += fmt.Sprintf("  - name: %s\n    image: %s\n", one.Name, one.Reference())
	}
	if err := os.WriteFile(system, []byte(yml), 0o644); err != nil {
		return "", "", err
	}
	return system, layout, made.WriteLayout(layout, all...)
}
