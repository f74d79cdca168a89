package ocitest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
)

// Entry is one object of a layer. Path and Link are written unchanged.
type Entry struct {
	Path string
	// Type is the type of a tar entry (tar.TypeDir); zero is a file.
	Type byte
	// Mode: zero is 0755 for folders, 0777 for symlinks, else 0644.
	Mode               uint32
	UID, GID           int
	Content            string
	Link               string
	DevMajor, DevMinor int64
	Xattrs             map[string]string
	// Tar, if it is not nil, makes the content an uncompressed tar of these
	// entries (kernel.tar).
	Tar []Entry
	// Typeflag, if it is not 0, is written instead of that of Type.
	Typeflag byte
}

// Dir, File, Symlink, Hardlink and Device make the usual entries; File's mode
// is 0644, Exec's 0755.
func Dir(p string) Entry              { return Entry{Path: p, Type: tar.TypeDir} }
func File(p, content string) Entry    { return Entry{Path: p, Type: tar.TypeReg, Content: content} }
func Exec(p, content string) Entry    { return Entry{Path: p, Mode: 0o755, Content: content} }
func Symlink(p, target string) Entry  { return Entry{Path: p, Type: tar.TypeSymlink, Link: target} }
func Hardlink(p, target string) Entry { return Entry{Path: p, Type: tar.TypeLink, Link: target} }
func Device(p string, major, minor int64) Entry {
	return Entry{Path: p, Type: tar.TypeChar, DevMajor: major, DevMinor: minor}
}

// Whiteout hides p of lower layers. Opaque hides the content of folder p of lower
// layers.
func Whiteout(p string) Entry {
	dir, base := path.Split(p)
	return Entry{Path: dir + ".wh." + base}
}
func Opaque(p string) Entry { return Entry{Path: p + "/.wh..wh..opq"} }

// Tarball is a file whose content is a tar of entries.
func Tarball(p string, entries ...Entry) Entry {
	return Entry{Path: p, Tar: append([]Entry{}, entries...)}
}

// Tar writes entries as a tar archive with all times zero.
func Tar(entries []Entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		content := []byte(e.Content)
		if e.Tar != nil {
			content = Tar(e.Tar)
		}
		h := e.header(int64(len(content)))
		must(w.WriteHeader(h))
		if h.Size > 0 {
			_, err := w.Write(content)
			must(err)
		}
	}
	must(w.Close())
	return b.Bytes()
}

func (e Entry) header(size int64) *tar.Header {
	h := &tar.Header{Name: e.Path, Linkname: e.Link, Mode: int64(e.Mode), Uid: e.UID, Gid: e.GID,
		Devmajor: e.DevMajor, Devminor: e.DevMinor}
	mode := int64(0o644)
	h.Typeflag = e.Type
	switch e.Type {
	case tar.TypeDir:
		mode = 0o755
	case tar.TypeSymlink:
		mode = 0o777
	case tar.TypeLink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		h.Typeflag, h.Size = tar.TypeReg, size
	}
	if h.Mode == 0 {
		h.Mode = mode
	}
	if e.Typeflag != 0 {
		h.Typeflag = e.Typeflag
	}
	for _, k := range slices.Sorted(maps.Keys(e.Xattrs)) {
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+k] = e.Xattrs[k]
	}
	return h
}

// must stops a test if its image cannot be written.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("ocitest: %v", err))
	}
}
