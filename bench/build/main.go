// Command build measures whole builds of one generated system of seven components:
// read, verify, SBOMs, decision, image, signatures. In the same runs it measures a
// yardstick, and LinuxKit's bare build of the same system if you name the program:
//
//	make bench-build
//	make bench-build LINUXKIT=/path/to/linuxkit
//	go run ./bench/build -megabytes 4000 -runs 1
//
// Each figure is the least of all runs. Other work on the machine can only make a run
// slower.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/bench/made"
	"github.com/seaworthy-os/seaworthy/bench/measure"
)

// The generated system: the parts of 430 that each component has, as in a system with
// a container runtime, a network client, a database and an application.
var components = []struct {
	section, name   string
	share           int64
	files, packages int
}{
	{"kernel", "kernel", 75, 0, 0},
	{"init", "init", 5, 20, 10},
	{"init", "runtime", 60, 60, 40},
	{"onboot", "dhcp", 5, 20, 5},
	{"services", "web", 35, 300, 60},
	{"services", "database", 150, 2500, 120},
	{"services", "application", 100, 6000, 200},
}

const shares = 430

// The builds of several formats: those that hold the raw disk of raw-bios, and with them
// those of raw-efi, whose disk is a second one.
const (
	wrapped = "qcow2-bios,vhd,vmdk,gcp,aws"
	both    = wrapped + ",raw-efi,qcow2-efi"
)

type bench struct {
	program, linuxkit string
	formats           string
	megabytes         int64
	runs              int
	dir               string
}

func main() {
	var b bench
	flag.StringVar(&b.program, "program", "bin/seaworthy", "the program, written by make build")
	flag.StringVar(&b.linuxkit, "linuxkit", "", "LinuxKit's program, to measure it too")
	flag.StringVar(&b.formats, "formats", "kernel+initrd tar raw-efi-verity raw-efi "+wrapped+" "+both, "builds, one after another: each has one format, or several with commas")
	flag.Int64Var(&b.megabytes, "megabytes", shares, "size of the uncompressed components together")
	flag.IntVar(&b.runs, "runs", 5, "number of measurements")
	flag.Parse()
	made.Exit(b.run())
}

func (b *bench) run() error {
	if b.runs < 1 || b.megabytes < 1 || flag.NArg() > 0 {
		return errors.New("-runs and -megabytes must be at least 1, and only flags are accepted")
	}
	for _, program := range []string{b.program, b.linuxkit} {
		if program == "" {
			continue
		}
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w (make build)", err)
		}
	}
	dir, err := os.MkdirTemp("", "seaworthy-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	fmt.Fprintf(os.Stderr, "bench: generating %d MB\n", b.megabytes)
	if err := b.generate(); err != nil {
		return err
	}
	todo, err := b.commands()
	if err != nil {
		return err
	}
	return b.measure(todo)
}

func (b *bench) layout() string { return filepath.Join(b.dir, "components") }
func (b *bench) system() string { return filepath.Join(b.dir, "bench.yml") }

// generate writes the components and the system.
func (b *bench) generate() error {
	var all []made.Bulk
	images := map[string][]string{}
	for i, c := range components {
		one := made.Bulk{Name: c.name, Bytes: b.megabytes * 1e6 * c.share / shares, Files: c.files, Seed: uint64(i), Kernel: c.section == "kernel", Init: c.name == "init", Packages: c.packages}
		all = append(all, one)
		line := "  - " + one.Reference()
		if c.section == "onboot" || c.section == "services" {
			line = fmt.Sprintf("  - {name: %s, image: %s}", c.name, one.Reference())
		}
		images[c.section] = append(images[c.section], line)
	}
	yml := "kernel:\n  image: " + all[0].Reference() + "\n  cmdline: console=ttyS0\n"
	for _, s := range []string{"init", "onboot", "services"} {
		yml += s + ":\n" + strings.Join(images[s], "\n") + "\n"
	}
	if err := os.WriteFile(b.system(), []byte(yml), 0o644); err != nil {
		return err
	}
	return made.WriteLayout(b.layout(), all...)
}

