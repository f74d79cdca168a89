//go:build linux

// Package hostname is the program hostname, which sets the name of the system once, at
// boot.
package hostname

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() { program(unix.Sethostname).Main() }

// maxFile limits how much of a file is read.
const maxFile = 4096

func program(set func([]byte) error) *applet.Program {
	var files applet.List
	return &applet.Program{Name: "hostname", Usage: "[flags] [NAME]",
		Flags: func(fs *flag.FlagSet) {
			fs.Var(&files, "file", "read the name from the first of these files that exists, before NAME (repeatable)")
		},
		Run: func(_ context.Context, w io.Writer, args []string) error {
			name, from, err := choose(files, args)
			if err != nil {
				return err
			}
			if !Valid(name) {
				return fmt.Errorf("%s: %q is not a host name: use letters, digits, hyphens and dots, at most 64 characters", from, name)
			}
			if err := set([]byte(name)); err != nil {
				return fmt.Errorf("cannot set the host name to %q: %w", name, err)
			}
			fmt.Fprintf(w, "%s (from %s)\n", name, from)
			return nil
		}}
}

func choose(files, args []string) (name, from string, err error) {
	if len(args) > 1 {
		return "", "", applet.Usagef("there are %d names, want one", len(args))
	}
	for _, file := range files {
		f, err := os.Open(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", "", err
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxFile))
		if err != nil {
			return "", "", err
		}
		return strings.TrimSpace(string(data)), file, nil
	}
	if len(args) == 0 {
		return "", "", applet.Usagef("there is no name, and none of the files %q exists", files)
	}
	return args[0], "the command", nil
}

// Valid reports whether s is a host name that the kernel takes: labels of letters,
// digits and hyphens.
func Valid(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
			}) {
			return false
		}
	}
	return true
}
