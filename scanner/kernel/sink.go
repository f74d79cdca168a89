package kernel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/turns"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

const (
	// maxBinary is the largest kernel that is read, maxConfigs the highest
	// number of configurations in one image that are read.
	maxBinary  = 1 << 30
	maxConfigs = 16
	maxModules = 50_000
	// maxTrees is the highest number of kernel versions with modules in an
	// image.
	maxTrees = 16
)

// Sink collects during the pass over a kernel image: configurations, the kernel
// binary, and the names of modules.
type Sink struct {
	tree    *tree.Tree
	binary  string // path in the tree
	dir     string
	configs map[string]*bytes.Buffer
	// image is a copy of the binary in a file without a name. It is read after
	// the pass, because unpacking would delay the pass.
	image  *os.File
	sum    hash.Hash
	digest string
	// modules are the names of modules, folders the versions of their folders.
	modules map[string]bool
	folders map[string]*moduleTree
	// packed counts the compressed modules that were read.
	packed int
}

// NewSink reads the kernel at binary ("kernel") in the image. The tree must get
// each entry before the sink does.
func NewSink(t *tree.Tree, binary, tempDir string) *Sink {
	return &Sink{
		tree: t, binary: "/" + strings.TrimPrefix(binary, "/"), dir: tempDir,
		configs: map[string]*bytes.Buffer{}, modules: map[string]bool{}, folders: map[string]*moduleTree{},
	}
}

// Entry implements system.Sink.
func (s *Sink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Shadowed {
		return nil, nil
	}
	p := tree.Path(e)
	if version, ok := moduleFolder(p); ok {
		if s.folders[version] == nil && len(s.folders) < maxTrees {
			s.folders[version] = newTree()
		}
		if name := moduleName(p); name != "" && e.Type != system.TypeDir && len(s.modules) < maxModules {
			s.modules[name] = true
			if t := s.folders[version]; t != nil && ownModule(p) {
				t.names[name] = true
			}
		}
	}
	if e.Type != system.TypeFile {
		return nil, nil
	}
	switch {
	case p == s.binary:
		return s.keepBinary(e)
	case moduleName(p) != "":
		return s.module(p, e.Size), nil
	case path.Base(p) == "modules.builtin" && e.Size <= maxConfig:
		if t := s.treeOf(p); t != nil && len(t.builtin) < 2 {
			b := new(bytes.Buffer)
			t.builtin = append(t.builtin, b)
			return system.NopCloser{Writer: b}, nil
		}
	case rank(p) >= 0 && e.Size <= maxConfig && len(s.configs) < maxConfigs:
		b := new(bytes.Buffer)
		s.configs[p] = b
		return system.NopCloser{Writer: b}, nil
	}
	return nil, nil
}

// treeOf is the module tree of a path, nil if there is none.
func (s *Sink) treeOf(p string) *moduleTree {
	version, ok := moduleFolder(p)
	if !ok {
		return nil
	}
	return s.folders[version]
}

// module returns the reader of a module, nil if the module is not read.
func (s *Sink) module(p string, size int64) io.WriteCloser {
	t := s.treeOf(p)
	if t == nil {
		return nil
	}
	m := &module{tree: t, own: ownModule(p)}
	if strings.HasSuffix(p, ".ko") {
		return m
	}
	if s.packed >= maxPacked || size > maxModule {
		return nil
	}
	s.packed++
	return &packedModule{to: m}
}

// Finish implements system.Sink.
func (s *Sink) Finish() error {
	if s.sum != nil {
		s.digest = digests.Sum(s.sum)
	}
	return nil
}

// Close frees all resources.
func (s *Sink) Close() error {
	if s.image == nil {
		return nil
	}
	f := s.image
	s.image = nil
	return f.Close()
}

