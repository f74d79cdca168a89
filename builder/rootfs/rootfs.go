// Package rootfs lays out a system. It turns the passes over component images,
// the specs and the files section into one ordered stream of file entries, in
// LinuxKit's tree. Parent folders come first. Each path comes once. No image
// can write outside its own folder.
//
// Several sources can have the same path of /. The first entry in the stream
// wins. The order is: files section, kernel, init images from last to first. So
// a later init image replaces files of an earlier one. The kernel's tarball and
// the init images may share folders, but not files.
package rootfs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/whence"
)

// Out receives the system's entries in order. Entry follows the contract of
// system.Sink: a returned writer gets exactly Size bytes, and is closed before
// the next call.
type Out interface {
	Entry(*system.RootEntry) (io.WriteCloser, error)
}

// Tree lays out one system into an Out. Call Begin, then get a Sink for each
// component of Passes in that order and fill it, then call End.
type Tree struct {
	os  *system.OS
	out Out
	// root holds the type of each path of / that the files section, the kernel
	// or an init image has written.
	root map[string]written
	// apk holds lib/apk/db/installed of the init images, by index.
	apk map[int][]byte
	// volumes holds the files that the files section adds, by volume name and
	// path.
	volumes map[string]map[string]*system.File
	links   *Links
	// made holds the digests of the small files that the builder makes, by path, and
	// blobs those of volumes with an OCI layout, by component and path in the volume.
	made  map[string]whence.Digest
	blobs map[string]map[string]whence.Digest
	// failed is an error that a second layout may avoid.
	failed error
	// current is the component whose pass runs. displaced holds files that its
	// hard links may need.
	current   *system.Component
	displaced *displaced
	tempDir   string
}

// written says what is at a path and which component wrote it.
type written struct {
	typ       system.EntryType
	component string
	// implicit: the folder was made only because a file of the files section
	// needs it.
	implicit bool
}

// New returns a tree. A second layout of the same system must get the Links of
// the first one. tempDir is the folder for temporary files; "" means the
// system's default.
func New(os *system.OS, out Out, links *Links, tempDir string) *Tree {
	t := &Tree{os: os, out: out, root: map[string]written{}, apk: map[int][]byte{}, volumes: map[string]map[string]*system.File{},
		links: links, tempDir: tempDir, made: map[string]whence.Digest{}, blobs: map[string]map[string]whence.Digest{}}
	for _, c := range os.InSection(system.SectionVolumes) {
		t.volumes[c.Name] = map[string]*system.File{}
	}
	return t
}

// Passes returns the components whose image must be read, in the order in which
// their sinks must be filled: first the sources of /, then volumes, and then small
// containers before large ones. A compressor then finds what small ones have in common.
func Passes(os *system.OS) []*system.Component {
	var out []*system.Component
	if k := os.Kernel.Component; k != nil {
		out = append(out, k)
	}
	inits := os.InSection(system.SectionInit)
	for i := len(inits) - 1; i >= 0; i-- {
		out = append(out, inits[i])
	}
	for _, c := range os.Components {
		switch c.Section {
		case system.SectionKernel, system.SectionInit:
			continue
		}
		if c.Image == nil || c.SharesFiles || (c.Volume != nil && c.Volume.Format == "oci") {
			continue
		}
		out = append(out, c)
	}
	rank := func(c *system.Component) int {
		switch {
		case !own(c):
			return 0
		case isSmall(c):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b *system.Component) int { return rank(a) - rank(b) })
	return out
}

// Begin writes the files section and the kernel command line.
func (t *Tree) Begin() error {
	if err := t.writeFiles(); err != nil {
		return err
	}
	if t.os.Kernel.Component == nil {
		return nil
	}
	if err := t.dir("boot", 0o755); err != nil {
		return err
	}
	return t.content("boot/cmdline", 0o644, []byte(t.os.Kernel.Cmdline), "")
}

// End writes the rest after the last pass: the specs of containers that share
// the files of another one, empty volumes, and the package database of the init
// images. It returns ErrAgain if the system must be laid out again.
func (t *Tree) End() error {
	t.displaced.close()
	if t.links.resolve() {
		return ErrAgain
	}
	if t.failed != nil {
		return t.failed
	}
	for _, c := range t.os.Components {
		switch c.Section {
		case system.SectionKernel, system.SectionInit:
			continue
		}
		if c.SharesFiles || c.Image == nil {
			if err := errors.Join(t.componentDir(c), t.volumeFiles(c)); err != nil {
				return err
			}
		}
	}
	return t.writeAPK()
}

// componentDir writes a component's own folder, its specs and the folders next
// to its files.
func (t *Tree) componentDir(c *system.Component) error {
	if err := errors.Join(t.Above(c), t.dir(c.Dir, 0o755)); err != nil {
		return err
	}
	var dirs []string
	if c.Section == system.SectionVolumes {
		dirs = []string{"lower", "merged"}
	} else {
		for _, f := range []struct {
			name string
			data []byte
		}{{"config.json", c.Spec}, {"runtime.json", c.Runtime}} {
			if err := t.content(c.Dir+"/"+f.name, 0o644, f.data, c.ID()); err != nil {
				return err
			}
		}
		dirs = []string{"rootfs"}
		if !c.SharesFiles && c.FilesDir != "" {
			dirs = append(dirs, path.Base(c.FilesDir))
		}
	}
	if !c.ReadOnly {
		dirs = append(dirs, "tmp")
	}
	for _, d := range dirs {
		p, owner := c.Dir+"/"+d, 0
		if p == c.FilesDir {
			owner = int(c.Users) // root of the container
		}
		if err := t.dirOf(p, 0o755, owner); err != nil {
			return err
		}
	}
	return nil
}

// dir writes a folder that the builder makes itself, unless the folder exists.
func (t *Tree) dir(p string, mode uint32) error { return t.dirOf(p, mode, 0) }

// dirOf is dir for a folder of another owner than root.
func (t *Tree) dirOf(p string, mode uint32, owner int) error {
	if _, ok := t.root[p]; ok {
		return nil
	}
	t.root[p] = written{typ: system.TypeDir}
	_, err := t.out.Entry(&system.RootEntry{Entry: system.Entry{Path: p, Type: system.TypeDir, Mode: mode, UID: owner, GID: owner}})
	return err
}

// content writes a small file from memory.
func (t *Tree) content(p string, mode uint32, data []byte, component string) error {
	if w, ok := t.root[p]; ok {
		return fmt.Errorf("%s is a duplicate: %s has already written it", p, w.by())
	}
	t.root[p] = written{typ: system.TypeFile, component: component}
	t.made[p] = sha256.Sum256(data)
	return t.send(&system.RootEntry{
		Entry:     system.Entry{Path: p, Type: system.TypeFile, Mode: mode, Size: int64(len(data))},
		Component: component,
	}, strings.NewReader(string(data)))
}

// send writes one file and its content.
func (t *Tree) send(e *system.RootEntry, r io.Reader) error {
	w, err := t.out.Entry(e)
	if err != nil || w == nil {
		return err
	}
	n, err := io.Copy(w, r)
	if err == nil && n != e.Size {
		err = fmt.Errorf("%s: %d bytes, expected %d", e.Path, n, e.Size)
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

func (w written) by() string {
	if w.component == "" {
		return "the builder"
	}
	return w.component
}
