package sbom

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"

	stereoscope "github.com/anchore/stereoscope/pkg/file"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// Files above these sizes are not kept, and a cataloger cannot open them.
// Programs, archives and rpm's databases are read in pieces, all other files as
// a whole.
const (
	maxPieces = 4 << 30
	maxWhole  = 64 << 20
)

// sniffed is how much of a file is read to determine its type.
const sniffed = 3072

// Collector is a system.Sink that keeps the files of one image that catalogers
// may need. It does not fill the tree, which it shares with others: Add must be
// called with an entry before Entry.
type Collector struct {
	tree  *tree.Tree
	store *store
	wants *wants
	mimes map[string]string // type by path, for files that are kept because of their type
	head  []byte
	// links are links whose own names are wanted, whatever their targets.
	links []string
	// launchers are files without a wanted name that are both a script and an
	// archive. cut are truncated programs.
	launchers []string
	cut       []string
	// missed are contents that a cataloger requested, but that were not kept.
	missed map[string]bool
}

// NewCollector keeps large contents in a file without a name in dir ("": the
// system's folder for temporary files). Close frees it.
func NewCollector(t *tree.Tree, dir string) *Collector {
	return &Collector{
		tree: t, store: newStore(dir), wants: learn(), mimes: map[string]string{},
		head: make([]byte, 0, sniffed), missed: map[string]bool{},
	}
}

// Entry implements system.Sink.
func (c *Collector) Entry(e *system.Entry) (io.WriteCloser, error) {
	p := tree.Path(e)
	switch {
	case e.Shadowed:
	case e.Type == system.TypeSymlink, e.Type == system.TypeHardlink:
		if c.wants.name(p) {
			c.links = append(c.links, p)
		}
	case e.Type == system.TypeFile && e.Size > 0:
		return &sniffer{c: c, path: p, size: e.Size, named: c.wants.name(p)}, nil
	}
	return nil, nil
}

// Finish implements system.Sink.
func (c *Collector) Finish() error { return nil }

// Close frees what was kept.
func (c *Collector) Close() error { return c.store.close() }

// sniffer holds the beginning of a file until it is decided whether the file is
// kept.
type sniffer struct {
	c       *Collector
	path    string
	size    int64
	named   bool
	decided bool
	to      io.WriteCloser
	tail    *tail // for a possible launcher
}

func (s *sniffer) Write(p []byte) (int, error) {
	if s.decided {
		return len(p), s.rest(p)
	}
	take := min(len(p), sniffed-len(s.c.head))
	s.c.head = append(s.c.head, p[:take]...)
	if len(s.c.head) < sniffed {
		return len(p), nil
	}
	if err := s.decide(); err != nil {
		return 0, err
	}
	return len(p), s.rest(p[take:])
}

// rest handles the bytes after the head.
func (s *sniffer) rest(p []byte) error {
	if s.tail != nil {
		s.tail.add(p)
	}
	if s.to == nil {
		return nil
	}
	_, err := s.to.Write(p)
	return err
}

func (s *sniffer) decide() error {
	head := s.c.head
	s.c.head = s.c.head[:0]
	s.decided = true
	mime := ""
	if executable(head) {
		mime = stereoscope.MIMEType(bytes.NewReader(head))
	}
	if s.c.wants.mimes[mime] {
		s.c.mimes[s.path] = mime
	} else {
		mime = ""
	}
	if cutShort(head, s.size) {
		s.c.cut = append(s.c.cut, s.path)
	}
	limit := s.c.limit(s.path)
	if mime != "" {
		limit = maxPieces
	}
	if mime == "" && !s.named || s.size > limit {
		if !s.named && bytes.HasPrefix(head, []byte("#!")) {
			s.tail = &tail{}
			s.tail.add(head)
		}
		return nil
	}
	to, err := s.c.store.put(s.path, s.size)
	if err != nil {
		return fmt.Errorf("%s cannot be kept for cataloging: %w", s.path, err)
	}
	s.to = to
	_, err = s.to.Write(head)
	return err
}

func (s *sniffer) Close() error {
	if !s.decided {
		if err := s.decide(); err != nil {
			return err
		}
	}
	if s.tail.isArchive() {
		s.c.launchers = append(s.c.launchers, s.path)
	}
	if s.to == nil {
		return nil
	}
	return s.to.Close()
}

// limit is the maximum size of a file that is kept because of its name.
// Archives and databases are read in pieces. The beginning of an archive does
// not count, because it may be a start script.
func (c *Collector) limit(p string) int64 {
	base := tree.Base(p)
	if c.wants.archives[path.Ext(base)] || slices.Contains(rpmDatabases, base) {
		return maxPieces
	}
	return maxWhole
}

var rpmDatabases = []string{"Packages", "Packages.db", "rpmdb.sqlite", "rpmdb.sqlite" + walSuffix, "rpmdb.sqlite" + journalSuffix}

// executable is a quick check before the full detection of the type. Catalogers
// request only the types of programs.
func executable(head []byte) bool {
	for _, magic := range []string{
		"\x7fELF", "MZ",
		"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe",
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}
