package rootfs

import (
	"errors"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// ErrAgain ends a first layout. One source has a link where another source has
// a folder, so some entries are in the wrong place. A second layout with the
// same Links puts them into the folder that the link leads to.
var ErrAgain = errors.New("the root file system must be laid out again")

// Links carries what the first layout of a system learned to the second layout:
// which paths of / are links in one source (often lib -> usr/lib) and folders
// in another (the kernel's lib/modules). The link stays. What other sources
// have below the link goes to the link's target, as when the layers of a
// container are unpacked.
//
// Only folders of programs and libraries are merged like this. For the rules,
// their files mean the same under both names. With other folders, a merge could
// give a file another meaning than the facts say.
type Links struct {
	// seen holds what the sources have at the paths of such folders.
	seen map[string]*seen
	// to maps such a link to its target.
	to       map[string]string
	resolved bool
}

// seen is what the sources have at one path. Sources with higher precedence
// come first.
type seen struct {
	first system.EntryType
	// link is the target of the first symlink.
	link string
	// folder: some source has a folder here. attrs is the first folder entry
	// with its own attributes.
	folder bool
	attrs  *system.Entry
}

var programFolder = lazyre.New(`^(usr/)?(s?bin|lib[a-z0-9]*)$`)

// note records what a source has at a path. implicit: the folder was made only
// because a file needs it, so its attributes do not count.
func (l *Links) note(e *system.Entry, implicit bool) {
	if l.resolved || e.Path != "usr" && !programFolder.MatchString(e.Path) {
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
		if s.attrs == nil && !implicit {
			s.attrs = e
		}
	}
}

// resolve finds the targets of the links. It reports whether a second layout is
// needed.
func (l *Links) resolve() bool {
	if l.resolved {
		return false
	}
	l.resolved, l.to = true, map[string]string{}
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

// follow returns the folder that the link at p leads to. It returns "" if the
// target is not a program folder.
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

// place returns the path where an entry goes that a source has at p.
func (l *Links) place(p string) string {
	for from, to := range l.to {
		if below(p, from) {
			return to + p[len(from):]
		}
	}
	return p
}

// merged reports whether p is a link that is a folder in other sources.
func (l *Links) merged(p string) bool { return l.to[p] != "" }

// deferError keeps an error until the end if a second layout could avoid it.
// Otherwise it returns the error.
func (t *Tree) deferError(p string, err error) error {
	if t.links.resolved || !programFolder.MatchString(p) {
		return err
	}
	if bad := (*system.Error)(nil); t.current != nil && !errors.As(err, &bad) {
		err = system.Unusable("%s", t.current.ID()).At(t.current.Pos).Because(err)
	}
	if t.failed == nil {
		t.failed = err
	}
	return nil
}

// isTarget reports whether a link of another source leads to p or to a folder
// below p.
func (l *Links) isTarget(p string) bool {
	for _, to := range l.to {
		if to == p || below(to, p) {
			return true
		}
	}
	return false
}

// folder returns the entry of the folder p. It is needed when p must be written
// before the image that has it is read.
func (l *Links) folder(p string) system.Entry {
	if s := l.seen[p]; s != nil && s.attrs != nil {
		return *s.attrs
	}
	return system.Entry{Path: p, Type: system.TypeDir, Mode: 0o755}
}

// writeTargets writes the missing parent folders of p. A link leads to them,
// and their own source has not been read yet.
func (t *Tree) writeTargets(p, component string) error {
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