func (s *Sink) keepBinary(e *system.Entry) (io.WriteCloser, error) {
	if e.Size > maxBinary {
		return nil, fmt.Errorf("kernel %s has %d bytes, which is more than %d MiB", e.Path, e.Size, maxBinary>>20)
	}
	f, err := atomicfile.Unlinked(s.dir)
	if err != nil {
		return nil, err
	}
	s.image, s.sum = f, sha256.New()
	return system.NopCloser{Writer: io.MultiWriter(f, s.sum)}, nil
}

// Result is what was found about a kernel.
type Result struct {
	facts.Kernel
	// Binary is the kernel's path in the tree, Digest its digest.
	Binary, Digest string
	// Owned are the paths of the kernel's files. Evidence are those of them that say from
	// what the kernel was compiled.
	Owned, Evidence []string
}

// evidence are the files beside a kernel that `component build` compiled.
var evidence = []string{"/kernel.build.json", "/kernel.code", "/kernel.sources"}

// Read returns the results after the pass.
func (s *Sink) Read() (*Result, error) {
	k := facts.Kernel{Present: true, Modules: []string{}, Config: facts.KernelConfig{Options: map[string]string{}}}
	for m := range s.modules {
		k.Modules = append(k.Modules, m)
	}
	slices.Sort(k.Modules)
	if s.image == nil {
		return nil, fmt.Errorf("there is no kernel at %q, or it is a link", strings.TrimPrefix(s.binary, "/"))
	}
	if _, err := s.image.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var notes []string
	done := turns.Take() // the window of a compressed kernel can have 32 MiB, or more
	img, err := readImage(s.image, s.wanted()...)
	done()
	if err != nil {
		notes = append(notes, "the kernel cannot be read: "+err.Error())
	}
	if img == nil {
		img = &image{}
	}
	folders := sorted(s.folders)
	k.Version = img.version()
	if k.Version == "" && len(folders) == 1 {
		k.Version = folders[0]
	}
	file, config, bad := s.pick(k.Version)
	notes = append(notes, bad...)
	switch {
	case img.config != nil:
		// A configuration inside the kernel belongs to it. A file beside the
		// kernel is a claim. So is a configuration in another kind of EFI
		// program, because it is unknown which kernel that program boots.
		k.Config = img.config.facts("ikconfig")
		if img.format == "" && img.efi {
			k.Config = img.config.facts(show(s.binary))
			k.Config.Claim, k.Config.Confirmed = true, []string{}
		}
		notes = append(notes, s.doubts(img, k.Version, img.config, &k.Config)...)
	case config != nil:
		k.Config = config.facts(file)
		k.Config.Claim, k.Config.Confirmed = true, []string{}
		notes = append(notes, s.doubts(img, k.Version, config, &k.Config)...)
	}
	notes = append(notes, img.doubts...)
	notes = append(notes, mismatches(img, k.Version, folders, file, config)...)
	k.Config.Mismatch = strings.Join(notes, "; ")

	res := &Result{Kernel: k, Binary: s.binary, Digest: s.digest, Owned: []string{s.binary}}
	for p := range s.configs {
		res.Owned = append(res.Owned, p)
	}
	for _, p := range s.tree.Paths() {
		if _, ok := moduleFolder(p); ok && s.tree.Get(p).Type != system.TypeDir {
			res.Owned = append(res.Owned, p)
		}
	}
	for _, p := range evidence {
		if e := s.tree.Get(p); e != nil && e.Type == system.TypeFile {
			res.Owned, res.Evidence = append(res.Owned, p), append(res.Evidence, p)
		}
	}
	slices.Sort(res.Owned)
	return res, nil
}

// doubts lists contradictions between a configuration, the kernel and its
// modules. A claim gets the options that the kernel confirms.
func (s *Sink) doubts(img *image, version string, config *parsed, k *facts.KernelConfig) []string {
	out, confirmed := img.contradictions(config)
	if k.Claim {
		k.Confirmed = append(k.Confirmed, confirmed...)
	}
	t := s.folders[version]
	if t == nil || config.fragment() {
		return out
	}
	return append(out, t.contradictions(version, config)...)
}