// command is one row of the table.
type command struct {
	name string
	env  []string
	args []string
}

func (b *bench) commands() ([]command, error) {
	env := []string{"COSIGN_PASSWORD=bench", "TMPDIR=" + b.dir}
	if _, _, err := measure.Command(env, b.program, "key", "generate", "--output-dir", b.dir); err != nil {
		return nil, err
	}
	var out []command
	for _, f := range strings.Fields(b.formats) {
		args := []string{b.program, "build", "--key", filepath.Join(b.dir, "seaworthy.key"), "--components", b.layout(), "--offline", "--rescan",
			"--cache", filepath.Join(b.dir, "cache"), "--fail-on", "none", "--report", "text=" + filepath.Join(b.dir, "report.txt"),
			"--output-dir", filepath.Join(b.dir, "out"), "--format", f, b.system()}
		if strings.Contains(f, "raw-efi") || f == wrapped {
			// Its boot files need programs of this machine.
			if _, _, err := measure.Command(env, args[0], args[1:]...); err != nil {
				fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", f, err)
				continue
			}
		}
		out = append(out, command{f, env, args})
	}
	if b.linuxkit == "" {
		fmt.Fprintln(os.Stderr, "bench: LinuxKit is left out. To measure it too, name its program: LINUXKIT=PATH")
		return out, nil
	}
	more, err := b.linuxkitCommands()
	return append(out, more...), err
}

// linuxkitCommands imports the components into a cache of LinuxKit.
func (b *bench) linuxkitCommands() ([]command, error) {
	cache, archive := filepath.Join(b.dir, "linuxkit-cache"), filepath.Join(b.dir, "components.tar")
	if _, _, err := measure.Command(nil, "tar", "-C", b.layout(), "-cf", archive, "."); err != nil {
		return nil, err
	}
	defer os.Remove(archive)
	if _, _, err := measure.Command(nil, b.linuxkit, "--cache", cache, "cache", "import", archive); err != nil {
		return nil, err
	}
	out := filepath.Join(b.dir, "linuxkit")
	var all []command
	for _, f := range []string{"kernel+initrd", "tar"} {
		all = append(all, command{"LinuxKit: " + f, []string{"TMPDIR=" + b.dir},
			[]string{b.linuxkit, "--cache", cache, "build", "--format", f, "--name", "bench", "--dir", out, b.system()}})
	}
	return all, os.MkdirAll(out, 0o755)
}

// measure runs the commands in turn, so that other work on the machine slows all of
// them equally.
func (b *bench) measure(todo []command) error {
	before := measure.Load()
	var yardsticks []measure.Sample
	samples := make([][]measure.Sample, len(todo))
	for i := range b.runs {
		fmt.Fprintf(os.Stderr, "bench: run %d of %d\n", i+1, b.runs)
		y, err := measure.Yardstick(b.layout())
		if err != nil {
			return err
		}
		yardsticks = append(yardsticks, y)
		for n, c := range todo {
			s, _, err := measure.Command(c.env, c.args[0], c.args[1:]...)
			if err != nil {
				return err
			}
			samples[n] = append(samples[n], s)
		}
	}
	var rows []measure.Row
	for n, c := range todo {
		rows = append(rows, measure.Row{Name: c.name, Sample: measure.Least(samples[n])})
	}
	yardstick := measure.Least(yardsticks)
	fmt.Printf("%d MB in %d components, least of %d; load %s at the start, %s at the end; yardstick %.2f s, %.2f s of CPU\n",
		b.megabytes, len(components), b.runs, before, measure.Load(), yardstick.Wall.Seconds(), yardstick.CPU.Seconds())
	return measure.Table(os.Stdout, "build", rows, yardstick)
}
