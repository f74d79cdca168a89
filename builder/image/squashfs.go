package image

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/verity"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SquashfsEnding is the ending of a root that a virtual machine gets as a disk.
const SquashfsEnding = "-squashfs.img"

// mksquashfsTool makes the root of verified formats.
var mksquashfsTool = Tool{Name: "mksquashfs", Package: "squashfs-tools"}

// squashfsFormat has LinuxKit's name. Its root is a squashfs that dm-verity protects.
var squashfsFormat = Format{Name: "kernel+squashfs", Files: []string{KernelEnding, CmdlineEnding, SquashfsEnding, InitrdEnding},
	NeedsKernel: true, Xattrs: true, Verified: true, open: newSquashfs, needs: func(string) []Tool { return []Tool{mksquashfsTool} },
	Machine: &Machine{Kernel: KernelEnding, Initrd: InitrdEnding, Cmdline: CmdlineEnding, Disk: SquashfsEnding}}

// squashfs writes NAME-squashfs.img, NAME-initrd.img, NAME-kernel and NAME-cmdline.
//
// The tree goes as a tar into mksquashfs. The file system is followed by the
// superblock of dm-verity and the hash tree. The initrd is a loader: it has init and
// the kernel's modules only. Init opens the root with the root hash that the command
// line has.
type squashfs struct {
	o      Options
	image  *os.File
	run    *running
	tar    *tarWriter
	loader *kernelInitrd
	// seen are the paths without a slash, and modules the names of the modules.
	seen, modules map[string]bool
	// init looks for guest.VerifiedRoot in /init.
	init   search
	kernel Kernel
	tree   *verity.Tree
}

func newSquashfs(o Options) (writer, error) {
	if sec := o.Time.Unix(); sec < 0 || sec > 1<<32-1 {
		return nil, system.BadInput("a squashfs cannot store the time %s", o.Time).Suggest("set SOURCE_DATE_EPOCH to 0 or more")
	}
	loaderOptions := o
	loaderOptions.Earlier = nil
	loader, err := newKernelInitrd(loaderOptions)
	if err != nil {
		return nil, err
	}
	s := &squashfs{o: o, loader: loader.(*kernelInitrd), seen: map[string]bool{}, modules: map[string]bool{}, init: search{text: []byte(initMark)}}
	if s.image, err = create(o, o.Stem+SquashfsEnding); err == nil {
		s.run, err = startMksquashfs(o, s.image.Name())
	}
	if err != nil {
		s.Abort()
		return nil, err
	}
	s.tar = &tarWriter{o: o, tw: tar.NewWriter(s.run)}
	return s, nil
}

// startMksquashfs starts the program. Its output depends on the tar alone: all times
// are given, and it gives the same bytes on any number of cores.
func startMksquashfs(o Options, out string) (*running, error) {
	tool, err := o.Tools.Find(mksquashfsTool)
	if err != nil {
		return nil, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	sec := fmt.Sprint(o.Time.Unix())
	return start(mksquashfsTool, tool, "-", out, "-tar", "-noappend", "-no-recovery", "-no-progress", "-quiet", "-exit-on-error",
		"-reproducible", "-comp", "zstd", "-b", "131072", "-xattrs", "-no-exports", "-mkfs-time", sec, "-all-time", sec, "-root-time", sec,
		"-root-mode", "755", "-root-uid", "0", "-root-gid", "0")
}

// initMark is guest.VerifiedRoot: an init with this text can boot a verified root.
const initMark = "root: verified by dm-verity, root hash"

// beside are the files of the tree that are written next to the root.
var beside = []string{"boot/kernel", "boot/cmdline", "boot/ucode.cpio"}

// inLoader: the loader has this path too.
func inLoader(p string) bool {
	for _, modules := range []string{"lib/modules", "usr/lib/modules"} {
		if p == modules || strings.HasPrefix(p, modules+"/") || strings.HasPrefix(modules, p+"/") {
			return true
		}
	}
	return p == "init"
}

func (s *squashfs) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	if slices.Contains(beside, e.Path) {
		return s.loader.Entry(e)
	}
	if e.Type == system.TypeHardlink && slices.Contains(beside, e.Link) {
		return nil, fmt.Errorf("hard link to /%s, which is not a file of the root", e.Link)
	}
	if !strings.Contains(e.Path, "/") {
		s.seen[e.Path] = true
	}
	w, err := s.tar.Entry(storable(e))
	if err != nil || !inLoader(e.Path) {
		return w, err
	}
	also, err := s.loader.Entry(e)
	if err != nil || also == nil {
		return w, err
	}
	if name, _, ok := strings.Cut(path.Base(e.Path), ".ko"); ok {
		s.modules[strings.ReplaceAll(name, "-", "_")] = true
	}
	if e.Path == "init" {
		return multi{w, also, nopCloser{&s.init}}, nil
	}
	return multi{w, also}, nil
}

// storable leaves out the extended attributes that a squashfs cannot store, and that
// the kernel would ignore there: access control lists.
func storable(e *system.RootEntry) *system.RootEntry {
	known := func(name string, _ string) bool {
		prefix, _, _ := strings.Cut(name, ".")
		return !slices.Contains([]string{"user", "trusted", "security"}, prefix)
	}
	out := *e
	out.Xattrs = maps.Clone(e.Xattrs)
	maps.DeleteFunc(out.Xattrs, known)
	return &out
}

