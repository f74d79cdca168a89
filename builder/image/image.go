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
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
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
	// Thorough: initrds are compressed better, in several times the time. It suits
	// small systems, which take little time anyway.
	Thorough bool
	// Small: initrds are compressed as much as possible, as a whole. This needs the
	// tool xz and much more time.
	Small bool
	// Earlier holds the files of an earlier image, by file name. Set.Part can
	// copy parts from them.
	Earlier map[string]Earlier
	// Arch is the architecture of the system: amd64, arm64, riscv64.
	Arch string
	// Tools finds the programs and files that formats need.
	Tools Tools
	// Kernel is what Set.Kernel was told. Only derived formats can read it.
	Kernel Kernel
	// SecureBoot signs each UKI. With nil, UKIs are not signed.
	SecureBoot uki.Signer
	// limit is that of the formats that are derived from this one.
	limit initrdLimit
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
	// Version is the kernel's release ("6.1.0-41-cloud-amd64"), "" if unknown.
	Version string
	// Options is the kernel's configuration, empty if it is unknown.
	Options map[string]string
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
	// Machine says how the command boot starts the image; nil if it cannot.
	Machine *Machine
	// Arches are the architectures that the format exists for; nil for all.
	Arches []string
	// Xattrs: the format stores extended attributes.
	Xattrs bool
	// OwnDisk: PID 1 finds the disk that the system is on, and can make a data partition
	// there.
	OwnDisk bool
	// Verified: the root is read-only, and the kernel compares each block with the
	// root hash on the command line. See Set.Parameters.
	Verified bool

	// open starts a format that takes the entries of the stream. The others have one file,
	// which is made of those of the format from: describe says what is in it, stream
	// writes it in order.
	open     func(Options) (writer, error)
	from     string
	describe func(Base, Options) (*extents.File, error)
	stream   func(io.Writer, Base, Options) error
	// packs is the path inside the stream of the file of the format from, "" if it is not
	// there as it is.
	packs string
	// initrd is the largest initrd of the format, and of those derived from it.
	initrd initrdLimit
	// needs lists the tools that the format needs; nil for none.
	needs func(arch string) []Tool
}

// Machine names the files, by their endings, that a virtual machine boots from.
type Machine struct {
	// Kernel, Initrd and Cmdline are started without a firmware.
	Kernel, Initrd, Cmdline string
	// Program is an EFI program. A disk with only this program is started.
	Program string
	// Disk and CD are started by the firmware. DiskFormat is QEMU's name.
	Disk, DiskFormat, CD string
	// EFI: the firmware is UEFI.
	EFI bool
}

// Bootable is a condition for Formats.
func Bootable(f Format) bool { return f.Machine != nil }

func (f Format) tools(arch string) []Tool {
	if f.needs == nil {
		return nil
	}
	return f.needs(arch)
}

// formats are the supported formats. The first one is the default.
var formats = []Format{
	kernelInitrdFormat, tarFormat, tarKernelInitrdFormat, dockerFormat,
	ukiFormat, rawEFIFormat, isoEFIFormat, isoEFIInitrdFormat, qcow2EFIFormat,
	squashfsFormat, erofsFormat, isoFormat, rawEFIVerityFormat, qcow2EFIVerityFormat,
	isoBIOSFormat, rawBIOSFormat, qcow2BIOSFormat, vmdkFormat, vhdFormat, dynamicVHDFormat, awsFormat, gcpFormat, rpi3Format,
}

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

// Set writes several formats from one stream. The calls come in this order:
// Entry, Part and EndPart for the stream; Kernel once the kernel is known; then
// Close and Release, or Abort.
type Set struct {
	steps []*step
	o     Options
	files openFiles
}

