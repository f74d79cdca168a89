package inspect

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// EachEntry receives the entries of a file system or an archive, in its order. Paths
// are clean and relative. An archive can have one path twice, and entries below a
// link; the caller decides what they mean. body gives the content of a file, and is
// valid during the call.
type EachEntry func(e *system.Entry, body io.Reader) error

// maxEntryCount bounds the entries of a file system: a damaged one can form a circle.
const maxEntryCount = 4 << 20

// Listable reports whether Entries can read the files of a kind.
func Listable(kind string) bool {
	switch kind {
	case "initrd", "tar", "squashfs", "ext":
		return true
	}
	return false
}

// Entries reads the files of an item that Options.Visit has received.
func Entries(it *Item, s *io.SectionReader, each EachEntry) error {
	left := maxEntryCount
	counted := func(e *system.Entry, body io.Reader) error {
		if left--; left < 0 {
			return fmt.Errorf("there are more than %d entries", maxEntryCount)
		}
		return each(e, body)
	}
	w := newWalker(Options{})
	switch it.Kind {
	case "initrd":
		return w.initrdEntries(s, counted)
	case "tar":
		return tarEntries(s, counted)
	case "squashfs":
		return squashfsEntries(s, counted)
	case "ext":
		return w.extEntries(s, counted)
	}
	return fmt.Errorf("files of %s are not read", it.Kind)
}

// initrdEntries reads archives one after the other, as the kernel does.
func (w *walker) initrdEntries(s *io.SectionReader, each EachEntry) error {
	for at, n := int64(0), 0; at < s.Size(); n++ {
		rest := part(s, at, s.Size())
		head, _ := read(rest, 0, int(min(rest.Size(), 8)))
		archive := &cpioReader{w: w, it: &Item{}, links: map[string]string{}, number: n, each: each}
		if c := compressionOf(head); c != nil {
			r, err := c.reader(rest)
			if err != nil {
				return err
			}
			defer r.Close()
			return errors.Join(archive.read(w.count(r)), archive.flush())
		}
		if !isCPIO(head) {
			return fmt.Errorf("%d bytes at byte %d are not understood", rest.Size(), at)
		}
		if err := errors.Join(archive.read(w.count(rest)), archive.flush()); err != nil {
			return err
		}
		at += archive.at
	}
	return nil
}

// cpioTypes are the types of entries by the bits of the mode.
var cpioTypes = map[int64]system.EntryType{
	0o100000: system.TypeFile, 0o040000: system.TypeDir, 0o120000: system.TypeSymlink, 0o020000: system.TypeChar, 0o060000: system.TypeBlock, 0o010000: system.TypeFifo,
}

// device is the major and the minor number of a device, in the kernel's form of 32 bits.
func device(n uint32) (major, minor int64) {
	return int64(n >> 8 & 0xfff), int64(n&0xff | n>>12&0xfff00)
}

const maxLink = 4096

// pass gives an entry of an archive to each. Of the names of a file with several
// names, often only the last has the content. The others wait for it.
func (c *cpioReader) pass(name string, field func(int) (int64, error), length int64, body io.Reader) error {
	var v [11]int64
	for i := range v {
		v[i], _ = field(i) // entry has checked the size, and other damage gives a wrong number
	}
	e := &system.Entry{Path: clean(name), Type: cpioTypes[v[1]&0o170000], Mode: uint32(v[1] & 0o7777), UID: int(v[2]), GID: int(v[3]), DevMajor: v[9], DevMinor: v[10]}
	if e.Path == "" || e.Type == 0 { // the root, and sockets
		return nil
	}
	switch e.Type {
	case system.TypeFile:
		e.Size = length
		if v[4] < 2 {
			break
		}
		id := fmt.Sprint(c.number, v[0], v[7], v[8])
		switch first := c.links[id]; {
		case length > 0:
			c.links[id] = e.Path
			if err := c.each(e, body); err != nil {
				return err
			}
			return c.linked(e.Path, id)
		case first != "":
			e.Type, e.Link = system.TypeHardlink, first
		default:
			c.waiting = append(c.waiting, waiting{id, e})
			return nil
		}
	case system.TypeSymlink:
		if length > maxLink {
			return fmt.Errorf("the link %s has %d bytes", e.Path, length)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		e.Link = strings.TrimRight(string(b), "\x00")
	}
	return c.each(e, body)
}

// waiting is a name of a file whose content comes later.
type waiting struct {
	id string
	e  *system.Entry
}

// linked gives the names that waited for a file.
func (c *cpioReader) linked(first, id string) error {
	rest := c.waiting[:0]
	for _, w := range c.waiting {
		if w.id != id {
			rest = append(rest, w)
			continue
		}
		w.e.Type, w.e.Link = system.TypeHardlink, first
		if err := c.each(w.e, nil); err != nil {
			return err
		}
	}
	c.waiting = rest
	return nil
}

// flush gives the files that have several names and no content.
func (c *cpioReader) flush() error {
	for len(c.waiting) > 0 {
		w := c.waiting[0]
		c.waiting = c.waiting[1:]
		if err := c.each(w.e, strings.NewReader("")); err != nil {
			return err
		}
		if err := c.linked(w.e.Path, w.id); err != nil {
			return err
		}
	}
	return nil
}

var tarTypes = map[byte]system.EntryType{
	tar.TypeReg: system.TypeFile, tar.TypeDir: system.TypeDir, tar.TypeSymlink: system.TypeSymlink, tar.TypeLink: system.TypeHardlink,
	tar.TypeChar: system.TypeChar, tar.TypeBlock: system.TypeBlock, tar.TypeFifo: system.TypeFifo,
}

func tarEntries(s *io.SectionReader, each EachEntry) error {
	tr := tar.NewReader(bufio.NewReaderSize(io.NewSectionReader(s, 0, s.Size()), 256<<10))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		e := &system.Entry{Path: clean(h.Name), Type: tarTypes[h.Typeflag], Mode: uint32(h.Mode & 0o7777), UID: h.Uid, GID: h.Gid, Link: h.Linkname, DevMajor: h.Devmajor, DevMinor: h.Devminor}
		switch {
		case e.Path == "":
			continue
		case e.Type == 0:
			return fmt.Errorf("%s has the unknown type %q", e.Path, h.Typeflag)
		case e.Type == system.TypeFile:
			e.Size = h.Size
		case e.Type == system.TypeHardlink:
			e.Link = clean(h.Linkname)
		}
		for name, value := range h.PAXRecords {
			if attr, ok := strings.CutPrefix(name, "SCHILY.xattr."); ok {
				if e.Xattrs == nil {
					e.Xattrs = map[string]string{}
				}
				e.Xattrs[attr] = value
			}
		}
		if err := each(e, tr); err != nil {
			return err
		}
	}
}