func (s *squashfs) Kernel(k Kernel) error {
	s.kernel = k
	return s.loader.Kernel(k)
}

// The bytes of a squashfs depend on the whole tree, so nothing can be copied from an
// earlier image.
func (s *squashfs) startStretch(string, string) error { return nil }
func (s *squashfs) output() *output                   { return nil }

// mountPoints are the folders that init mounts file systems on.
var mountPoints = []string{"dev", "proc", "run", "sys", "tmp", "var"}

func (s *squashfs) Close() (_ []string, err error) {
	defer func() {
		if err != nil {
			s.Abort()
		}
	}()
	if err := errors.Join(s.checkKernel(), s.checkInit()); err != nil {
		return nil, err
	}
	for _, dir := range mountPoints {
		if s.seen[dir] {
			continue
		}
		if _, err := s.tar.Entry(&system.RootEntry{Entry: system.Entry{Path: dir, Type: system.TypeDir, Mode: 0o755}}); err != nil {
			return nil, err
		}
	}
	if err := s.tar.tw.Close(); err != nil {
		return nil, err
	}
	if err := s.run.Close(); err != nil {
		return nil, err
	}
	size, err := squashfsSize(s.image)
	if err != nil {
		return nil, err
	}
	if err := s.image.Truncate(size); err != nil {
		return nil, err
	}
	tree := struct {
		io.WriterAt
		io.ReaderAt
	}{io.NewOffsetWriter(s.image, size), io.NewSectionReader(s.image, size, 1<<62)}
	if s.tree, err = verity.Write(tree, io.NewSectionReader(s.image, 0, size), size); err != nil {
		return nil, err
	}
	files, err := s.loader.Close()
	if err != nil {
		return nil, err
	}
	return append(files, s.o.Stem+SquashfsEnding), errors.Join(s.writeCmdline(), s.image.Close())
}

// squashfsSize is the size of the squashfs at the start of r, in whole blocks.
func squashfsSize(r io.ReaderAt) (int64, error) {
	var b [96]byte
	if _, err := r.ReadAt(b[:], 0); err != nil || string(b[:4]) != "hsqs" {
		return 0, errors.Join(errors.New("mksquashfs did not write a squashfs"), err)
	}
	size := int64(binary.LittleEndian.Uint64(b[40:]))
	return max((size+verity.BlockSize-1)/verity.BlockSize*verity.BlockSize, verity.MinSize), nil
}

// writeCmdline adds the root hash to the command line.
func (s *squashfs) writeCmdline() error {
	name := filepath.Join(s.o.Dir, s.o.Stem+CmdlineEnding)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(WithParameters(string(text), rootParameter(s.tree))), 0o644)
}

// rootParameter is the word of the command line that names the root.
func rootParameter(tree *verity.Tree) string { return "roothash=" + tree.Hash() }

// checkInit requires an init that can boot the format.
func (s *squashfs) checkInit() error {
	if s.init.found {
		return nil
	}
	return system.BadInput("/init of the system cannot open a root that dm-verity protects").
		Suggest("use a current seaworthy/init in the init section, or another --format")
}

// rootOptions are the options that a kernel needs to boot from the root, and the
// modules that may have them.
var rootOptions = []struct{ option, module string }{
	{"CONFIG_SQUASHFS", "squashfs"}, {"CONFIG_SQUASHFS_ZSTD", ""}, {"CONFIG_BLK_DEV_DM", "dm_mod"}, {"CONFIG_DM_VERITY", "dm_verity"},
}

// checkKernel requires a kernel that can boot the format, if its configuration is
// known.
func (s *squashfs) checkKernel() error {
	if len(s.kernel.Options) == 0 {
		return nil
	}
	var errs []error
	for _, o := range rootOptions {
		switch value := s.kernel.Options[o.option]; {
		case value == "m" && o.module != "" && !s.modules[o.module]:
			errs = append(errs, system.BadInput("the kernel's modules do not include %s, which opens the root", o.module).
				Suggest("add it to the image of the kernel, or use another --format"))
		case value != "y" && (value != "m" || o.module == ""):
			errs = append(errs, system.BadInput("the kernel cannot open the root: it is built without %s", o.option).
				Suggest("use a kernel with this option, or another --format"))
		}
	}
	return errors.Join(errs...)
}

func (s *squashfs) Abort() {
	if s.run != nil {
		s.run.kill()
	}
	if s.image != nil {
		s.image.Close()
	}
	s.loader.Abort()
}

// search is a writer that looks for a text.
type search struct {
	text, tail []byte
	found      bool
}

func (s *search) Write(p []byte) (int, error) {
	if s.found {
		return len(p), nil
	}
	s.tail = append(s.tail, p...)
	s.found = bytes.Contains(s.tail, s.text)
	if keep := len(s.text) - 1; len(s.tail) > keep {
		s.tail = append(s.tail[:0], s.tail[len(s.tail)-keep:]...)
	}
	return len(p), nil
}
