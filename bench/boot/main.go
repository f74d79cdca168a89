// Command boot measures how long systems that differ only in their kernel take to boot in
// QEMU without KVM. The systems take turns, so that other work on the machine affects all
// of them equally, and the last column counts the turns in which a kernel was faster than
// the first one.
//
//	make components
//	make kernel
//	go run ./bench/boot
//
// A kernel is its image, and after "=" a file with its command line. Without a file, it
// gets the command line of the system.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seaworthy-os/seaworthy/bench/made"
	"github.com/seaworthy-os/seaworthy/bench/measure"
)

type bench struct {
	program, system, components, kernels, runtime string
	turns                                         int
	dir                                           string
}

// kernel is one kernel and what was measured with it.
type kernel struct {
	name, out string
	boots     []boot
}

// boot is what was measured in one boot, from the start of QEMU on.
type boot struct {
	// userspace is the time until PID 1 wrote its first line, ready the time until all
	// services ran.
	userspace, ready time.Duration
}

func main() {
	var b bench
	made.Flags(&b.program, &b.system)
	flag.StringVar(&b.components, "components", "dist/components", "folder of the images, written by make components and make kernel")
	flag.StringVar(&b.kernels, "kernels", "seaworthy/kernel-cloud:6.1,seaworthy/kernel:6.1,seaworthy/kernel-hardened:6.12=components/kernel-hardened/cmdline.amd64",
		"kernels to compare, separated by commas: IMAGE or IMAGE=FILE")
	flag.StringVar(&b.runtime, "runtime", "seaworthy/runc:1.1", "OCI runtime, which replaces crun: crun needs user namespaces, which the hardened kernel does not have")
	flag.IntVar(&b.turns, "turns", 7, "number of boots of each kernel")
	flag.Parse()
	made.Exit(b.run())
}

func (b *bench) run() (err error) {
	if b.turns < 1 || flag.NArg() > 0 {
		return errors.New("-turns must be at least 1, and only flags are accepted")
	}
	if b.dir, err = os.MkdirTemp("", "seaworthy-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if _, _, err := measure.Command([]string{"COSIGN_PASSWORD=bench"}, b.program, "key", "generate", "--output-dir", b.dir); err != nil {
		return err
	}
	var kernels []*kernel
	for i, name := range strings.Split(b.kernels, ",") {
		image, cmdline, _ := strings.Cut(name, "=")
		k := &kernel{name: image, out: filepath.Join(b.dir, fmt.Sprint("out", i))}
		if err := b.build(k, cmdline); err != nil {
			return err
		}
		kernels = append(kernels, k)
	}
	fmt.Printf("%s, %d boots of each\n", measure.Load(), b.turns)
	for range b.turns {
		for _, k := range kernels {
			one, err := b.boot(k)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.boots = append(k.boots, one)
		}
	}
	return table(os.Stdout, kernels)
}

// build builds the system with another kernel.
func (b *bench) build(k *kernel, cmdline string) error {
	yml := "kernel:\n  image: " + k.name + "\n"
	if cmdline != "" {
		line, err := os.ReadFile(cmdline)
		if err != nil {
			return err
		}
		yml += "  cmdline: " + strings.TrimSpace(string(line)) + "\n"
	}
	other := filepath.Join(b.dir, "kernel.yml")
	if err := os.WriteFile(other, []byte(yml), 0o600); err != nil {
		return err
	}
	system, err := os.ReadFile(b.system)
	if err != nil {
		return err
	}
	system = bytes.Replace(system, []byte("  - seaworthy/crun:1.8\n"), []byte("  - "+b.runtime+"\n"), 1)
	own := filepath.Join(b.dir, "os.yml") // the lock is written beside it
	if err := os.WriteFile(own, system, 0o600); err != nil {
		return err
	}
	files := []string{"--components", b.components, "--offline", own, other}
	if _, _, err := measure.Command(nil, b.program, append([]string{"lock"}, files...)...); err != nil {
		return err
	}
	_, _, err = measure.Command([]string{"COSIGN_PASSWORD=bench"}, b.program, append([]string{"build", "--locked", "--key", filepath.Join(b.dir, "seaworthy.key"),
		"--name", "bench", "--output-dir", k.out}, files...)...)
	return err
}

// boot boots a system until it is ready, and shuts it down.
func (b *bench) boot(k *kernel) (boot, error) {
	cmd := exec.Command(b.program, "boot", "--accel", "tcg", "--key", filepath.Join(b.dir, "seaworthy.pub"), k.out)
	cmd.Stderr = os.Stderr
	console, err := cmd.StdoutPipe()
	if err != nil {
		return boot{}, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return boot{}, err
	}
	one, err := read(console, start, func() { _ = cmd.Process.Signal(os.Interrupt) })
	if werr := cmd.Wait(); werr != nil {
		return one, errors.Join(werr, err)
	}
	return one, err
}

// read reads a console to its end, and calls ready when all services run.
func read(console io.Reader, start time.Time, ready func()) (boot, error) {
	var one boot
	var said []string
	for lines := bufio.NewScanner(console); lines.Scan(); {
		said = append(said, lines.Text())
		switch text := lines.Text(); {
		case one.userspace == 0 && strings.Contains(text, "] seaworthy: "):
			one.userspace = time.Since(start)
		case one.ready == 0 && strings.Contains(text, "] seaworthy: ready: "):
			one.ready = time.Since(start)
			ready()
		}
	}
	if one.ready == 0 {
		return one, fmt.Errorf("the system was never ready:\n%s", strings.Join(said, "\n"))
	}
	return one, nil
}

// table prints the medians, and in how many turns a kernel reached userspace sooner than
// the first kernel.
func table(w io.Writer, kernels []*kernel) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "kernel\tuserspace\tready\tkernel and initrd\tsooner\t")
	for _, k := range kernels {
		sooner := "-"
		if k != kernels[0] {
			n := 0
			for i, one := range k.boots {
				if one.userspace < kernels[0].boots[i].userspace {
					n++
				}
			}
			sooner = fmt.Sprintf("%d of %d", n, len(k.boots))
		}
		size, err := bytesOf(k.out, "bench-kernel", "bench-initrd.img")
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.1f MB\t%s\t\n", k.name, median(k.boots, func(one boot) time.Duration { return one.userspace }),
			median(k.boots, func(one boot) time.Duration { return one.ready }), float64(size)/1e6, sooner)
	}
	return t.Flush()
}

func median(boots []boot, get func(boot) time.Duration) string {
	var all []time.Duration
	for _, one := range boots {
		all = append(all, get(one))
	}
	slices.Sort(all)
	return fmt.Sprintf("%.2f s", all[len(all)/2].Seconds())
}

func bytesOf(dir string, names ...string) (total int64, err error) {
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, nil
}
