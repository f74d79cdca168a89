package recipe

import (
	"errors"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// node is one object of the image: a file, a folder or a symbolic link.
type node struct {
	path     string
	typ      system.EntryType
	mode     uint32
	uid, gid int
	link     string
	content  content
	// owner is the package of the object, "" for the recipe itself.
	owner string
	// hidden nodes are in a nested tarball and not in the layer, but stay in
	// the package lists.
	hidden bool
}

// tree is the file system of the image while it is built.
type tree struct {
	nodes map[string]*node
	// dirs has all folders of packages, kept or not. A folder that is needed
	// later gets the mode and owner from its package.
	dirs map[string]*node
}

func newTree() *tree { return &tree{nodes: map[string]*node{}, dirs: map[string]*node{}} }

// sorted are the nodes in path order, folders before their contents.
func (t *tree) sorted() []*node {
	out := make([]*node, 0, len(t.nodes))
	for _, p := range sortedKeys(t.nodes) {
		out = append(out, t.nodes[p])
	}
	return out
}

// addPackage adds an object of a package. Two packages may share folders only.
func (t *tree) addPackage(n *node) error {
	old := t.nodes[n.path]
	if old != nil && (old.typ != system.TypeDir || n.typ != system.TypeDir) {
		return system.Unusable("%s is in package %s and in package %s", n.path, old.owner, n.owner).Suggest("exclude one of the packages")
	}
	if old == nil {
		t.nodes[n.path] = n
	}
	return nil
}

// put adds an object of the recipe. It replaces an object of a package.
func (t *tree) put(n *node, pos system.Position) error {
	if old := t.nodes[n.path]; old != nil {
		if old.owner == "" {
			return system.BadInput("duplicate path %q", n.path).At(pos)
		}
		if (old.typ == system.TypeDir) != (n.typ == system.TypeDir) {
			return system.BadInput("path %q cannot be replaced: it is a %s of package %s", n.path, old.typ, old.owner).At(pos)
		}
	}
	t.nodes[n.path] = n
	return nil
}

// finish adds missing folders, and checks that every object is in a folder: a path
// must not go through a link.
func (t *tree) finish() error {
	var errs []error
	for _, p := range sortedKeys(t.nodes) {
		if t.nodes[p].hidden {
			continue
		}
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			parent := t.nodes[dir]
			switch {
			case parent == nil:
				if known := t.dirs[dir]; known != nil {
					t.nodes[dir] = known
				} else {
					t.nodes[dir] = &node{path: dir, typ: system.TypeDir, mode: 0o755}
				}
			case parent.typ != system.TypeDir:
				errs = append(errs, system.Unusable("%s is below %s, which is a %s", p, dir, parent.typ))
			}
		}
	}
	return errors.Join(errs...)
}

// matchAny reports whether a pattern matches the path or a folder above it.
func matchAny(patterns []string, p string) bool {
	for _, pattern := range patterns {
		for at := p; at != "."; at = path.Dir(at) {
			if doublestar.MatchUnvalidated(pattern, at) {
				return true
			}
		}
	}
	return false
}

// keeps reports whether the recipe keeps the path p of a package.
func (rec *Recipe) keeps(p string) bool {
	if len(rec.Include) > 0 && !matchAny(rec.Include, p) {
		return false
	}
	return !matchAny(rec.Exclude, p)
}

const docs = "usr/share/doc/"

// docPackage is the package whose copyright file (or documentation link) is p. Each
// kept package keeps its licence.
func docPackage(p string) (string, bool) {
	rest, ok := strings.CutPrefix(p, docs)
	if !ok {
		return "", false
	}
	name, file, below := strings.Cut(rest, "/")
	return name, !below || file == "copyright"
}
