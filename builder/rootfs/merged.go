package rootfs

import (
	"errors"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// ErrAgain ends a layout in which a source makes a folder of another one a
// link: what was written by then lies in the wrong place. A second layout with
// the same Links puts it where the link leads.
var ErrAgain = errors.New("the root file system must be laid out again")

// Links is what a first layout of a system learns for the second: which folders
// of / are links in one source (often lib -> usr/lib) and folders in another
// (the kernel's lib/modules). The link stays, and what other sources have below
// its name goes where it leads, as a container's layers are unpacked.
//
// Only folders of programs and libraries are treated so. They mean the same
// under either name to those who judge the system; a link elsewhere could give
// a file another meaning than the facts tell.
type Links struct {
	// seen is what the sources have at the names of such folders.
	seen map[string]*seen
	// to says for a link of which another source has a folder where it leads.
	to      map[string]string
	settled bool
}

// seen is what sources have at one path, the one that counts most first.
type seen struct {
	first system.EntryType
	// link is the target of the first link.
	link string
	// folder: one has a folder here. like is the first that says what it is like.
	folder bool
	like   *system.Entry
}

var programFolder = lazyre.New(`^(usr/)?(s?bin|lib[a-z0-9]*)$`)

// note remembers what a source has at a path. implicit: a folder made only
// because something lies in it, which says nothing of what it is like.
func (l *Links) note(e *system.Entry, implicit bool) {
	if l.settled || e.Path != "usr" && !programFolder.MatchString(e.Path) {
		return
	}
	s := l.seen[e.Path]
	if s == nil {
		s = &seen{first: e.Type}
		if l.seen == nil {
			l.seen = map[string]*seen{}
		}
		l.seen[e.Path] = s
	}
	switch {
	case e.Type == system.TypeSymlink && s.link == "":
		s.link = e.Link
	case e.Type == system.TypeDir:
		s.folder = true
		if s.like == nil && !implicit {
			s.like = e
		}
	}
}

// settle finds the targets of links, and reports whether a second layout is
// needed.
func (l *Links) settle() bool {
	if l.settled {
		return false
	}
	l.settled, l.to = true, map[string]string{}
	for p, s := range l.seen {
		if s.link == "" || !s.folder || s.first != system.TypeDir && s.first != system.TypeSymlink {
			continue
		}
		if to := l.follow(p); to != "" {
			l.to[p] = to
		}
	}
	return len(l.to) > 0
}

// follow gives the folder that the link at p leads to; "" where that is not
// such a folder, or none.
func (l *Links) follow(p string) string {
	for range 8 {
		s := l.seen[p]
		if s == nil || s.link == "" {
			if s != nil && s.first != system.TypeDir {
				return ""
			}
			return p
		}
		to := s.link
		if !strings.HasPrefix(to, "/") {
			to = path.Join("/", path.Dir(p), to)
		}
		if p = strings.TrimPrefix(path.Clean(to), "/"); !programFolder.MatchString(p) {
			return ""
		}
	}
	return ""
}

// place says where what a source has at p goes.
func (l *Links) place(p string) string {
	for from, to := range l.to {
		if below(p, from) {
			return to + p[len(from):]
		}
	}
	return p
}

// merged says whether p is a link that other sources have as a folder.
func (l *Links) merged(p string) bool { return l.to[p] != "" }

// hopeless keeps an error for the end: a second layout may not have it.
func (t *Tree) hopeless(p string, err error) error {
	if t.links.settled || !programFolder.MatchString(p) {
		return err
	}
	if bad := (*system.Error)(nil); t.now != nil && !errors.As(err, &bad) {
		err = system.Unusable("%s", t.now.ID()).At(t.now.Pos).Because(err)
	}
	if t.failed == nil {
		t.failed = err
	}
	return nil
}

// leadTo says whether a link of another source leads to or through p.
func (l *Links) leadTo(p string) bool {
	for _, to := range l.to {
		if to == p || below(to, p) {
			return true
		}
	}
	return false
}

// folder is what the folder p is like, which must be made before the image that
// has it is read.
func (l *Links) folder(p string) system.Entry {
	if s := l.seen[p]; s != nil && s.like != nil {
		return *s.like
	}
	return system.Entry{Path: p, Type: system.TypeDir, Mode: 0o755}
}

// lead writes the folders above p that no source has announced yet, since a
// link leads there.
func (t *Tree) lead(p, component string) error {
	for _, d := range parents(p) {
		if _, ok := t.root[d]; ok {
			continue
		}
		t.root[d] = written{typ: system.TypeDir, component: component}
		if _, err := t.out.Entry(&system.RootEntry{Entry: t.links.folder(d), Component: component}); err != nil {
			return err
		}
	}
	return nil
}
