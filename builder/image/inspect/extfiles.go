package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// extTree reads all files of an ext file system.
type extTree struct {
	*ext
	each EachEntry
	// count bounds the bytes of all files: a few blocks can say that they are any
	// number of bytes.
	count func(io.Reader) io.Reader
	// names has the first name of a file with several names, by inode.
	names map[uint32]string
	// folders are those that were read: a folder has one name.
	folders map[uint32]bool
	depth   int
}

func (w *walker) extEntries(s *io.SectionReader, each EachEntry) error {
	b, err := read(s, 1024, extSuper)
	if err != nil {
		return err
	}
	f, err := extOf(s, b)
	if err != nil {
		return err
	}
	t := &extTree{ext: f, each: each, count: w.count, names: map[uint32]string{}, folders: map[uint32]bool{}}
	return t.folder("", extRoot)
}

func (t *extTree) folder(path string, number uint32) error {
	if t.depth++; t.depth > maxFolderDepth {
		return fmt.Errorf("folders are nested deeper than %d", maxFolderDepth)
	}
	defer func() { t.depth-- }()
	if t.folders[number] {
		return fmt.Errorf("folder /%s is there twice", path)
	}
	t.folders[number] = true
	dir, err := t.inode(number)
	if err != nil {
		return fmt.Errorf("/%s: %w", path, err)
	}
	if !dir.folder() {
		return fmt.Errorf("/%s is not a folder", path)
	}
	type child struct {
		name   string
		number uint32
	}
	var list []child
	if err := t.ext.each(dir, func(name string, number uint32) bool {
		list = append(list, child{name, number})
		return true
	}); err != nil {
		return fmt.Errorf("/%s: %w", path, err)
	}
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.name] {
			return fmt.Errorf("/%s has the name %q twice", path, c.name)
		}
		seen[c.name] = true
		if err := t.entry(clean(path+"/"+c.name), c.number); err != nil {
			return err
		}
	}
	return nil
}

func (t *extTree) entry(path string, number uint32) error {
	fail := func(err error) error { return fmt.Errorf("/%s: %w", path, err) }
	i, err := t.inode(number)
	if err != nil {
		return fail(err)
	}
	e := &system.Entry{Path: path, Type: cpioTypes[int64(i.mode&extType)], Mode: uint32(i.mode & 0o7777), UID: i.uid, GID: i.gid}
	if e.Xattrs, err = t.attributes(i); err != nil {
		return fail(err)
	}
	switch e.Type {
	case 0: // a socket
		if i.mode&extType != 0o140000 {
			return fail(fmt.Errorf("its type is not known (mode %o)", i.mode))
		}
		return nil
	case system.TypeDir:
		if err := t.each(e, nil); err != nil {
			return err
		}
		return t.folder(path, number)
	case system.TypeSymlink:
		if e.Link, err = t.link(i); err != nil {
			return fail(err)
		}
	case system.TypeBlock, system.TypeChar:
		le := binary.LittleEndian
		if dev := le.Uint32(i.places); dev != 0 {
			e.DevMajor, e.DevMinor = int64(dev>>8&0xff), int64(dev&0xff)
		} else {
			e.DevMajor, e.DevMinor = device(le.Uint32(i.places[4:]))
		}
	case system.TypeFile:
		if first, again := t.names[number]; again {
			e.Type, e.Link = system.TypeHardlink, first
			return t.each(e, nil)
		}
		t.names[number] = path
		e.Size = i.size
		return t.each(e, t.count(&extContent{f: t.ext, i: i}))
	}
	return t.each(e, nil)
}

// link is the target of a symbolic link. A short one is in the inode.
func (t *extTree) link(i *extInode) (string, error) {
	sectors := i.sectors
	if i.attributes != 0 {
		sectors -= t.block / 512
	}
	if sectors > 0 {
		b, err := t.bytes(i, maxLink)
		return string(b), err
	}
	if i.size >= extPlaces {
		return "", fmt.Errorf("the link has %d bytes", i.size)
	}
	return string(i.places[:i.size]), nil
}

const extAttrMagic = 0xea020000

// extAttrPrefixes are the beginnings of names of extended attributes.
var extAttrPrefixes = map[byte]string{1: "user.", 2: extACL, 3: extDefaultACL, 4: "trusted.", 6: "security.", 7: "system."}

const (
	extACL        = "system.posix_acl_access"
	extDefaultACL = "system.posix_acl_default"
)

// attributes reads the extended attributes of a file: in its inode, and in a block.
func (t *extTree) attributes(i *extInode) (map[string]string, error) {
	if i.ownAttrs == nil && i.attributes == 0 {
		return nil, nil
	}
	out := map[string]string{}
	if err := attributesIn(out, i.ownAttrs, i.ownAttrs); err != nil || i.attributes == 0 {
		return out, err
	}
	at, err := t.at(uint64(i.attributes))
	if err != nil {
		return nil, err
	}
	b, err := read(t.s, at, int(t.block))
	if err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(b) != extAttrMagic {
		return nil, errors.New("the block of its extended attributes is damaged")
	}
	return out, attributesIn(out, b[32:], b)
}

// attributesIn reads a list of extended attributes. Places of values count from the begin
// of values.
func attributesIn(out map[string]string, list, values []byte) error {
	le := binary.LittleEndian
	bad := errors.New("its extended attributes are damaged")
	for len(list) >= 4 && le.Uint32(list) != 0 {
		if len(list) < 16 || 16+int(list[0]) > len(list) {
			return bad
		}
		prefix, known := extAttrPrefixes[list[1]]
		name := prefix + string(list[16:][:list[0]])
		at, size := int64(le.Uint16(list[2:])), int64(le.Uint32(list[8:]))
		switch {
		case !known:
			return fmt.Errorf("an extended attribute has the unknown kind %d", list[1])
		case le.Uint32(list[4:]) != 0:
			return fmt.Errorf("the value of the extended attribute %q is in another file, which is not read", name)
		case at+size > int64(len(values)):
			return bad
		}
		value := string(values[at:][:size])
		if name == extACL || name == extDefaultACL {
			var err error
			if value, err = extList(value); err != nil {
				return err
			}
		}
		if _, twice := out[name]; twice {
			return fmt.Errorf("the extended attribute %q is there twice", name)
		}
		out[name] = value
		list = list[min((16+int(list[0])+3)&^3, len(list)):]
	}
	return nil
}

// extList is an access control list as programs read it (linux/posix_acl_xattr.h). In the
// file system, entries without a user or a group are shorter.
func extList(stored string) (string, error) {
	le := binary.LittleEndian
	bad := errors.New("its access control list is damaged")
	b := []byte(stored)
	if len(b) < 4 || le.Uint32(b) != 1 {
		return "", bad
	}
	const user, group = 0x2, 0x8
	out := le.AppendUint32(nil, 2)
	for b = b[4:]; len(b) > 0; {
		if len(b) < 4 {
			return "", bad
		}
		out = append(out, b[:4]...)
		if tag := le.Uint16(b); tag != user && tag != group {
			out, b = le.AppendUint32(out, 1<<32-1), b[4:]
			continue
		}
		if len(b) < 8 {
			return "", bad
		}
		out, b = append(out, b[4:8]...), b[8:]
	}
	return string(out), nil
}
