package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/verity"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// rootWriter writes the file system of a verified root.
type rootWriter interface {
	Entry(*system.RootEntry) (io.WriteCloser, error)
	// Close completes the file system, and returns its size in bytes.
	Close() (int64, error)
	// abort ends everything that is still running.
	abort()
}

// rootKind is what differs between the file systems of verified roots.
type rootKind struct {
	// ending is that of the file with the root.
	ending string
	// mark is a text of an init that can boot the root.
	mark string
	// options are what the kernel needs besides dm-verity.
	options []rootOption
	// needs are the tools that the build needs.
	needs []Tool
	// xattrs: the file system stores extended attributes.
	xattrs bool
	// smallBlocks: Linux needs a device with smaller blocks.
	smallBlocks bool
	start       func(o Options, image *os.File) (rootWriter, error)
}

// rootOption is an option that a kernel needs to boot from the root, and the module
// that may have it.
type rootOption struct{ option, module string }

// block is the size of the blocks that dm-verity compares.
func (k rootKind) block() int64 {
	if k.smallBlocks {
		return verity.SmallBlock
	}
	return verity.BlockSize
}

// verifiedFormat is a format of a kernel, its loader and a root that dm-verity
// protects.
func verifiedFormat(name string, kind rootKind) Format {
	return Format{Name: name, Files: []string{KernelEnding, CmdlineEnding, kind.ending, InitrdEnding},
		NeedsKernel: true, Xattrs: kind.xattrs, Verified: true, needs: func(string) []Tool { return kind.needs },
		open:    func(o Options) (writer, error) { return newVerified(o, kind) },
		Machine: &Machine{Kernel: KernelEnding, Initrd: InitrdEnding, Cmdline: CmdlineEnding, Disk: kind.ending}}
}

// verifiedRoot writes the file with the root, NAME-initrd.img, NAME-kernel and
// NAME-cmdline.
//
// The file system is followed by the superblock of dm-verity and the hash tree. The
// initrd is a loader: it has init and the kernel's modules only. Init opens the root
// with the root hash that the command line has.
type verifiedRoot struct {
	o      Options
	kind   rootKind
	image  *os.File
	root   rootWriter
	loader *kernelInitrd
	// seen are the paths without a slash, and modules the names of the modules.
	seen, modules map[string]bool
	// init looks for the mark in /init.
	init search
	// data: the root has the file system of a data partition. dataInit looks for an
	// init that can make such a partition.
	data     bool
	dataInit search
	kernel   Kernel
	tree     *verity.Tree
}

func newVerified(o Options, kind rootKind) (writer, error) {
	loaderOptions := o
	loaderOptions.Earlier = nil
	loader, err := newKernelInitrd(loaderOptions)
	if err != nil {
		return nil, err
	}
	s := &verifiedRoot{o: o, kind: kind, loader: loader.(*kernelInitrd), seen: map[string]bool{}, modules: map[string]bool{}, init: search{text: []byte(kind.mark)}, dataInit: search{text: []byte(dataMark)}}
	if s.image, err = create(o, o.Stem+kind.ending); err == nil {
		s.root, err = kind.start(o, s.image)
	}
	if err != nil {
		s.Abort()
		return nil, err
	}
	return s, nil
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

func (s *verifiedRoot) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	if slices.Contains(beside, e.Path) {
		return s.loader.Entry(e)
	}
	if e.Type == system.TypeHardlink && slices.Contains(beside, e.Link) {
		return nil, fmt.Errorf("hard link to /%s, which is not a file of the root", e.Link)
	}
	s.data = s.data || e.Path == DataPath
	if !strings.Contains(e.Path, "/") {
		s.seen[e.Path] = true
	}
	w, err := s.root.Entry(e)
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
		return multi{w, also, system.NopCloser{Writer: &s.init}, system.NopCloser{Writer: &s.dataInit}}, nil
	}
	return multi{w, also}, nil
}

func (s *verifiedRoot) Kernel(k Kernel) error {
	s.kernel = k
	return s.loader.Kernel(k)
}

// The bytes of a root depend on the whole tree, so nothing can be copied from an
// earlier image.
func (s *verifiedRoot) startStretch(string, string) error { return nil }
func (s *verifiedRoot) output() *output                   { return nil }

// mountPoints are the folders that init mounts file systems on.
var mountPoints = []string{"dev", "proc", "run", "sys", "tmp", "var"}

func (s *verifiedRoot) Close() (_ []string, err error) {
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
		if _, err := s.root.Entry(&system.RootEntry{Entry: system.Entry{Path: dir, Type: system.TypeDir, Mode: 0o755}}); err != nil {
			return nil, err
		}
	}
	size, err := s.root.Close()
	if err != nil {
		return nil, err
	}
	size = max((size+verity.BlockSize-1)/verity.BlockSize*verity.BlockSize, verity.MinSize)
	if err := s.image.Truncate(size); err != nil {
		return nil, err
	}
	tree := struct {
		io.WriterAt
		io.ReaderAt
	}{io.NewOffsetWriter(s.image, size), io.NewSectionReader(s.image, size, 1<<62)}
	if s.tree, err = verity.Write(tree, io.NewSectionReader(s.image, 0, size), size, s.kind.block()); err != nil {
		return nil, err
	}
	files, err := s.loader.Close()
	if err != nil {
		return nil, err
	}
	return append(files, s.o.Stem+s.kind.ending), errors.Join(s.writeCmdline(), s.image.Close())
}

// writeCmdline adds the root hash to the command line.
func (s *verifiedRoot) writeCmdline() error {
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
func (s *verifiedRoot) checkInit() error {
	if s.data && !s.dataInit.found {
		return system.BadInput("/init of the system cannot make a data partition").
			Suggest("use a current seaworthy/init in the init section, or remove seaworthy.data= from kernel.cmdline")
	}
	if s.init.found {
		return nil
	}
	return system.BadInput("/init of the system cannot open the root of this format").
		Suggest("use a current seaworthy/init in the init section, or another --format")
}

// verityOptions are the options that a kernel needs for dm-verity.
var verityOptions = []rootOption{{"CONFIG_BLK_DEV_DM", "dm_mod"}, {"CONFIG_DM_VERITY", "dm_verity"}}

// checkKernel requires a kernel that can boot the format, if its configuration is
// known.
func (s *verifiedRoot) checkKernel() error {
	if len(s.kernel.Options) == 0 {
		return nil
	}
	var errs []error
	for _, o := range slices.Concat(s.kind.options, verityOptions) {
		switch value := s.kernel.Options[o.option]; {
		case value == "m" && o.module != "" && !s.modules[o.module]:
			errs = append(errs, system.BadInput("the kernel's modules do not include %s, which opens the root", o.module).
				Suggest("add it to the image of the kernel, or use another --format"))
		case value != "y" && (value != "m" || o.module == ""):
			errs = append(errs, system.BadInput("the kernel cannot open the root: it is built without %s", o.option).
				Suggest("use a kernel with this option, or another --format"))
		}
	}
	if v := s.kernel.Options["CONFIG_EXT4_FS"]; s.data && v != "y" && (v != "m" || !s.modules["ext4"]) {
		errs = append(errs, system.BadInput("the kernel cannot open a data partition: neither the kernel nor its modules have ext4").
			Suggest("use a kernel with CONFIG_EXT4_FS, or remove seaworthy.data= from kernel.cmdline"))
	}
	return errors.Join(errs...)
}

func (s *verifiedRoot) Abort() {
	if s.root != nil {
		s.root.abort()
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