// New opens the formats. A name that is given twice counts once.
func New(names []string, o Options) (*Set, error) {
	list, err := steps(names, o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Set{steps: list, o: o}
	for _, st := range list {
		if err := s.open(st); err != nil {
			s.Abort()
			return nil, formatError(asked(s.steps, st), err)
		}
	}
	return s, nil
}

func (s *Set) open(st *step) (err error) {
	o := s.o
	o.Dir, o.limit = st.dir, s.limit(st)
	if !st.asked {
		o.Earlier = nil
		if err := os.MkdirAll(st.dir, 0o755); err != nil {
			return err
		}
	}
	if st.format.open != nil {
		st.writer, err = st.format.open(o)
	}
	return err
}

// formatError adds the name of the format.
func formatError(name string, err error) error { return within("format "+name, err) }

// within says where an error happened. An error with a next step keeps it.
func within(where string, err error) error {
	if e := (*system.Error)(nil); errors.As(err, &e) && e.Error() == err.Error() {
		in := *e
		in.What = where + ": " + e.What
		return &in
	}
	return fmt.Errorf("%s: %w", where, err)
}

// writers calls do for each format that takes the stream.
func (s *Set) writers(do func(*step) error) error {
	for _, st := range s.steps {
		if st.writer == nil {
			continue
		}
		if err := do(st); err != nil {
			return formatError(asked(s.steps, st), err)
		}
	}
	return nil
}

// Entry passes the next entry to each format. It follows the contract of
// system.Sink.
func (s *Set) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	var ws multi
	err := s.writers(func(st *step) error {
		w, err := st.writer.Entry(e)
		if err != nil {
			return within("/"+e.Path, err)
		}
		if w != nil {
			ws = append(ws, w)
		}
		return nil
	})
	switch {
	case err != nil || len(ws) == 0:
		return nil, err
	case len(ws) == 1:
		return ws[0], nil
	}
	return ws, nil
}

// Kernel tells each format which compression the kernel can read.
func (s *Set) Kernel(k Kernel) error {
	s.o.Kernel = k
	return s.writers(func(st *step) error { return st.writer.Kernel(k) })
}

// Close completes all files, derives the other formats, and lists the files of
// the image, sorted.
func (s *Set) Close() ([]string, error) {
	made := make([][]string, len(s.steps))
	for i, st := range s.steps {
		if st.writer == nil {
			continue
		}
		var err error
		if made[i], err = st.writer.Close(); err != nil {
			return nil, formatError(asked(s.steps, st), err)
		}
	}
	if err := s.deriveAll(made); err != nil {
		return nil, err
	}
	var files []string
	for i, st := range s.steps {
		if st.asked {
			files = append(files, made[i]...)
		}
	}
	slices.Sort(files)
	return files, s.removeHidden()
}

// deriveAll makes the files of the derived formats, each when its base is complete, and
// several at the same time. made gets their names. The error is that of the first format
// that fails, in the order of steps.
func (s *Set) deriveAll(made [][]string) error {
	var all sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	errs := make([]error, len(s.steps))
	var after func(base int)
	after = func(base int) {
		for i, st := range s.steps {
			if st.writer != nil || s.base(st) != base {
				continue
			}
			all.Go(func() {
				free <- struct{}{}
				made[i], errs[i] = s.derive(st, s.steps[base])
				<-free
				if errs[i] == nil {
					after(i)
				}
			})
		}
	}
	for i, st := range s.steps {
		if st.writer != nil {
			after(i)
		}
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return formatError(asked(s.steps, s.steps[i]), err)
		}
	}
	return nil
}

// Parameters are the words that the formats add to the command line: the root hash of
// a verified root, else "". They are known after Close.
func (s *Set) Parameters() string {
	for _, st := range s.steps {
		if tree := st.tree(); tree != nil {
			return rootParameter(tree)
		}
	}
	return ""
}

// WithParameters is a command line with more words.
func WithParameters(cmdline, words string) string {
	if words == "" {
		return cmdline
	}
	return strings.TrimSpace(strings.TrimSpace(cmdline) + " " + words)
}

// Abort releases the resources of all formats.
func (s *Set) Abort() {
	_ = s.writers(func(st *step) error {
		st.writer.Abort()
		return nil
	})
	_ = s.removeHidden() // the caller removes the whole folder
	s.Release()
}

// Content is a file of the image as it was written, or a disk that is packed in it at the
// path inside. It is nil if only the file has it, and can be read until Release.
func (s *Set) Content(name string) (content *extents.File, inside string) {
	for _, st := range s.steps {
		switch {
		case !st.asked || s.o.Stem+st.format.Files[0] != name:
		case st.format.packs != "":
			return s.steps[s.base(st)].content, st.format.packs
		default:
			return st.content, ""
		}
	}
	return nil, ""
}

// Release closes the files that Content refers to.
func (s *Set) Release() { s.files.close() }

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
