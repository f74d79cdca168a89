package component

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

// entryError is why one entry of a layer is refused.
type entryError struct {
	name string // as the tar has it
	why  string
}

func (e *entryError) Error() string { return fmt.Sprintf("entry %.200q: %s", e.name, e.why) }

func refuse(name, format string, args ...any) error {
	return &entryError{name, fmt.Sprintf(format, args...)}
}

// The prefix of whiteouts, and the base name of an opaque one.
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// tarTypes are the kinds that a layer may hold.
var tarTypes = map[byte]system.EntryType{
	tar.TypeReg: system.TypeFile, tar.TypeDir: system.TypeDir, tar.TypeSymlink: system.TypeSymlink,
	tar.TypeLink: system.TypeHardlink, tar.TypeChar: system.TypeChar, tar.TypeBlock: system.TypeBlock,
	tar.TypeFifo: system.TypeFifo,
}

// checkEntry turns a header into an entry, or says why not. It checks what can
// be seen from the header alone. A path of "" is the root itself.
func checkEntry(h *tar.Header, lim limits, devices bool) (*system.Entry, error) {
	t, ok := tarTypes[h.Typeflag]
	if !ok {
		return nil, refuse(h.Name, "type %q is not supported", string(rune(h.Typeflag)))
	}
	if isSparse(h) {
		return nil, refuse(h.Name, "sparse files are not supported")
	}
	p, err := cleanPath(h.Name, lim)
	if err != nil {
		return nil, refuse(h.Name, "%v", err)
	}
	if strings.HasSuffix(h.Name, "/") && t != system.TypeDir || p == "" && t != system.TypeDir {
		return nil, refuse(h.Name, "a %s under a folder's name", t)
	}
	e := &system.Entry{Path: p, Type: t, Mode: uint32(h.Mode & 0o7777), UID: h.Uid, GID: h.Gid}
	// The last number means "none" to the kernel.
	if const32 := int64(1<<32 - 2); int64(h.Uid) < 0 || int64(h.Uid) > const32 || int64(h.Gid) < 0 || int64(h.Gid) > const32 {
		return nil, refuse(h.Name, "owner %d:%d is out of range", h.Uid, h.Gid)
	}
	switch t {
	case system.TypeFile:
		e.Size = h.Size
	case system.TypeSymlink:
		if h.Linkname == "" || len(h.Linkname) > lim.path || strings.ContainsRune(h.Linkname, 0) {
			return nil, refuse(h.Name, "symlink to %.80q", h.Linkname)
		}
		e.Link = h.Linkname
	case system.TypeHardlink:
		if e.Link, err = cleanPath(h.Linkname, lim); err == nil && e.Link == "" {
			err = errors.New("that is the root")
		}
		if err != nil {
			return nil, refuse(h.Name, "hard link to %.200q, which is not in the image: %v", h.Linkname, err)
		}
		if e.Link == p {
			return nil, refuse(h.Name, "hard link to itself")
		}
	case system.TypeChar, system.TypeBlock:
		if !devices {
			return nil, refuse(h.Name, "%s device %d:%d: only init images may bring device nodes", t, h.Devmajor, h.Devminor)
		}
		// What Linux's dev_t holds.
		if h.Devmajor < 0 || h.Devmajor >= 1<<12 || h.Devminor < 0 || h.Devminor >= 1<<20 {
			return nil, refuse(h.Name, "device number %d:%d is out of range", h.Devmajor, h.Devminor)
		}
		e.DevMajor, e.DevMinor = h.Devmajor, h.Devminor
	}
	return e, xattrs(e, h, lim)
}

func xattrs(e *system.Entry, h *tar.Header, lim limits) error {
	for _, k := range slices.Sorted(maps.Keys(h.PAXRecords)) {
		v := h.PAXRecords[k]
		name, ok := strings.CutPrefix(k, "SCHILY.xattr.")
		if !ok {
			continue
		}
		if name == "" || len(name) > lim.name || strings.ContainsRune(name, 0) || len(v) > lim.xattr {
			return refuse(h.Name, "extended attribute %.80q of %d bytes", name, len(v))
		}
		if e.Xattrs == nil {
			e.Xattrs = map[string]string{}
		}
		e.Xattrs[name] = v
	}
	return nil
}

// isSparse: archive/tar would fill the holes, and a few bytes could become
// any number of zeros.
func isSparse(h *tar.Header) bool {
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

// cleanPath gives the clean, relative form of a name, "" for the root.
func cleanPath(name string, lim limits) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("the name is empty")
	case len(name) > lim.path:
		return "", fmt.Errorf("the name has %d bytes; the limit is %d", len(name), lim.path)
	case name[0] == '/':
		return "", fmt.Errorf("the name is absolute")
	case strings.ContainsRune(name, 0):
		return "", fmt.Errorf("the name holds a NUL")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("the name leaves the tree")
		}
		if len(part) > lim.name {
			return "", fmt.Errorf("a part of the name has %d bytes; the limit is %d", len(part), lim.name)
		}
	}
	if p := path.Clean(name); p != "." {
		return p, nil
	}
	return "", nil
}

// whiteout says what an entry hides: target is the path, opaque that only
// what is in it is hidden. ok is false for an ordinary entry.
func whiteout(e *system.Entry) (target string, opaque, ok bool, err error) {
	if !strings.Contains(e.Path, whiteoutPrefix) {
		return "", false, false, nil
	}
	dir, base := path.Split(e.Path)
	if strings.HasPrefix(dir, whiteoutPrefix) || strings.Contains(dir, "/"+whiteoutPrefix) {
		return "", false, false, refuse(e.Path, "below a whiteout")
	}
	if !strings.HasPrefix(base, whiteoutPrefix) {
		return "", false, false, nil
	}
	if e.Type != system.TypeFile {
		return "", false, false, refuse(e.Path, "a whiteout that is a %s", e.Type)
	}
	name := base[len(whiteoutPrefix):]
	switch {
	case base == whiteoutOpaque:
		return strings.TrimSuffix(dir, "/"), true, true, nil
	case name == "" || name == "." || name == ".." || strings.HasPrefix(name, whiteoutPrefix):
		return "", false, false, refuse(e.Path, "a whiteout of nothing known")
	}
	return dir + name, false, true, nil
}
