//go:build linux

// Package logflush is the program log-flush, which copies the logs of a system to a disk
// when the system ends.
package logflush

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	f := flusher{now: time.Now}
	(&applet.Program{Name: "log-flush", Usage: "[flags]", Flags: f.flags, Run: f.run}).Main()
}

type flusher struct {
	from, to string
	keep     int
	max      int64
	now      func() time.Time
}

func (f *flusher) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.from, "from", "/var/log", "folder with the logs")
	fs.StringVar(&f.to, "to", "/mnt", "folder on a disk; each run of the system gets a folder in it")
	fs.IntVar(&f.keep, "keep", 10, "how many of these folders to keep; older ones are removed")
	fs.Int64Var(&f.max, "max", 256<<20, "the most bytes to copy from one file: its end")
}

// layout is the name of a folder: names in order are times in order.
const layout = "20060102T150405Z"

func (f *flusher) run(_ context.Context, w io.Writer, args []string) error {
	if len(args) > 0 || f.keep < 1 || f.max < 1 {
		return applet.Usagef("-keep and -max are at least 1, and there are no other arguments")
	}
	name := f.now().UTC().Format(layout)
	dir := filepath.Join(f.to, name)
	n, size, err := f.copy(dir)
	if err != nil {
		return err
	}
	removed, err := f.prune()
	if err != nil {
		return err
	}
	if err := flush(f.to); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d files, %d bytes; removed %d older folders\n", dir, n, size, removed)
	return nil
}

// copy copies the regular files. A file that cannot be read does not stop the others. It
// opens files below a root, so a symbolic link cannot lead elsewhere.
func (f *flusher) copy(dir string) (n int, size int64, err error) {
	from, err := os.OpenRoot(f.from)
	if err != nil {
		return 0, 0, err
	}
	defer from.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, 0, err
	}
	to, err := os.OpenRoot(dir)
	if err != nil {
		return 0, 0, err
	}
	defer to.Close()
	var failed []error
	err = fs.WalkDir(from.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			failed = append(failed, err)
		case d.IsDir() && path != ".":
			return to.Mkdir(path, 0o700)
		case d.Type().IsRegular():
			b, err := f.one(from, to, path)
			if err != nil {
				failed = append(failed, err)
				return nil
			}
			n, size = n+1, size+b
		}
		return nil
	})
	return n, size, errors.Join(append(failed, err)...)
}

func (f *flusher) one(from, to *os.Root, path string) (int64, error) {
	r, err := from.Open(path)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	st, err := r.Stat()
	if err != nil {
		return 0, err
	}
	if st.Size() > f.max {
		if _, err := r.Seek(-f.max, io.SeekEnd); err != nil {
			return 0, err
		}
	}
	w, err := to.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, io.LimitReader(r, f.max))
	return n, errors.Join(err, w.Sync(), w.Close())
}

// prune removes the oldest folders. It touches only folders with names of ours.
func (f *flusher) prune() (int, error) {
	entries, err := os.ReadDir(f.to)
	if err != nil {
		return 0, err
	}
	var ours []string
	for _, e := range entries {
		if _, err := time.Parse(layout, e.Name()); err == nil && e.IsDir() {
			ours = append(ours, e.Name())
		}
	}
	slices.SortFunc(ours, func(a, b string) int { return strings.Compare(b, a) })
	removed := 0
	for _, name := range ours[min(f.keep, len(ours)):] {
		if err := os.RemoveAll(filepath.Join(f.to, name)); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

func flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
