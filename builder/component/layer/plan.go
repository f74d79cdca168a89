package layer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// plan maps each entry of an image to its object. It is computed bottom to top, as
// containerd unpacks layers: the last entry of a path counts, a path follows the
// links that exist at that time, and the header of a hard link changes its file.
// A pass that reads top to bottom learns this too late. Most images need no plan.
// An image that needs one is read twice.
type plan struct {
	objects map[spot]*planned
	// nested are the plans of tarballs within the image.
	nested map[spot]*plan
}

// spot is the position of an entry in an image: its layer, and its number there.
type spot struct{ layer, entry int }

// planned is an object of the finished file system. Entry has its first name,
// more has the others.
type planned struct {
	system.Entry
	more []string
}

// planFor reads all layers of an image, bottom to top.
func (p *pass) planFor(img *Image) (*plan, error) {
	b := budget{lim: p.lim, used: new(usage)}
	s := newUnpacking(p.ctx, p.reading, b, p.nested)
	p.inflated = 0
	for i := range img.Layers {
		s.layer = i
		err := p.read(img, img.Layers[i], func(r io.Reader) error { return eachEntry(p.ctx, r, s.entry) })
		if err != nil {
			return nil, fmt.Errorf("layer %d (%s): %w", i, img.Layers[i].Digest, err)
		}
	}
	return s.finish(), nil
}

// unpacking is a file system while layers are unpacked: names and metadata, but
// no content.
type unpacking struct {
	reading
	ctx      context.Context
	cost     budget
	nestedAt map[string]bool
	layer    int
	root     *dirent
	plan     *plan
	// aufs are the files that can be named by hard links only.
	aufs map[string]*inode
	// steps counts the elements of paths that were walked.
	steps, names int
}

// dirent is a name in a folder.
type dirent struct {
	name     string
	parent   *dirent
	children map[string]*dirent
	inode    *inode
	// layer created it; size is the length of its path.
	layer, size int
}

// inode is the object that a name refers to.
type inode struct {
	system.Entry
	from spot
	// unsaid: a folder without an entry, or a node that is left out.
	unsaid bool
}

func newUnpacking(ctx context.Context, r reading, b budget, nested map[string]bool) *unpacking {
	return &unpacking{ctx: ctx, reading: r, cost: b, nestedAt: nested, root: &dirent{inode: &inode{Entry: system.Entry{Type: system.TypeDir}, unsaid: true}},
		plan: &plan{objects: map[spot]*planned{}, nested: map[spot]*plan{}}, aufs: map[string]*inode{}}
}

// maxSteps bounds the work of following links: a short name can need very many
// steps.
const maxSteps = 100_000_000

// dir walks to the folder p. It follows links, but never leaves the root. It
// creates missing folders, or returns nil if make is false.
func (u *unpacking) dir(name, p string, make bool) (*dirent, error) {
	at, rest, links := u.root, strings.Split(p, "/"), 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		if u.steps++; u.steps > maxSteps {
			return nil, errors.New("its links take too many steps to follow")
		}
		switch part {
		case "", ".":
			continue
		case "..":
			if at.parent != nil {
				at = at.parent
			}
			continue
		}
		next := at.children[part]
		switch {
		case next == nil && !make:
			return nil, nil
		case next == nil:
			var err error
			if next, err = u.add(name, at, part, &inode{Entry: system.Entry{Type: system.TypeDir}, unsaid: true}); err != nil {
				return nil, err
			}
		case next.inode.Type == system.TypeSymlink:
			if links++; links > maxLinks {
				return nil, refuse(name, "its path goes through more than %d links", maxLinks)
			}
			if strings.HasPrefix(next.inode.Link, "/") {
				at = u.root
			}
			rest = append(strings.Split(next.inode.Link, "/"), rest...)
			continue
		case next.inode.Type != system.TypeDir:
			return nil, refuse(name, "its path goes through %q, which is a %s", next.path(), next.inode.Type)
		}
		at = next
	}
	return at, nil
}

// maxLinks is how many links Linux follows in one path (MAXSYMLINKS).
const maxLinks = 40

// add puts a name into a folder. It replaces an object of the same name.
func (u *unpacking) add(name string, in *dirent, base string, what *inode) (*dirent, error) {
	if u.names++; u.names > u.lim.Nodes {
		return nil, fmt.Errorf("more than %d paths", u.lim.Nodes)
	}
	d := &dirent{name: base, parent: in, inode: what, layer: u.layer, size: in.size + 1 + len(base)}
	if d.size-1 > u.lim.Path {
		return nil, refuse(name, "its path is longer than %d bytes", u.lim.Path)
	}
	if in.children == nil {
		in.children = map[string]*dirent{}
	}
	in.children[base] = d
	return d, nil
}

func (d *dirent) path() string {
	if d.parent == nil || d.parent.parent == nil {
		return d.name
	}
	return d.parent.path() + "/" + d.name
}

// prune removes everything at d and below that layers below `layer` created. It
// reports whether anything is left. A whiteout does not hide its own layer.
func (d *dirent) prune(layer int) (left bool) {
	for name, c := range d.children {
		if !c.prune(layer) {
			delete(d.children, name)
		}
	}
	if d.layer != layer && len(d.children) > 0 {
		d.inode = &inode{Entry: system.Entry{Type: system.TypeDir}, unsaid: true}
	}
	return d.layer == layer || len(d.children) > 0
}

