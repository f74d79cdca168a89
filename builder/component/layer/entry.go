package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// EntryError is the reason why an entry of a layer is refused.
type EntryError struct {
	name string // as in the tar
	why  string
	// unclear: a pass from top to bottom cannot decide what the entry means.
	// A plan may decide it.
	unclear bool
}

func (e *EntryError) Error() string { return fmt.Sprintf("entry %.200q: %s", e.name, e.why) }

func refuse(name, format string, args ...any) error {
	return &EntryError{name: name, why: fmt.Sprintf(format, args...)}
}

// unclear is a refusal that a plan may cancel.
func unclear(name, format string, args ...any) error {
	return &EntryError{name: name, why: fmt.Sprintf(format, args...), unclear: true}
}

// The prefix of whiteouts, and the base name of an opaque one.
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
	// Names with this prefix belong to aufs, except for the opaque whiteout. Hard
	// links may name the files in its folder of links.
	aufsPrefix = ".wh..wh."
	aufsLinks  = ".wh..wh.plnk/"
)

// tarTypes are the kinds that a layer may hold.
var tarTypes = map[byte]system.EntryType{
	tar.TypeReg: system.TypeFile, tar.TypeDir: system.TypeDir, tar.TypeSymlink: system.TypeSymlink,
	tar.TypeLink: system.TypeHardlink, tar.TypeChar: system.TypeChar, tar.TypeBlock: system.TypeBlock,
	tar.TypeFifo: system.TypeFifo, tar.TypeCont: system.TypeFile, tar.TypeGNUSparse: system.TypeFile,
}

// reading is the configuration for reading entries.
type reading struct {
	lim Limits
	// devices lets the image bring device nodes.
	devices bool
	// archive is the path of a tarball within the image, "" for a layer.
	archive string
}

// tarEntry is an entry, with what its header says in addition.
type tarEntry struct {
	*system.Entry
	// mark is the meaning of the name, target the path of a whiteout's target.
	mark   mark
	target string
	// sparse is the size of a sparse file.
	sparse int64
}

// header turns a header into an entry, or refuses it. It checks everything that
// the header alone shows. It returns nil for a header that is not an entry. The
// path of the root is "".
func (r reading) header(h *tar.Header) (*tarEntry, error) {
	if h.Typeflag == tar.TypeXGlobalHeader {
		// git archive writes its commit here. Any other record would change the
		// entries that follow, but only for some readers.
		for k := range h.PAXRecords {
			if k != "comment" {
				return nil, refuse(h.Name, "a global header that changes entries")
			}
		}
		return nil, nil
	}
	p, err := cleanPath(h.Name, r.lim)
	if err != nil {
		return nil, refuse(h.Name, "%v", err)
	}
	target, m, err := whiteout(h.Name, p)
	if err != nil {
		return nil, err
	}
	if m != ordinary && r.archive != "" {
		return nil, refuse(h.Name, "it is a whiteout, but its tarball is not a layer")
	}
	e := &tarEntry{mark: m, target: target}
	if m == hides || m == empties {
		e.Entry = &system.Entry{Path: p, Type: system.TypeFile}
		return e, nil
	}
	if e.Entry, err = r.entry(h, p); err != nil {
		return nil, err
	}
	e.Archive = r.archive
	if IsSparse(h) {
		e.sparse = h.Size
	}
	// A container gets its device nodes from the runtime and its spec.
	e.LeftOut = !r.devices && (e.Type == system.TypeChar || e.Type == system.TypeBlock)
	return e, nil
}

