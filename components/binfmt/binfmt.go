//go:build linux

// Package binfmt is the program binfmt, which tells the kernel at boot with which program
// it runs files that are not programs of this machine.
package binfmt

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	b := registrar{root: "/proc/sys/fs/binfmt_misc", mount: mount}
	(&applet.Program{Name: "binfmt", Usage: "[flags]", FlagsOnly: true, Flags: b.flags, Run: b.run}).Main()
}

// Example is the interpreter of the example in the image. It prints which file it was
// started for.
func Example() {
	fmt.Printf("binfmt-example runs %s\n", strings.Join(os.Args[1:], " "))
}

type registrar struct {
	root, dir, try string
	mount          func(root string) error
}

func (b *registrar) flags(fs *flag.FlagSet) {
	fs.StringVar(&b.dir, "dir", "/etc/binfmt.d", "folder with *.conf: each line is :NAME:TYPE:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS (binfmt.d(5))")
	fs.StringVar(&b.try, "try", "", "run this file at the end, to see that it works")
}

func mount(root string) error {
	if err := unix.Mount("binfmt_misc", root, "binfmt_misc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("cannot mount binfmt_misc: %w: load the module binfmt_misc before", err)
	}
	return nil
}

func (b *registrar) run(ctx context.Context, w io.Writer, _ []string) error {
	files, err := filepath.Glob(filepath.Join(b.dir, "*.conf"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	var all []string
	for _, f := range files {
		lines, err := read(f)
		if err != nil {
			return err
		}
		all = append(all, lines...)
	}
	if len(all) == 0 {
		return fmt.Errorf("%s has no line in a file *.conf", b.dir)
	}
	if err := b.mount(b.root); err != nil {
		return err
	}
	for _, line := range all {
		name := strings.Split(line[1:], line[:1])[0]
		if _, err := os.Stat(filepath.Join(b.root, name)); err == nil {
			fmt.Fprintf(w, "%s: was registered before\n", name)
			continue
		}
		if err := os.WriteFile(filepath.Join(b.root, "register"), []byte(line), 0o200); err != nil {
			return fmt.Errorf("the kernel refused %q: %w", line, err)
		}
		fmt.Fprintf(w, "%s: registered\n", name)
	}
	if b.try == "" {
		return nil
	}
	out, err := exec.CommandContext(ctx, b.try).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", b.try, err, out)
	}
	_, err = w.Write(out)
	return err
}

// read reads the lines of a file, and checks what the kernel does not check.
func read(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []string
	var errs []error
	sc := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		fields := strings.Split(line[1:], line[:1])
		switch {
		case len(fields) != 7:
			errs = append(errs, fmt.Errorf("%s:%d: %d fields, want 7", file, n, len(fields)))
		case fields[0] == "" || !filepath.IsLocal(fields[0]) || strings.Contains(fields[0], "/") || fields[0] == "register" || fields[0] == "status":
			errs = append(errs, fmt.Errorf("%s:%d: bad name %q", file, n, fields[0]))
		case fields[1] != "M" && fields[1] != "E":
			errs = append(errs, fmt.Errorf("%s:%d: type %q is neither M nor E", file, n, fields[1]))
		case !filepath.IsAbs(fields[5]):
			errs = append(errs, fmt.Errorf("%s:%d: the interpreter %q is not an absolute path", file, n, fields[5]))
		case strings.Contains(fields[6], "C"):
			errs = append(errs, fmt.Errorf("%s:%d: flag C gives the interpreter the rights of setuid files: it is not accepted", file, n))
		default:
			all = append(all, line)
		}
	}
	return all, errors.Join(append(errs, sc.Err())...)
}