// wanted are texts that the kernel contains if a configuration beside it
// belongs to it.
func (s *Sink) wanted() (out []string) {
	for _, p := range sorted(s.configs) {
		if c, err := s.config(p); err == nil {
			out = append(out, wants(c)...)
		}
	}
	return out
}

// pick chooses a configuration file: one with the kernel's version in its name,
// or else the one in the most usual place.
func (s *Sink) pick(version string) (file string, config *parsed, notes []string) {
	var paths []string
	for p := range s.configs {
		paths = append(paths, p)
	}
	slices.SortFunc(paths, func(a, b string) int {
		if va, vb := named(a, version), named(b, version); va != vb {
			if va {
				return -1
			}
			return 1
		}
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, p := range paths {
		c, err := s.config(p)
		switch {
		case errors.Is(err, ErrNoConfig):
			continue // another kind of file with that name
		case err != nil:
			notes = append(notes, fmt.Sprintf("%s: %v", show(p), err))
		case config == nil:
			file, config = show(p), c
		}
	}
	return file, config, notes
}

// config reads a configuration file.
func (s *Sink) config(p string) (*parsed, error) {
	text := io.Reader(bytes.NewReader(s.configs[p].Bytes()))
	if compression(s.configs[p].Bytes()) == "gzip" {
		z, err := decompressor("gzip", text)
		if err != nil {
			return nil, err
		}
		text = z
	}
	return parseConfig(text)
}

// show is a path as in findings: without the leading slash.
func show(p string) string { return strings.TrimPrefix(p, "/") }

// named reports whether the path has the kernel's version as its folder or at
// its end.
func named(p, version string) bool {
	return version != "" && (strings.HasSuffix(p, "-"+version) || strings.Contains(p, "/"+version+"/"))
}

// rank orders the usual places of a kernel's configuration in images, best
// first; -1 for other paths. It ignores the name of a nested tarball.
func rank(p string) int {
	if _, inner, ok := strings.Cut(p, tree.ArchiveMark+"/"); ok {
		p = "/" + inner
	}
	dir, base := path.Split(p)
	switch {
	case dir == "/" && slices.Contains([]string{"config", "kernel-config", "kernel_config", "kernel.config", ".config"}, strings.TrimSuffix(base, ".gz")):
		return 0
	case (dir == "/boot/" || dir == "/") && (strings.HasPrefix(base, "config-") || dir == "/boot/" && base == "config"):
		return 1
	case base == "config" || base == "config.gz":
		if _, ok := moduleFolder(p); ok {
			return 2
		}
		if ok, _ := path.Match("/usr/src/linux-headers-*/.config", dir+".config"); ok {
			return 3
		}
	}
	return -1
}

// moduleFolder is the kernel version in a path of lib/modules/VERSION/.
func moduleFolder(p string) (version string, ok bool) {
	_, rest, ok := strings.Cut(p, "/lib/modules/")
	if !ok {
		return "", false
	}
	version, inside, ok := strings.Cut(rest, "/")
	return version, ok && isVersion(version) && inside != ""
}

// ownModule reports whether a module was built with the kernel, and not added
// to it (in extra/ or updates/).
func ownModule(p string) bool {
	_, inside, _ := strings.Cut(p, "/lib/modules/")
	_, inside, _ = strings.Cut(inside, "/")
	return strings.HasPrefix(inside, "kernel/")
}

// moduleName is a module's name in the kernel's form: with underscores.
func moduleName(p string) string {
	base := path.Base(p)
	for _, suffix := range []string{".ko", ".ko.xz", ".ko.gz", ".ko.zst"} {
		if name, ok := strings.CutSuffix(base, suffix); ok {
			return strings.ReplaceAll(name, "-", "_")
		}
	}
	return ""
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
