package recipe

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"sort"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// writeTar writes nodes as a tar archive: in order, with the same time, and with
// numbers as owners.
func writeTar(w io.Writer, nodes []*node, when time.Time) error {
	tw := tar.NewWriter(w)
	for _, n := range nodes {
		h := &tar.Header{Name: n.path, Mode: int64(n.mode), Uid: n.uid, Gid: n.gid, ModTime: when}
		switch n.typ {
		case system.TypeDir:
			h.Typeflag, h.Name = tar.TypeDir, n.path+"/"
		case system.TypeSymlink:
			h.Typeflag, h.Linkname = tar.TypeSymlink, n.link
		case system.TypeFile:
			h.Typeflag, h.Size = tar.TypeReg, n.content.len
		default:
			return fmt.Errorf("%s has the type %s, which is not allowed", n.path, n.typ)
		}
		if err := tw.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", n.path, err)
		}
		if n.typ == system.TypeFile {
			if _, err := io.Copy(tw, n.content.reader()); err != nil {
				return fmt.Errorf("%s: %w", n.path, err)
			}
		}
	}
	return tw.Close()
}

// addTar stores nodes, and the folders above them, as the nested tarball at name.
func addTar(t *tree, sp *spool, name string, nodes []*node, pos system.Position) error {
	nested := newTree()
	nested.dirs = t.dirs
	for _, n := range nodes {
		inner := *n
		inner.hidden = false
		nested.nodes[n.path] = &inner
	}
	if err := nested.finish(); err != nil {
		return err
	}
	c, err := sp.write(func(w io.Writer) error { return writeTar(w, nested.sorted(), time.Unix(0, 0)) })
	if err != nil {
		return err
	}
	return t.put(&node{path: name, typ: system.TypeFile, mode: 0o644, content: c}, pos)
}

// addJoins moves the content of files into one file.
func addJoins(t *tree, sp *spool, rec *Recipe) error {
	for _, spec := range rec.Joins {
		var in []*node
		for _, n := range t.sorted() {
			if !n.hidden && n.typ == system.TypeFile && matchAny(spec.Include, n.path) {
				in = append(in, n)
			}
		}
		if len(in) == 0 {
			return system.BadInput("joined file %q: its include matches no file", spec.Path).At(spec.Pos)
		}
		c, err := sp.write(func(w io.Writer) error {
			for _, n := range in {
				if _, err := io.Copy(w, n.content.reader()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := t.put(&node{path: spec.Path, typ: system.TypeFile, mode: 0o644, content: c}, spec.Pos); err != nil {
			return err
		}
		for _, n := range in {
			n.hidden = true
		}
	}
	return nil
}

// addTars moves the files that the tar entries of the recipe name into tarballs.
func addTars(t *tree, sp *spool, rec *Recipe) error {
	for _, spec := range rec.Tars {
		var in []*node
		for _, n := range t.sorted() {
			if !n.hidden && matchAny(spec.Include, n.path) {
				in = append(in, n)
			}
		}
		if len(in) == 0 {
			return system.BadInput("tarball %q: its include matches no file", spec.Path).At(spec.Pos)
		}
		if err := addTar(t, sp, spec.Path, in, spec.Pos); err != nil {
			return err
		}
		for _, n := range in {
			n.hidden = true
		}
	}
	return nil
}

// layer is a compressed layer in the spool, with both of its digests.
type layer struct {
	blob   content
	digest string
	diffID string
}

// writeLayer packs the tree.
func writeLayer(t *tree, sp *spool, when time.Time) (*layer, error) {
	var nodes []*node
	for _, n := range t.sorted() {
		if !n.hidden {
			nodes = append(nodes, n)
		}
	}
	sort.SliceStable(nodes, func(i, j int) bool { return nodes[i].path < nodes[j].path })
	blob, plain := sha256.New(), sha256.New()
	c, err := sp.write(func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(io.MultiWriter(w, blob), 6)
		if err != nil {
			return err
		}
		if err := writeTar(io.MultiWriter(z, plain), nodes, when); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil {
		return nil, err
	}
	return &layer{blob: c, digest: digests.Sum(blob), diffID: digests.Sum(plain)}, nil
}
