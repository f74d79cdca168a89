// Package tree holds the names and metadata of one image's files, and follows
// links among them. A link never leads out of the tree: ".." stops at the root,
// and an absolute target starts at the root. The file system of the build
// machine is never used. The tree does not store file contents.
package tree

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// MaxEntries is the highest number of entries in one image.
const MaxEntries = 2_000_000

const (
	maxLinks = 40   // the limit of Linux, before ELOOP
	maxPath  = 4096 // PATH_MAX
)

// ArchiveMark ends the name of a nested tarball in a path. Its entries are
// under "/kernel.tar!/", which is a root that their links cannot leave.
const ArchiveMark = "!"

// Tree is filled by Add during the pass and only read afterwards. Paths are
// absolute and clean.
type Tree struct {
	nodes map[string]*system.Entry
	// dirs are folders without an entry of their own.
	dirs     map[string]bool
	archives map[string]bool
}

// New returns an empty tree.
func New() *Tree {
	return &Tree{
		nodes:    map[string]*system.Entry{},
		dirs:     map[string]bool{"/": true},
		archives: map[string]bool{},
	}
}

// Path is the path of e in a tree.
func Path(e *system.Entry) string {
	if e.Archive == "" {
		return "/" + e.Path
	}
	return "/" + e.Archive + ArchiveMark + "/" + e.Path
}

// Add adds an entry. Shadowed entries are not part of the tree.
func (t *Tree) Add(e *system.Entry) error {
	if e.Shadowed {
		return nil
	}
	if len(t.nodes) >= MaxEntries {
		return fmt.Errorf("the image has more than %d files", MaxEntries)
	}
	p := Path(e)
	if len(p) > maxPath {
		return fmt.Errorf("a path has %d bytes, which is too long: %.80q", len(p), p)
	}
	if e.Archive != "" {
		root := "/" + e.Archive + ArchiveMark
		if !t.archives[root] {
			if t.nodes[root] != nil || t.dirs[root] {
				return fmt.Errorf("path %q has the name that is reserved for the contents of %q", root, e.Archive)
			}
			t.archives[root] = true
		}
	} else if root := t.archiveOf(p); root != "" {
		return fmt.Errorf("path %q has a name that is reserved for the contents of a nested archive", root)
	}
	t.nodes[p] = e
	for d := Dir(p); !t.dirs[d] && t.nodes[d] == nil; d = Dir(d) {
		t.dirs[d] = true
	}
	return nil
}

// archiveOf is the root of the nested archive that contains p, "" for none.
func (t *Tree) archiveOf(p string) string {
	for root := range t.archives {
		if p == root || strings.HasPrefix(p, root+"/") {
			return root
		}
	}
	return ""
}

// Dir is the parent of an absolute path.
func Dir(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i <= 0 {
		return "/"
	}
	return p[:i]
}

// Base is the last element of a path.
func Base(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// Get is the entry at exactly p, without following links; nil if there is none.
func (t *Tree) Get(p string) *system.Entry { return t.nodes[p] }

// Len counts the entries.
func (t *Tree) Len() int { return len(t.nodes) }

// Paths lists all entries, sorted.
func (t *Tree) Paths() []string {
	out := make([]string, 0, len(t.nodes))
	for p := range t.nodes {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Resolve follows every link in p, including hard links, and returns the path
// of the target. The entry is nil for a folder without an entry of its own. ok
// is false if a part is missing or is not a folder, or if links form a loop.
func (t *Tree) Resolve(p string) (real string, e *system.Entry, ok bool) {
	return t.resolve(p, follow{symlinks: true, hardlinks: true})
}

// ResolveName is Resolve, but does not follow a hard link in the last element:
// both names of the file are equally good.
func (t *Tree) ResolveName(p string) (real string, e *system.Entry, ok bool) {
	return t.resolve(p, follow{symlinks: true})
}

// ResolveParent is Resolve, but does not follow a link in the last element.
func (t *Tree) ResolveParent(p string) (real string, e *system.Entry, ok bool) {
	return t.resolve(p, follow{})
}

// follow says which links are followed in the last element of a path.
type follow struct{ symlinks, hardlinks bool }

func (t *Tree) resolve(p string, last follow) (string, *system.Entry, bool) {
	if len(p) > maxPath {
		return "", nil, false
	}
	root := t.archiveOf(clean(p))
	cur := root // "" is the image's root
	rest := strings.Split(strings.TrimPrefix(clean(p), root), "/")
	links := 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if cur != root {
				cur = strings.TrimSuffix(Dir(cur), "/")
			}
			continue
		}
		next := cur + "/" + name
		e := t.nodes[next]
		if e == nil {
			if !t.dirs[next] {
				return "", nil, false
			}
			cur = next
			continue
		}
		if e.Type == system.TypeHardlink && last.hardlinks && !hasName(rest) {
			if links++; links > maxLinks {
				return "", nil, false
			}
			cur, rest = root, strings.Split(e.Link, "/")
			continue
		}
		if e.Type == system.TypeSymlink && (last.symlinks || hasName(rest)) {
			if links++; links > maxLinks || len(e.Link) > maxPath {
				return "", nil, false
			}
			if strings.HasPrefix(e.Link, "/") {
				cur = root
			}
			rest = append(strings.Split(e.Link, "/"), rest...)
			continue
		}
		if e.Type != system.TypeDir && hasName(rest) {
			return "", nil, false
		}
		cur = next
	}
	if cur == "" {
		return "/", nil, true
	}
	return cur, t.nodes[cur], true
}

// hasName reports whether elements are left.
func hasName(rest []string) bool {
	return slices.ContainsFunc(rest, func(s string) bool { return s != "" && s != "." })
}

// clean drops empty and "." elements but keeps "..", because its meaning
// depends on links.
func clean(p string) string {
	var b strings.Builder
	for name := range strings.SplitSeq(p, "/") {
		if name != "" && name != "." {
			b.WriteString("/" + name)
		}
	}
	return b.String()
}
