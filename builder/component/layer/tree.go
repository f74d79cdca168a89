package layer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// tree is the known part of one namespace: the image, or a tarball in it. Layers
// are read top to bottom, so that a known entry of a path hides the entries that
// follow.
type tree struct {
	nodes map[string]*node
	root  *node
	budget
}

// budget counts the cost of an image. Nested tarballs share it.
type budget struct {
	lim  Limits
	used *usage
}

type usage struct {
	entries, nodes   int
	metadata, sparse int64
}

// node is one path.
type node struct {
	path   string
	parent *node
	// top is the object of the file system at this path; nil while unknown.
	top *system.Entry
	// last is the newest entry for this path, shadowed or not.
	last *system.Entry
	// below is the newest layer plus one that has an entry below this path.
	below int
	// late is the newest layer plus one that has an entry or a whiteout for
	// this path after an entry below it.
	late int
	// announced: the sinks have received it.
	announced bool
	more      *more
}

// more holds the fields that few nodes need.
type more struct {
	// hidden are layers, highest first, that hide this path and everything
	// below it in lower layers. opaque layers hide only what is below it.
	hidden, opaque []int
	// held are objects that wait until this path has been announced.
	held []*object
	// links are hard links of this or an upper layer to this path, for which a
	// lower layer must still have a file.
	links []*object
	// shadow is the shadowed file of the current layer at this path.
	shadow *object
}

// object is an entry on its way to the sinks.
type object struct {
	entry *system.Entry
	// body is the content of a file, nil while it is only in the stream.
	body *content
	// sees is the layer in whose view the target of a hard link is searched.
	sees int
	// inner is the plan of a tarball.
	inner *plan
	// copied is the entry that took over the content of a shadowed file.
	// Further links share it.
	copied *node
}

func newTree(b budget) *tree {
	t := &tree{nodes: map[string]*node{}, root: &node{announced: true}, budget: b}
	t.nodes[""] = t.root
	return t
}

func (n *node) rare() *more {
	if n.more == nil {
		n.more = &more{}
	}
	return n.more
}

// node is the node of a clean path. It creates the node and its parents.
func (t *tree) node(p string) (*node, error) {
	if n := t.nodes[p]; n != nil {
		return n, nil
	}
	if t.used.nodes++; t.used.nodes > t.lim.Nodes {
		return nil, fmt.Errorf("more than %d paths", t.lim.Nodes)
	}
	parent := t.root
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		var err error
		if parent, err = t.node(p[:i]); err != nil {
			return nil, err
		}
	}
	n := &node{path: p, parent: parent}
	t.nodes[p] = n
	return n, nil
}

// charge counts an entry against the limits of the image.
func (b budget) charge(e *system.Entry, sparse int64) error {
	b.used.entries++
	b.used.metadata += int64(len(e.Path) + len(e.Link))
	for k, v := range e.Xattrs {
		b.used.metadata += int64(len(k) + len(v))
	}
	if b.used.sparse += sparse; b.used.sparse > b.lim.Sparse {
		return fmt.Errorf("more than %d bytes of sparse files", b.lim.Sparse)
	}
	if b.used.entries > b.lim.Entries {
		return fmt.Errorf("more than %d entries", b.lim.Entries)
	}
	if b.used.metadata > b.lim.Metadata {
		return fmt.Errorf("more than %d bytes of names and attributes", b.lim.Metadata)
	}
	return nil
}

// shadowed reports whether an upper layer hides the entry of layer at n.
func (n *node) shadowed(layer int) bool {
	return n.top != nil && n.top.Layer > layer || n.hiddenIn(layer, -1)
}

// hiddenIn reports whether a layer above `layer`, and at most `upto` (-1: any),
// replaces n or a folder above it.
func (n *node) hiddenIn(layer, upto int) bool {
	in := func(marks []int) bool {
		return slices.ContainsFunc(marks, func(m int) bool { return m > layer && (upto < 0 || m <= upto) })
	}
	for a := n; a != nil; a = a.parent {
		if t := a.top; t != nil && t.Type != system.TypeDir && in([]int{t.Layer}) {
			return true
		}
		if a.more != nil && (in(a.more.hidden) || a != n && in(a.more.opaque)) {
			return true
		}
	}
	return false
}

