package inspect

import (
	"bufio"
	"crypto/sha256"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// FileSystem describes a file system by its first blocks.
type FileSystem struct {
	// Type is the usual name with its version: FAT32, squashfs 4.0, ext4.
	Type  string `json:"type"`
	Label string `json:"label,omitempty"`
	ID    string `json:"id,omitempty"`
	// Size in bytes, 0 if unknown.
	Size      int64 `json:"size,omitempty"`
	BlockSize int64 `json:"blockSize,omitempty"`
	// Inodes is the number of files and folders, 0 if unknown.
	Inodes int64 `json:"inodes,omitempty"`
}

// Root describes the root file system in an item.
type Root struct {
	// Entries and Bytes count what an archive has; they are 0 for file systems.
	Entries int64 `json:"entries,omitempty"`
	Bytes   int64 `json:"bytes,omitempty"`
	// OSRelease has the fields of os-release(5).
	OSRelease map[string]string `json:"osRelease,omitempty"`
	// Modules are the kernel versions that there are modules for.
	Modules []string `json:"modules,omitempty"`
	SBOMs   []File   `json:"sboms,omitempty"`
}

const (
	maxOSRelease = 64 // fields
	maxSBOMs     = 200
	maxSBOM      = 64 << 20 // larger ones get no digest
	sbomFolder   = "usr/share/sbom"
)

// osReleaseFiles are the places of os-release, most important first.
var osReleaseFiles = []string{"etc/os-release", "usr/lib/os-release"}

// rootFolders are the folders that describeTree lists.
var rootFolders = []string{"lib/modules", "usr/lib/modules", sbomFolder}

// osRelease reads the fields of os-release(5).
func osRelease(content string) map[string]string {
	out := map[string]string{}
	sc := bufio.NewScanner(strings.NewReader(content))
	for sc.Scan() && len(out) < maxOSRelease {
		name, value, ok := strings.Cut(strings.TrimSpace(sc.Text()), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if text, err := strconv.Unquote(value); err == nil {
			value = text
		} else if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' {
			value = value[1 : len(value)-1]
		}
		out[name] = value
	}
	return out
}

// clean is a path of an image without what paths can begin with.
func clean(p string) string { return strings.TrimPrefix(path.Clean("/"+p), "/") }

// isSBOM recognises an SBOM by its place or by its name.
func isSBOM(p string) bool {
	if strings.HasPrefix(p, sbomFolder+"/") {
		return true
	}
	return strings.HasSuffix(p, ".spdx.json") || strings.HasSuffix(p, ".cdx.json") || strings.HasSuffix(p, ".spdx")
}

// Wants reports whether Add needs the content of a file.
func (r *Root) Wants(p string, size int64) bool {
	p = clean(p)
	return slices.Contains(osReleaseFiles, p) && size <= maxText || isSBOM(p) && size <= maxSBOM && len(r.SBOMs) < maxSBOMs
}

// Add adds an entry of an archive. body gives the content of a file, if Wants names it.
func (r *Root) Add(p string, size int64, file bool, body io.Reader) error {
	r.Entries++
	p = clean(p)
	if dir, version := path.Split(p); !file && (dir == "lib/modules/" || dir == "usr/lib/modules/") {
		r.module(version)
	}
	if !file {
		return nil
	}
	r.Bytes += size
	switch {
	case slices.Contains(osReleaseFiles, p) && size > 0 && size <= maxText:
		content, err := io.ReadAll(io.LimitReader(body, size))
		if err == nil && (r.OSRelease == nil || p == osReleaseFiles[0]) {
			r.OSRelease = osRelease(string(content))
		}
		return err
	case isSBOM(p) && len(r.SBOMs) < maxSBOMs:
		if size > maxSBOM {
			r.SBOMs = append(r.SBOMs, File{Path: p, Size: size})
			return nil
		}
		h := sha256.New()
		if _, err := io.CopyN(h, body, size); err != nil {
			return err
		}
		r.SBOMs = append(r.SBOMs, File{Path: p, Size: size, Digest: digests.Sum(h)})
	}
	return nil
}

func (r *Root) module(version string) {
	if len(r.Modules) < 20 && !slices.Contains(r.Modules, version) {
		r.Modules = append(r.Modules, version)
	}
}

// empty: nothing is known.
func (r *Root) empty() bool {
	return r.Entries == 0 && r.OSRelease == nil && len(r.Modules) == 0 && len(r.SBOMs) == 0
}

// tree is a file system that is read by path. Symbolic links are not followed.
type tree interface {
	// list gives the entries of a folder, nil if it is not a folder.
	list(path string) ([]treeEntry, error)
	// content reads a file of at most maxText bytes, nil if it is not such a file.
	content(path string) ([]byte, error)
}

type treeEntry struct {
	name   string
	folder bool
	size   int64
}

// find returns the inode of a path in a file system, nil if there is none. inode reads the
// inode with a number, and each calls do for the names in a folder, until do says that it
// needs no more.
func find[I interface{ folder() bool }, N any](inode func(N) (I, error), each func(dir I, do func(string, N) bool) error, root N, path string) (none I, err error) {
	i, err := inode(root)
	for name := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '/' }) {
		if err != nil || !i.folder() {
			return none, err
		}
		var number N
		found := false
		err = each(i, func(entry string, n N) bool {
			if entry == name {
				number, found = n, true
			}
			return !found
		})
		if err != nil || !found {
			return none, err
		}
		i, err = inode(number)
	}
	return i, err
}

// describeTree looks for what is known of root file systems.
func (w *walker) describeTree(it *Item, t tree) {
	if w.o.BootOnly {
		return
	}
	r := &Root{}
	for _, p := range osReleaseFiles {
		b, err := t.content(p)
		if err != nil {
			it.problem("/%s cannot be read: %v", p, err)
		}
		if len(b) > 0 && r.OSRelease == nil {
			r.OSRelease = osRelease(string(b))
		}
	}
	for _, p := range rootFolders {
		list, err := t.list(p)
		if err != nil {
			it.problem("/%s cannot be read: %v", p, err)
		}
		for _, e := range list {
			switch {
			case p == sbomFolder && !e.folder && len(r.SBOMs) < maxSBOMs:
				r.SBOMs = append(r.SBOMs, File{Path: p + "/" + e.name, Size: e.size})
			case p != sbomFolder && e.folder:
				r.module(e.name)
			}
		}
	}
	if !r.empty() {
		it.Root = r
	}
}