// entry reads the header of an object at p.
func (r reading) entry(h *tar.Header, p string) (*system.Entry, error) {
	lim := r.lim
	t, ok := tarTypes[h.Typeflag]
	if !ok {
		return nil, refuse(h.Name, "type %q is not supported", string(rune(h.Typeflag)))
	}
	if IsSparse(h) && h.Size > lim.Sparse {
		return nil, refuse(h.Name, "the sparse file has %d bytes; the limit is %d", h.Size, lim.Sparse)
	}
	if p == "" && t != system.TypeDir {
		return nil, refuse(h.Name, "the root must be a folder, but is a %s", t)
	}
	e := &system.Entry{Path: p, Type: t, Mode: uint32(h.Mode & 0o7777), UID: h.Uid, GID: h.Gid}
	// For the kernel, the largest number means "no owner".
	if const32 := int64(1<<32 - 2); int64(h.Uid) < 0 || int64(h.Uid) > const32 || int64(h.Gid) < 0 || int64(h.Gid) > const32 {
		return nil, refuse(h.Name, "owner %d:%d is out of range", h.Uid, h.Gid)
	}
	switch t {
	case system.TypeFile:
		e.Size = h.Size
	case system.TypeSymlink:
		if h.Linkname == "" || len(h.Linkname) > lim.Path || strings.ContainsRune(h.Linkname, 0) {
			return nil, refuse(h.Name, "invalid symlink target %.80q", h.Linkname)
		}
		e.Link = h.Linkname
	case system.TypeHardlink:
		var err error
		if e.Link, err = cleanPath(h.Linkname, lim); err == nil && e.Link == "" {
			err = errors.New("a hard link cannot refer to the root folder")
		}
		if err != nil {
			return nil, refuse(h.Name, "invalid hard link target %.200q: %v", h.Linkname, err)
		}
		if e.Link == p {
			return nil, refuse(h.Name, "it is a hard link to itself")
		}
	case system.TypeChar, system.TypeBlock:
		if !r.devices && r.archive != "" {
			return nil, refuse(h.Name, "%s device %d:%d in a tarball of an image", t, h.Devmajor, h.Devminor)
		}
		// The range of dev_t in Linux.
		if h.Devmajor < 0 || h.Devmajor >= 1<<12 || h.Devminor < 0 || h.Devminor >= 1<<20 {
			return nil, refuse(h.Name, "device number %d:%d is out of range", h.Devmajor, h.Devminor)
		}
		e.DevMajor, e.DevMinor = h.Devmajor, h.Devminor
	}
	return e, xattrs(e, h, lim)
}

func xattrs(e *system.Entry, h *tar.Header, lim Limits) error {
	for _, k := range slices.Sorted(maps.Keys(h.PAXRecords)) {
		v := h.PAXRecords[k]
		name, ok := strings.CutPrefix(k, "SCHILY.xattr.")
		if !ok {
			continue
		}
		if name == "" || len(name) > lim.Name || strings.ContainsRune(name, 0) || len(v) > lim.Xattr {
			return refuse(h.Name, "extended attribute %.80q (%d bytes) is invalid or too long", name, len(v))
		}
		if e.Xattrs == nil {
			e.Xattrs = map[string]string{}
		}
		e.Xattrs[name] = v
	}
	return nil
}

// IsSparse reports whether an entry is a sparse file: archive/tar fills
// the holes, so that a few bytes can become any number of zeros.
func IsSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// cleanPath is the clean, relative form of a name, "" for the root. An absolute
// name starts at the root of the image. ".." removes the part before it, even if
// that part is a link, as in Docker and containerd. A name that then still starts
// with ".." leaves the tree.
func cleanPath(name string, lim Limits) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("the name is empty")
	case len(name) > lim.Path:
		return "", fmt.Errorf("the name has %d bytes; the limit is %d", len(name), lim.Path)
	case strings.ContainsRune(name, 0):
		return "", fmt.Errorf("the name contains a NUL byte")
	}
	clean := path.Clean(name)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("the name leaves the tree")
	}
	for part := range strings.SplitSeq(clean, "/") {
		if len(part) > lim.Name {
			return "", fmt.Errorf("a part of the name has %d bytes; the limit is %d", len(part), lim.Name)
		}
	}
	return strings.TrimPrefix(path.Clean("/"+clean), "/"), nil
}

// mark is the meaning of a name for other entries, or for its own entry.
type mark int

const (
	ordinary mark = iota
	hides         // a whiteout: it hides its target, with all content
	empties       // an opaque whiteout: it hides the content of its target
	ofAUFS        // not a part of the file system
)

// whiteout is the mark of an entry. The name decides, not the type: aufs writes
// whiteouts as hard links, and other tools as folders. target is the path that it
// hides or empties.
func whiteout(name, p string) (target string, m mark, err error) {
	if !strings.Contains(p, whiteoutPrefix) {
		return "", ordinary, nil
	}
	dir, base := path.Split(p)
	switch {
	case strings.HasPrefix(dir, aufsPrefix) || strings.Contains(dir, "/"+aufsPrefix):
		return "", ofAUFS, nil
	case strings.HasPrefix(dir, whiteoutPrefix) || strings.Contains(dir, "/"+whiteoutPrefix):
		return "", ordinary, refuse(name, "it is below a whiteout")
	case !strings.HasPrefix(base, whiteoutPrefix):
		return "", ordinary, nil
	case base == whiteoutOpaque:
		return strings.TrimSuffix(dir, "/"), empties, nil
	case strings.HasPrefix(base, aufsPrefix):
		return "", ofAUFS, nil
	}
	hidden := base[len(whiteoutPrefix):]
	if hidden == "" || hidden == "." || hidden == ".." {
		return "", ordinary, refuse(name, "it is a whiteout without a target")
	}
	return dir + hidden, hides, nil
}
