package rootfs

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// filesComponent is the component of entries from the files section.
const filesComponent = "files"

// writeFiles writes the files section. A missing parent folder gets the owner
// and the mode of the first file that needs it. The mode also gets x for user,
// group or other if that class has any permission. This is LinuxKit's rule. We
// keep it because the folder never allows more than the file.
func (t *Tree) writeFiles() error {
	var files []*system.File
	for i := range t.os.Files {
		f := &t.os.Files[i]
		volume := t.volumes[system.InVolume(f.Path)]
		if volume == nil {
			if err := placeAllowed(f); err != nil {
				return err
			}
			files = append(files, t.followLinks(f))
			continue
		}
		volume[f.Path] = f
	}
	return t.write(files)
}

// followLinks returns f with the path that the links of other sources lead to.
// If f is a folder and the last part of its path is such a link, f becomes the
// folder that the link leads to.
func (t *Tree) followLinks(f *system.File) *system.File {
	p := t.links.place(f.Path)
	if f.Type == system.TypeDir && t.links.merged(p) {
		p = t.links.to[p]
	}
	if p == f.Path {
		return f
	}
	moved := *f
	moved.Path = p
	return &moved
}

// write writes the files in their order, and their parent folders.
func (t *Tree) write(files []*system.File) error {
	explicit := map[string]*system.File{}
	for _, f := range files {
		if f.Type == system.TypeDir {
			explicit[f.Path] = f
		}
	}
	for _, f := range files {
		if ok, err := t.writeParents(f, explicit); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := t.writeFile(f); err != nil {
			return err
		}
	}
	return nil
}

// writeParents writes the missing parent folders of f. It reports whether f can
// be written.
func (t *Tree) writeParents(f *system.File, explicit map[string]*system.File) (bool, error) {
	for _, dir := range parents(f.Path) {
		d, named := explicit[dir]
		e := &system.RootEntry{Component: filesComponent, Entry: system.Entry{
			Path: dir, Type: system.TypeDir, Mode: searchable(f.Mode), UID: f.UID, GID: f.GID}}
		switch {
		case named:
			e.Mode, e.UID, e.GID = d.Mode, d.UID, d.GID
		case t.links.isTarget(dir):
			e.Entry = t.links.folder(dir)
		}
		t.links.note(&e.Entry, !named)
		if w, ok := t.root[dir]; ok {
			if w.typ != system.TypeDir {
				return false, t.deferError(dir, fileError(f, fmt.Sprintf("files: %s is below %s, which is a %s", f.Path, dir, w.typ)))
			}
			continue
		}
		if _, err := t.out.Entry(e); err != nil {
			return false, err
		}
		t.root[dir] = written{typ: system.TypeDir, component: filesComponent, implicit: !named}
	}
	return true, nil
}

// volumeFiles writes the files that os.yml adds to volume c. They replace files
// of the volume's image.
func (t *Tree) volumeFiles(c *system.Component) error {
	var files []*system.File
	for i := range t.os.Files {
		if f := &t.os.Files[i]; t.added(c)[f.Path] == f {
			files = append(files, f)
		}
	}
	return t.write(files)
}

// added returns the files that os.yml adds to volume c, by path. It is nil if c
// is not a volume.
func (t *Tree) added(c *system.Component) map[string]*system.File {
	if c.Section != system.SectionVolumes {
		return nil
	}
	return t.volumes[c.Name]
}

func (t *Tree) writeFile(f *system.File) error {
	e := &system.RootEntry{Component: filesComponent, Entry: system.Entry{
		Path: f.Path, Type: f.Type, Mode: f.Mode, UID: f.UID, GID: f.GID, Link: f.Link}}
	t.links.note(&e.Entry, false)
	if w, ok := t.root[f.Path]; ok {
		if w.typ == system.TypeDir && f.Type == system.TypeDir {
			return nil // it was written as a parent folder, with its own mode
		}
		return t.deferError(f.Path, fileError(f, fmt.Sprintf("files: %s is already a %s, written by %s", f.Path, w.typ, w.by())))
	}
	t.root[f.Path] = written{typ: f.Type, component: filesComponent}
	if f.Type != system.TypeFile {
		_, err := t.out.Entry(e)
		return err
	}
	e.Size = f.Size
	if f.Source == "" {
		return t.send(e, bytes.NewReader(f.Contents))
	}
	src, err := os.Open(f.Source)
	if err != nil {
		return system.Unusable("files: %s", f.SourceText).At(f.Pos).Because(err)
	}
	defer src.Close()
	h := sha256.New()
	if err := t.send(e, io.TeeReader(io.LimitReader(src, f.Size+1), h)); err != nil {
		return fileError(f, fmt.Sprintf("files: %s changed while the system was built: %v", f.SourceText, err))
	}
	if got := digests.Sum(h); f.Digest != "" && got != f.Digest {
		return fileError(f, fmt.Sprintf("files: %s changed while the system was built", f.SourceText))
	}
	return nil
}

// placeAllowed returns an error for a path where a file would replace what the
// policy has evaluated: a container's spec or the boot files.
func placeAllowed(f *system.File) error {
	switch place := system.Reserved(f.Path); {
	case place == "containers":
		return fileError(f, fmt.Sprintf("files: %s would change a component after the policy evaluated it", f.Path))
	case place != "" || f.Path == "boot" && f.Type != system.TypeDir:
		return fileError(f, fmt.Sprintf("files: only the kernel section writes %s", f.Path))
	}
	return nil
}

func fileError(f *system.File, what string) error {
	return system.BadInput("%s", what).At(f.Pos)
}

// searchable adds x to user, group and other if that class has any permission.
func searchable(mode uint32) uint32 {
	mode &= 0o777
	for shift := 0; shift <= 6; shift += 3 {
		if mode>>shift&7 != 0 {
			mode |= 1 << shift
		}
	}
	return mode
}

// parents returns the parent folders of p, outermost first.
func parents(p string) []string {
	var out []string
	for d := path.Dir(p); d != "."; d = path.Dir(d) {
		out = append(out, d)
	}
	slices.Reverse(out)
	return out
}
