package image

import (
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// archivedFile is a file in the archive. off is the offset of its content in
// the uncompressed stretch.
type archivedFile struct {
	e   *system.Entry
	off int64
}

// link is a hard link. It is written at the end of the stretch.
type link struct {
	path   string
	target *archivedFile
}

// writeLinks writes the hard links of the current stretch. In cpio, the header
// of a file holds its number of links, but a stream does not know it in
// advance. So the links to one file become a second file with the same content,
// which is read back.
func (k *kernelInitrd) writeLinks() error {
	if len(k.links) == 0 {
		return nil
	}
	slices.SortStableFunc(k.links, func(a, b link) int {
		switch {
		case a.target.off < b.target.off:
			return -1
		case a.target.off > b.target.off:
			return 1
		}
		return strings.Compare(a.path, b.path)
	})
	r, err := k.readBack()
	if err != nil {
		return err
	}
	defer r.Close()
	pos := int64(0)
	for i := 0; i < len(k.links); {
		first := k.links[i]
		n := i
		for n < len(k.links) && k.links[n].target == first.target {
			n++
		}
		if _, err := io.CopyN(io.Discard, r, first.target.off-pos); err != nil {
			return err
		}
		if err := k.writeGroup(k.links[i:n], r); err != nil {
			return err
		}
		pos = first.target.off + first.target.e.Size
		i = n
	}
	k.links = nil
	return nil
}

// writeGroup writes the links to one file. Each link gets the file's metadata.
// The headers of the links in the image are ignored.
func (k *kernelInitrd) writeGroup(group []link, r io.Reader) error {
	ino := k.cpio.next()
	for i, l := range group {
		e := *l.target.e
		e.Path = l.path
		if i > 0 {
			e.Size = 0
		}
		if err := k.cpio.header(&e, ino, uint32(len(group))); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		w := content{&k.cpio}
		if _, err := io.CopyN(w, r, e.Size); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}
