package layer

import (
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// bind finds the file of a hard link: the object at its target after layer was
// unpacked. If that file is in this layer, it came before the link. If it is in a
// lower layer, the link waits. If an upper layer has replaced it, the link takes
// over its content.
func (p *pass) bind(n *node, o *object, target string, layer int) error {
	for hop := 0; ; hop++ {
		if hop > p.lim.Links || target == o.entry.Path {
			return unclear(o.entry.Path, "hard link without a file as its target")
		}
		t, err := p.tree.node(target)
		if err != nil {
			return err
		}
		last := t.last
		if last == nil || last.Layer != layer {
			o.sees = layer
			r := t.rare()
			r.links = append(r.links, o)
			return nil
		}
		switch {
		case last.Type != system.TypeFile && last.Type != system.TypeHardlink:
			return unclear(o.entry.Path, "hard link to %q, which is a %s", target, last.Type)
		case !last.Shadowed:
			o.entry.Link = target
			return p.place(n, o, nil)
		case last.Type == system.TypeFile:
			return p.takeOver(n, o, t.more.shadow)
		}
		target = last.Link
	}
}

// takeOver makes o the file in place of s. Further links to s then link to o.
func (p *pass) takeOver(n *node, o, s *object) error {
	if s.copied != nil {
		o.entry.Link = s.copied.path
		return p.place(n, o, nil)
	}
	s.copied = n
	e, old := o.entry, s.entry
	if err := shareMetadata(e, old); err != nil {
		return err
	}
	e.Type, e.Link, e.Size = system.TypeFile, "", old.Size
	o.body = s.body
	err := p.place(n, o, nil)
	if !n.announced {
		p.shade.kept = true
	}
	return err
}

// linked binds the hard links of upper layers that waited for an entry of n.
func (p *pass) linked(n *node) error {
	if n.more == nil || len(n.more.links) == 0 {
		return nil
	}
	links := n.more.links
	n.more.links = nil
	for _, o := range links {
		switch layer := n.last.Layer; {
		case o.sees == layer:
			return unclear(o.entry.Path, "hard link to %q, which comes after it", n.path)
		case n.hiddenIn(layer, o.sees):
			return unclear(o.entry.Path, "hard link to %q, which is not in the image: a layer removes it", n.path)
		default:
			if err := p.bind(p.tree.nodes[o.entry.Path], o, n.path, layer); err != nil {
				return err
			}
		}
	}
	return nil
}

// shareMetadata gives a hard link the metadata of its file, because every sink
// must see the same file. A link with other metadata is an error, because
// unpackers differ: containerd uses the last header, GNU tar the first. Missing
// extended attributes are accepted, because many writers leave them out of the
// header of a link.
func shareMetadata(link, file *system.Entry) error {
	switch {
	case link.Mode != file.Mode:
		return unclear(link.Path, "hard link with the mode %04o; its file %q has %04o", link.Mode, file.Path, file.Mode)
	case link.UID != file.UID || link.GID != file.GID:
		return unclear(link.Path, "hard link with the owner %d:%d; its file %q has %d:%d", link.UID, link.GID, file.Path, file.UID, file.GID)
	}
	for _, k := range slices.Sorted(maps.Keys(link.Xattrs)) {
		if v, ok := file.Xattrs[k]; !ok || v != link.Xattrs[k] {
			return unclear(link.Path, "hard link with an extended attribute %q that its file %q does not have", k, file.Path)
		}
	}
	link.Xattrs = file.Xattrs
	return nil
}
