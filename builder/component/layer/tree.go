package layer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// tree is what one namespace (the image, or a tarball in it) looks like as far
// as the pass has come. Layers are read top to bottom: what is known of a path
// was said by the layers above, and counts more than what comes.
type tree struct {
	nodes map[string]*node
	root  *node
	budget
}

// budget is what an image may still cost; nested tarballs share it.
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
	// top is what the file system has here; nil while no layer has said.
	top *system.Entry
	// last is the newest entry for this path, shadowed or not.
	last *system.Entry
	// below is the newest layer plus one that has an entry below this path.
	below int
	// late is the newest layer plus one that says what this path is, or hides
	// it, after an entry below it.
	late int
	// announced: the sinks know it.
	announced bool
	more      *more
}

// more is what few nodes have.
type more struct {
	// hidden: layers, highest first, from which on down this path and all
	// below it is replaced; opaque: only what is below it.
	hidden, opaque []int
	// held waits until this path has been announced.
	held []*object
	// links are hard links of this or an upper layer to this path, for which a
	// lower layer must still have a file.
	links []*object
	// shadow is the shadowed file that the layer in work has here.
	shadow *object
}

// object is an entry on its way to the sinks.
type object struct {
	entry *system.Entry
	// body is a file's content; exactly one of it and the stream is there.
	body *content
	// sees is the layer whose view a hard link's target is looked up in.
	sees int
	// inner is the plan of a tarball.
	inner *plan
	// copied is the entry that took over a shadowed file's content, so that
	// further links share it.
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

// node gives the node of a clean path, and makes it and its parents.
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

// charge counts an entry against the image's limits.
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

// shadowed says whether a layer above hides what layer has at n.
func (n *node) shadowed(layer int) bool {
	return n.top != nil && n.top.Layer > layer || n.hiddenIn(layer, -1)
}

// hiddenIn says whether a layer above `layer`, and at most `upto` (-1: any),
// replaces n or a folder that it is in.
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

// note remembers that layer hides n (or what is in it) from those below.
func note(marks *[]int, layer int) {
	if k := len(*marks); k == 0 || (*marks)[k-1] != layer {
		*marks = append(*marks, layer)
	}
}

// enter notes e at its path and checks it against what is known. It gives nil
// for a folder that the layer has twice. A whiteout's target is not entered.
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
		return nil, unclear(e.Path, "is there twice (%s, then %s)", l.Type, e.Type)
	}
	dir := e.Type == system.TypeDir
	if !dir && n.below == e.Layer+1 {
		return nil, unclear(e.Path, "a %s where the layer also has a folder's content", e.Type)
	}
	if !dir && n.throughIt(e.Layer) {
		return nil, unclear(e.Path, "a %s, and an entry of layer %d leads through it", e.Type, n.below-1)
	}
	e.Shadowed = n.shadowed(e.Layer)
	n.lateIn(e.Layer)
	n.last = e
	if !dir && e.Shadowed {
		// What is shadowed still replaces what lies below.
		note(&n.rare().hidden, e.Layer)
	}
	t.within(n, e.Layer)
	if !e.Shadowed {
		n.top = e
	}
	return n, nil
}

// throughIt says whether an upper layer has an entry below n, which leads
// through what layer has at n: nothing in between has replaced it.
func (n *node) throughIt(layer int) bool {
	lowest := n.below - 1
	if lowest <= layer {
		return false
	}
	for a := n; a != nil; a = a.parent {
		if a.late == n.below {
			return true // what came first led through it
		}
	}
	replaced := n.last != nil && n.last.Layer > layer && n.last.Layer <= lowest
	return !replaced && !n.hiddenIn(layer, lowest)
}

// lateIn notes that layer says something of n itself after what is below it.
func (n *node) lateIn(layer int) {
	if n.below == layer+1 {
		n.late = n.below
	}
}

// within notes that layer has something below n's parents.
func (t *tree) within(n *node, layer int) {
	for a := n.parent; a != nil && a != t.root && a.below != layer+1; a = a.parent {
		a.below = layer + 1
	}
}

// inFolders refuses an entry below what its own layer says is no folder.
func inFolders(n *node, e *system.Entry) error {
	for a := n.parent; a != nil; a = a.parent {
		if a.last != nil && a.last.Layer == e.Layer && a.last.Type != system.TypeDir {
			return unclear(e.Path, "its path leads through %q, a %s", a.path, a.last.Type)
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
			return unclear(e.Path, "marks %q, a %s", target, l.Type)
		}
		note(&n.rare().opaque, e.Layer)
		// What it empties lies below n, as what a lower layer has at n leads.
		n.below = e.Layer + 1
		return nil
	}
	note(&n.rare().hidden, e.Layer)
	n.lateIn(e.Layer)
	return nil
}

// waiting gives the nodes for which something still waits, sorted by path.
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
