// Package image writes a system's file stream in the formats that boot: one
// file of this package per format, all fed by one stream. What it writes
// depends on the stream alone, never on clock, path or number of cores.
package image

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Options say where and how to write.
type Options struct {
	// Dir must exist; files are created in it.
	Dir string
	// Stem begins each file's name: NAME-kernel, NAME.tar.
	Stem string
	// Time stands in every entry.
	Time time.Time
	// Earlier are files of an earlier image, by name, that parts are taken from.
	Earlier map[string]Earlier
}

// writer is one output format. Entry has system.Sink's protocol.
type writer interface {
	Entry(*system.RootEntry) (io.WriteCloser, error)
	// Kernel tells what the kernel can read, as soon as it is known.
	Kernel(Kernel) error
	// begin ends the stretch in work, and begins a part; key "" begins what is
	// no part.
	begin(id, key string) error
	// output is the file that has parts.
	output() *output
	// Close completes the files and names them, relative to Options.Dir.
	Close() ([]string, error)
	// Abort frees what is held; files may be left behind.
	Abort()
}

// Kernel is what a format must know about the kernel.
type Kernel struct {
	// Zstd: it can unpack a zstd initrd (CONFIG_RD_ZSTD=y). False where
	// nobody knows.
	Zstd bool
}

// Format is one output format: one file of this package, and one line of formats.
type Format struct {
	// Name is LinuxKit's name where LinuxKit has the format.
	Name string
	// Files are the endings of the files that it writes, which follow the system's
	// name.
	Files []string
	// NeedsKernel: a system without a kernel cannot be written in this format.
	NeedsKernel bool
	// Bootable: `boot` can start it.
	Bootable bool
	// Xattrs: it has room for extended attributes.
	Xattrs bool

	open func(Options) (writer, error)
}

// formats are those that work; the first is the default.
var formats = []Format{kernelInitrdFormat, tarFormat}

// planned are LinuxKit's and our other formats.
var planned = []string{"tar-kernel-initrd", "docker", "iso-bios", "iso-efi", "iso-efi-initrd", "raw-bios", "raw-efi",
	"qcow2-bios", "qcow2-efi", "gcp", "aws", "vhd", "dynamic-vhd", "vmdk", "kernel+squashfs", "kernel+erofs", "kernel+iso", "rpi3",
	"uki"}

// Find gives the format of a name.
func Find(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// Formats lists the names of the formats, sorted: all, or those that every
// condition holds for.
func Formats(conditions ...func(Format) bool) []string {
	var out []string
next:
	for _, f := range formats {
		for _, holds := range conditions {
			if !holds(f) {
				continue next
			}
		}
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

// Default is the format of a build that names none.
func Default() string { return formats[0].Name }

// Files lists every name that a format may give a file of the system stem.
func Files(stem string) []string {
	var out []string
	for _, f := range formats {
		for _, ending := range f.Files {
			out = append(out, stem+ending)
		}
	}
	return out
}

// CheckFormats refuses names that do not work, all at once.
func CheckFormats(names []string) error {
	var errs []error
	for _, n := range names {
		if _, ok := Find(n); ok {
			continue
		}
		err := system.BadInput("unknown format %q", n)
		if slices.Contains(planned, n) {
			err = system.BadInput("format %s is not supported yet", n)
		}
		errs = append(errs, err.Suggest("use %s", strings.Join(Formats(), " or ")))
	}
	return errors.Join(errs...)
}

// Set writes several formats from one stream.
type Set struct {
	names   []string
	writers []writer
	time    time.Time
}

// New opens the formats; each name once.
func New(names []string, o Options) (*Set, error) {
	if err := CheckFormats(names); err != nil {
		return nil, err
	}
	s := &Set{time: o.Time}
	for _, n := range names {
		if slices.Contains(s.names, n) {
			continue
		}
		f, _ := Find(n)
		w, err := f.open(o)
		if err != nil {
			s.Abort()
			return nil, fmt.Errorf("format %s: %w", n, err)
		}
		s.names, s.writers = append(s.names, n), append(s.writers, w)
	}
	return s, nil
}

// Entry gives the next object to each format.
func (s *Set) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	var ws multi
	for i, f := range s.writers {
		w, err := f.Entry(e)
		if err != nil {
			return nil, fmt.Errorf("format %s: /%s: %w", s.names[i], e.Path, err)
		}
		if w != nil {
			ws = append(ws, w)
		}
	}
	switch len(ws) {
	case 0:
		return nil, nil
	case 1:
		return ws[0], nil
	}
	return ws, nil
}

// Kernel tells each format what the kernel can read.
func (s *Set) Kernel(k Kernel) error {
	for i, f := range s.writers {
		if err := f.Kernel(k); err != nil {
			return fmt.Errorf("format %s: %w", s.names[i], err)
		}
	}
	return nil
}

// Close completes all files and lists them, sorted.
func (s *Set) Close() ([]string, error) {
	var files []string
	for i, f := range s.writers {
		fs, err := f.Close()
		if err != nil {
			return nil, fmt.Errorf("format %s: %w", s.names[i], err)
		}
		files = append(files, fs...)
	}
	slices.Sort(files)
	return files, nil
}

// Abort frees what the formats hold.
func (s *Set) Abort() {
	for _, f := range s.writers {
		f.Abort()
	}
}

// multi writes to several writers.
type multi []io.WriteCloser

func (m multi) Write(p []byte) (int, error) {
	for _, w := range m {
		if _, err := w.Write(p); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (m multi) Close() error {
	var errs []error
	for _, w := range m {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

// create makes an output file whose mode does not depend on the umask.
func create(o Options, name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(o.Dir, name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	return f, f.Chmod(0o644)
}

// nopCloser is a writer whose owner closes it.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
