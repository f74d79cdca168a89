// Package image writes the file stream of a system in bootable formats. Each
// format is one file of this package. All formats read the same stream. The
// output depends only on the stream, never on the clock, the paths or the
// number of cores.
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

// Options say where and how to write the image.
type Options struct {
	// Dir is the output folder. It must exist.
	Dir string
	// Stem is the start of each file name: NAME-kernel, NAME.tar.
	Stem string
	// Time is the modification time of every entry.
	Time time.Time
	// Earlier holds the files of an earlier image, by file name. Set.Part can
	// copy parts from them.
	Earlier map[string]Earlier
}

// writer writes one output format. Its Entry method follows the contract of
// system.Sink.
type writer interface {
	Entry(*system.RootEntry) (io.WriteCloser, error)
	// Kernel says which compression the kernel can read. It is called at most
	// once, after the kernel's image was read.
	Kernel(Kernel) error
	// startStretch ends the current stretch and starts the next one. With a
	// key, the next stretch is the part id; with key "", it is not a part.
	startStretch(id, key string) error
	// output returns the file that has parts.
	output() *output
	// Close completes the files and returns their names, relative to
	// Options.Dir.
	Close() ([]string, error)
	// Abort releases all resources. It may leave incomplete files behind.
	Abort()
}

// Kernel holds what a format must know about the kernel.
type Kernel struct {
	// Zstd: the kernel can unpack a zstd initrd (CONFIG_RD_ZSTD=y). It is false
	// if the kernel's configuration is unknown.
	Zstd bool
}

// Format describes one output format. Each format has one file in this package
// and one entry in formats.
type Format struct {
	// Name is the format's name. It equals LinuxKit's name if LinuxKit has the
	// format.
	Name string
	// Files are the endings of the output files. A file name is the system's
	// name with one of these endings.
	Files []string
	// NeedsKernel: a system without a kernel cannot be written in this format.
	NeedsKernel bool
	// Bootable: the command boot can start an image of this format.
	Bootable bool
	// Xattrs: the format stores extended attributes.
	Xattrs bool

	open func(Options) (writer, error)
}

// formats are the supported formats. The first one is the default.
var formats = []Format{kernelInitrdFormat, tarFormat}

// planned are formats of LinuxKit and of ours that are not supported yet.
var planned = []string{"tar-kernel-initrd", "docker", "iso-bios", "iso-efi", "iso-efi-initrd", "raw-bios", "raw-efi",
	"qcow2-bios", "qcow2-efi", "gcp", "aws", "vhd", "dynamic-vhd", "vmdk", "kernel+squashfs", "kernel+erofs", "kernel+iso", "rpi3",
	"uki"}

// Find returns the format with a name, and false if the format is not
// supported.
func Find(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// Formats returns the sorted names of the formats that meet all conditions.
// Without a condition it returns all names.
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

// Default is the name of the format that a build uses if none is given.
func Default() string { return formats[0].Name }

// Files returns all names that an output file of the system stem can have.
func Files(stem string) []string {
	var out []string
	for _, f := range formats {
		for _, ending := range f.Files {
			out = append(out, stem+ending)
		}
	}
	return out
}

// CheckFormats returns an error that lists all names which are not supported
// formats.
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

// Set writes several formats from one stream. The calls come in this order:
// Entry, Part and EndPart for the stream; Kernel once the kernel is known; then
// Close or Abort.
type Set struct {
	names   []string
	writers []writer
	time    time.Time
}

// New opens the formats. A name that is given twice counts once.
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

// Entry passes the next entry to each format. It follows the contract of
// system.Sink.
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

// Kernel tells each format which compression the kernel can read.
func (s *Set) Kernel(k Kernel) error {
	for i, f := range s.writers {
		if err := f.Kernel(k); err != nil {
			return fmt.Errorf("format %s: %w", s.names[i], err)
		}
	}
	return nil
}

// Close completes all files and returns their names, sorted.
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

// Abort releases the resources of all formats.
func (s *Set) Abort() {
	for _, f := range s.writers {
		f.Abort()
	}
}

// multi writes the same bytes to several writers.
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

// create creates an output file. Its mode does not depend on the umask.
func create(o Options, name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(o.Dir, name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	return f, f.Chmod(0o644)
}

// nopCloser is a writer whose Close does nothing: the owner of the file closes
// it.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
