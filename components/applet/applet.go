//go:build linux

// Package applet starts the small programs of components: it reads their flags, ends
// them on SIGTERM, and prints their errors.
package applet

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Program is a small program.
type Program struct {
	// Name is its name in messages, and Usage what stands behind the name in
	// its help, such as "[flags] DEVICE".
	Name, Usage string
	// Flags adds its flags. It may be nil.
	Flags func(*flag.FlagSet)
	// FlagsOnly: an argument that is not a flag is an error.
	FlagsOnly bool
	// Run does the work with the arguments behind the flags. It prints what it did to w.
	Run func(ctx context.Context, w io.Writer, args []string) error
}

// ErrUsage is an error in the arguments.
var ErrUsage = errors.New("usage")

// Usagef makes an ErrUsage.
func Usagef(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUsage}, args...)...)
}

// Main runs the program with the arguments of the process, and ends the process if it
// fails: with 2 if the arguments are wrong, else with 1.
func (p *Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := p.run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if code != 0 {
		os.Exit(code)
	}
}

func (p *Program) run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "Usage: %s %s\n", p.Name, p.Usage)
		fs.PrintDefaults()
	}
	if p.Flags != nil {
		p.Flags(fs)
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	var err error
	if p.FlagsOnly && fs.NArg() > 0 {
		err = Usagef("unexpected argument %q", fs.Arg(0))
	} else {
		err = p.Run(ctx, stdout, fs.Args())
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrUsage):
		fmt.Fprintf(stderr, "%s: %s\n", p.Name, strings.TrimPrefix(err.Error(), ErrUsage.Error()+": "))
		fs.Usage()
		return 2
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(stderr, "%s: %s\n", p.Name, line)
	}
	return 1
}

// Statements does the statements that the arguments of a program are, in order, and prints
// each one to w when it is done. All are read before the first one is done.
func Statements[S any](w io.Writer, args []string, parse func(string) (S, error), do func(S) error) error {
	if len(args) == 0 {
		return Usagef("there is no statement")
	}
	var all []S
	for _, a := range args {
		s, err := parse(a)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	for i, s := range all {
		if err := do(s); err != nil {
			return fmt.Errorf("%s: %w", args[i], err)
		}
		fmt.Fprintln(w, args[i])
	}
	return nil
}

// Dispatch runs one of several programs: the name under which this process was started
// says which one. self is the name of the file that has all of them.
func Dispatch(self string, programs map[string]func()) {
	name := filepath.Base(os.Args[0])
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: there is no program %q: start it as %s\n", self, name, strings.Join(slices.Sorted(maps.Keys(programs)), ", "))
		os.Exit(2)
	}
	run()
}

// List is a flag that can be repeated.
type List []string

func (l *List) String() string { return strings.Join(*l, ",") }

// Set adds a value.
func (l *List) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// folders are where Debian's packages have their programs. Debian 12 has some in /sbin.
var folders = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Find returns the path of a program of the image.
func Find(name string) (string, error) {
	for _, dir := range folders {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("the image has no program %s in %s", name, strings.Join(folders, ", "))
}

// Output runs a program of the image, and returns its output, without the spaces at both
// ends. The first word names the program. The error has what it printed.
func Output(ctx context.Context, args ...string) (string, error) {
	return Filter(ctx, nil, args...)
}

// Filter is Output for a program with an input. stdin can be nil.
func Filter(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	path, err := Find(args[0])
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+strings.Join(folders, ":"), "LC_ALL=C")
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, text)
	}
	return text, nil
}

// Command runs a program of the image.
func Command(ctx context.Context, args ...string) error {
	_, err := Output(ctx, args...)
	return err
}