// entry unpacks one entry.
func (u *unpacking) entry(h *tar.Header, body io.Reader, number int) error {
	at := spot{u.layer, number}
	e, err := u.header(h)
	if e == nil || err != nil {
		return err
	}
	if err := u.cost.charge(e.Entry, e.sparse); err != nil {
		return err
	}
	switch {
	case e.mark == hides || e.mark == empties:
		return u.whiteout(h.Name, e)
	case e.mark == ofAUFS:
		if e.Type == system.TypeFile && strings.HasPrefix(e.Path, aufsLinks) {
			u.aufs[e.Path] = &inode{Entry: *e.Entry, from: at}
		}
		return nil
	case e.Path == "":
		return nil
	}
	folder, base := path.Split(e.Path)
	in, err := u.dir(h.Name, folder, true)
	if err != nil {
		return err
	}
	old := in.children[base]
	if old != nil && old.inode.Type == system.TypeDir && e.Type == system.TypeDir {
		old.inode, old.layer = &inode{Entry: *e.Entry, from: at}, u.layer
		return nil
	}
	delete(in.children, base)
	what := &inode{Entry: *e.Entry, from: at, unsaid: e.LeftOut}
	if e.Type == system.TypeHardlink {
		if what, err = u.link(h.Name, e.Entry); err != nil {
			return err
		}
	}
	d, err := u.add(h.Name, in, base, what)
	if err != nil {
		return err
	}
	if e.Type == system.TypeFile && u.nestedAt[d.path()] && e.Size <= u.lim.Nested {
		u.within(d.path(), at, body)
	}
	return nil
}

// whiteout removes its target. If the path to the target does not exist, there is
// nothing to remove.
func (u *unpacking) whiteout(name string, e *tarEntry) error {
	folder, base := path.Split(e.target)
	if e.mark == empties {
		folder = e.target
	}
	in, err := u.dir(name, folder, false)
	if bad := (*EntryError)(nil); in == nil || errors.As(err, &bad) {
		return nil
	}
	if err != nil {
		return err
	}
	if e.mark == hides {
		if d := in.children[base]; d != nil && !d.prune(u.layer) {
			delete(in.children, base)
		}
		return nil
	}
	for name, d := range in.children {
		if !d.prune(u.layer) {
			delete(in.children, name)
		}
	}
	return nil
}

// link finds the target of a hard link, and gives it the metadata in the header
// of the link, as containerd does: the last header counts.
func (u *unpacking) link(name string, e *system.Entry) (*inode, error) {
	if what := u.aufs[e.Link]; what != nil {
		return what, nil
	}
	folder, base := path.Split(e.Link)
	in, err := u.dir(name, folder, false)
	if err != nil {
		return nil, err
	}
	if in == nil || in.children[base] == nil {
		return nil, refuse(name, "hard link to %q, which is not in the image at that time", e.Link)
	}
	what := in.children[base].inode
	if what.Type == system.TypeDir {
		return nil, refuse(name, "hard link to %q, which is a dir", e.Link)
	}
	what.UID, what.GID = e.UID, e.GID
	if what.Type != system.TypeSymlink {
		what.Mode = e.Mode
	}
	if len(e.Xattrs) > 0 {
		all := map[string]string{}
		maps.Copy(all, what.Xattrs)
		maps.Copy(all, e.Xattrs)
		what.Xattrs = all
	}
	return what, nil
}

// within makes the plan of a tarball. A tarball that cannot be read has no plan:
// the pass over it reports the error.
func (u *unpacking) within(p string, at spot, body io.Reader) {
	r := u.reading
	r.archive = p
	s := newUnpacking(u.ctx, r, u.cost, nil)
	s.layer = u.layer
	if err := eachEntry(u.ctx, body, s.entry); err == nil {
		u.plan.nested[at] = s.finish()
	}
}

// finish is the plan of the file system as it is now.
func (u *unpacking) finish() *plan {
	names := map[*inode]*planned{}
	var walk func(d *dirent, p string)
	walk = func(d *dirent, p string) {
		if i := d.inode; i.unsaid {
		} else if known := names[i]; known != nil {
			known.more = append(known.more, p)
		} else {
			e := &planned{Entry: i.Entry}
			e.Path, e.Layer = p, i.from.layer
			names[i], u.plan.objects[i.from] = e, e
		}
		for _, name := range slices.Sorted(maps.Keys(d.children)) {
			walk(d.children[name], strings.TrimPrefix(p+"/"+name, "/"))
		}
	}
	walk(u.root, "")
	return u.plan
}

// planned announces the result of an entry: an object under all its names, or
// bytes that are in no file system.
func (p *pass) planned(e *tarEntry, at spot, body io.Reader) error {
	o := p.plan.objects[at]
	switch {
	case o == nil && (e.mark == hides || e.mark == empties || e.Type == system.TypeHardlink):
		return nil // a hard link is announced with its file
	case o == nil:
		e.Shadowed = true
		return p.emit(&object{entry: e.Entry}, body, nil)
	}
	for i, name := range append([]string{o.Path}, o.more...) {
		e := o.Entry
		e.Path, e.Archive = name, p.archive
		if i > 0 && e.Type == system.TypeFile {
			e.Type, e.Link, e.Size = system.TypeHardlink, o.Path, 0
		}
		n, err := p.tree.node(name)
		if err != nil {
			return err
		}
		n.top, n.last = &e, &e
		if err := p.place(n, &object{entry: &e, inner: p.plan.nested[at]}, body); err != nil {
			return err
		}
	}
	return nil
}
