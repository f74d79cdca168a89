package scanner

import (
	"crypto/sha256"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// listing is a sink that hashes each file of an image.
type listing struct {
	files []whence.File
	links []*system.Entry
	hash  hash.Hash
}

func newListing() *listing { return &listing{hash: sha256.New()} }

func (l *listing) Entry(e *system.Entry) (io.WriteCloser, error) {
	switch {
	case e.Shadowed:
	case e.Type == system.TypeHardlink:
		l.links = append(l.links, e)
	case e.Type == system.TypeFile:
		l.hash.Reset()
		return &listed{l, e}, nil
	}
	return nil, nil
}

func (l *listing) Finish() error { return nil }

// listed is a file that is being hashed.
type listed struct {
	l *listing
	e *system.Entry
}

func (f *listed) Write(p []byte) (int, error) { return f.l.hash.Write(p) }

func (f *listed) Close() error {
	f.l.add(f.e, whence.Digest(f.l.hash.Sum(nil)))
	return nil
}

func (l *listing) add(e *system.Entry, digest whence.Digest) {
	l.files = append(l.files, whence.File{Path: e.Path, Archive: e.Archive, Layer: e.Layer + 1, Digest: digest})
}

// list completes the listing: with hard links, which have the content of their target,
// and with the package of each file.
func (l *listing) list(owner func(path string) *whence.Package) *whence.Listing {
	type place struct{ archive, path string }
	content := map[place]whence.Digest{}
	if len(l.links) > 0 {
		for _, f := range l.files {
			content[place{f.Archive, f.Path}] = f.Digest
		}
	}
	for _, e := range l.links {
		// A link to a file that another layer replaces has a content that is not known
		// here. Such images are rare.
		if digest, ok := content[place{e.Archive, e.Link}]; ok {
			content[place{e.Archive, e.Path}] = digest
			l.add(e, digest)
		}
	}
	out := &whence.Listing{Packages: []whence.Package{}, Files: l.files}
	slices.SortFunc(out.Files, func(a, b whence.File) int {
		if c := strings.Compare(a.Archive, b.Archive); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	numbers := map[whence.Package]int{}
	for i := range out.Files {
		f := &out.Files[i]
		p := owner(tree.Path(&system.Entry{Path: f.Path, Archive: f.Archive}))
		if p == nil {
			continue
		}
		if numbers[*p] == 0 {
			out.Packages = append(out.Packages, *p)
			numbers[*p] = len(out.Packages)
		}
		f.Package = numbers[*p]
	}
	return out
}