// note records that layer hides a node, or its content, from lower layers.
func note(marks *[]int, layer int) {
	if k := len(*marks); k == 0 || (*marks)[k-1] != layer {
		*marks = append(*marks, layer)
	}
}

// enter records e at its path, and checks it against the known entries. It returns
// nil for a folder that the layer has twice. The target of a whiteout is not
// entered.
func (t *tree) enter(e *system.Entry) (*node, error) {
	n, err := t.node(e.Path)
	if err != nil {
		return nil, err
	}
	if err := inFolders(n, e); err != nil {
		return nil, err
	}
	if l := n.last; l != nil && l.Layer == e.Layer {
		if sameFolder(l, e) {
			return nil, nil
		}
		return nil, unclear(e.Path, "the layer has it twice (%s, then %s)", l.Type, e.Type)
	}
	dir := e.Type == system.TypeDir
	if !dir && n.below == e.Layer+1 {
		return nil, unclear(e.Path, "it is a %s, but the layer also has entries below it", e.Type)
	}
	if !dir && n.throughIt(e.Layer) {
		return nil, unclear(e.Path, "it is a %s, but the path of an entry of layer %d goes through it", e.Type, n.below-1)
	}
	e.Shadowed = n.shadowed(e.Layer)
	n.lateIn(e.Layer)
	n.last = e
	if !dir && e.Shadowed {
		// A shadowed object still replaces objects of lower layers.
		note(&n.rare().hidden, e.Layer)
	}
	t.within(n, e.Layer)
	if !e.Shadowed {
		n.top = e
	}
	return n, nil
}

// throughIt reports whether the path of an entry of an upper layer goes through
// the object of layer at n: no layer in between has replaced the object.
func (n *node) throughIt(layer int) bool {
	lowest := n.below - 1
	if lowest <= layer {
		return false
	}
	for a := n; a != nil; a = a.parent {
		if a.late == n.below {
			return true // the earlier entry went through it
		}
	}
	replaced := n.last != nil && n.last.Layer > layer && n.last.Layer <= lowest
	return !replaced && !n.hiddenIn(layer, lowest)
}

// lateIn records that layer has an entry of n itself after an entry below it.
func (n *node) lateIn(layer int) {
	if n.below == layer+1 {
		n.late = n.below
	}
}

// within records that layer has an entry below the parents of n.
func (t *tree) within(n *node, layer int) {
	for a := n.parent; a != nil && a != t.root && a.below != layer+1; a = a.parent {
		a.below = layer + 1
	}
}

// inFolders refuses an entry below an object of its layer that is not a folder.
func inFolders(n *node, e *system.Entry) error {
	for a := n.parent; a != nil; a = a.parent {
		if a.last != nil && a.last.Layer == e.Layer && a.last.Type != system.TypeDir {
			return unclear(e.Path, "its path goes through %q, which is a %s", a.path, a.last.Type)
		}
	}
	return nil
}

func sameFolder(a, b *system.Entry) bool {
	if a.Type != system.TypeDir || b.Type != system.TypeDir || a.Mode != b.Mode || a.UID != b.UID || a.GID != b.GID || len(a.Xattrs) != len(b.Xattrs) {
		return false
	}
	for k, v := range a.Xattrs {
		if w, ok := b.Xattrs[k]; !ok || v != w {
			return false
		}
	}
	return true
}

// hide enters a whiteout.
func (t *tree) hide(target string, opaque bool, e *system.Entry) error {
	n, err := t.node(target)
	if err != nil {
		return err
	}
	if err := inFolders(n, e); err != nil {
		return err
	}
	t.within(n, e.Layer)
	if opaque {
		if l := n.last; l != nil && l.Layer == e.Layer && l.Type != system.TypeDir {
			return unclear(e.Path, "it marks %q, which is a %s", target, l.Type)
		}
		note(&n.rare().opaque, e.Layer)
		// Like an entry below n: its path goes through the object of a lower layer.
		n.below = e.Layer + 1
		return nil
	}
	note(&n.rare().hidden, e.Layer)
	n.lateIn(e.Layer)
	return nil
}

// waiting are the nodes for which an object waits, sorted by path.
func (t *tree) waiting(is func(*more) bool) []*node {
	var out []*node
	for _, n := range t.nodes {
		if n.more != nil && is(n.more) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return strings.Compare(a.path, b.path) })
	return out
}
