// Package files lists the notable files of an image: files that run with more
// rights than their caller, that all users can change, that contain a secret,
// or that decide who can log in. Sink does this during the one pass, and keeps
// only the content of a few small settings files.
package files

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// maxSettings is the largest size of a settings file that is read, maxKept the
// largest size of all that are kept for one image. A larger /etc/shadow is not
// a real one.
const (
	maxSettings = 1 << 20
	maxKept     = 16 << 20
)

// Sink fills a facts.Inventory. The tree, which it shares with others, must get
// each entry before the sink does.
type Sink struct {
	tree *tree.Tree
	inv  facts.Inventory
	// kept are settings files by path in the tree; oversize are settings files
	// that were too large.
	kept     map[string]*bytes.Buffer
	oversize map[string]int64
	// alike are files with any other name that look like passwd, shadow or
	// group.
	alike map[string]*bytes.Buffer
	used  int64
	find  Finder
	// archive is the content of an archive file, which is searched when it is
	// complete. unpacked counts the bytes that were unpacked.
	archive  bytes.Buffer
	unpacked int64
	// included are files that a configuration of sshd includes.
	included map[string]bool
	// empty are files without content, such as places where a container gets another
	// file mounted.
	empty map[string]bool
	// root: the image's files become those of the host. See ListLinks.
	root bool
	// folders lists each folder, and is filled on first use.
	folders map[string][]string
}

// NewSink returns a sink for one image.
func NewSink(t *tree.Tree) *Sink {
	return &Sink{
		tree: t, inv: Empty(), kept: map[string]*bytes.Buffer{}, oversize: map[string]int64{}, alike: map[string]*bytes.Buffer{},
		included: map[string]bool{}, empty: map[string]bool{},
	}
}

// Empty is an inventory without files, in which no list is null.
func Empty() facts.Inventory {
	return facts.Inventory{
		SetID: []facts.Obj{}, WorldWritable: []facts.Obj{}, FileCaps: []facts.Obj{}, Sensitive: []facts.Obj{},
		Secrets: []facts.Obj{}, EmptyPasswords: []string{}, DuplicateIDs: []string{}, Tools: []facts.Obj{},
		SSHDMatch: []facts.SSHDMatch{}, AuthorizedKeys: []string{}, Sysctl: []facts.Setting{}, LeftOut: []string{}, Links: []facts.Link{}, OpenLogins: []string{}, Inittab: []string{}, ContainerdPrograms: []string{}, AppArmorProfiles: []string{}, ModulesLoad: []string{},
		EmptyFolders: []string{},
	}
}

// Entry implements system.Sink.
func (s *Sink) Entry(e *system.Entry) (io.WriteCloser, error) {
	p := tree.Path(e)
	if !e.Shadowed {
		s.note(p, e)
	} else if e.LeftOut {
		s.strings(&s.inv.LeftOut, p)
	}
	if e.Type != system.TypeFile || e.Size == 0 {
		return nil, nil
	}
	s.find.reset()
	s.archive.Reset()
	w := &reader{s: s, path: p, entry: e, complete: e.Size <= maxArchive && s.unpacked < maxWork}
	if !e.Shadowed && isSettings(p) {
		if e.Size > maxSettings || s.used+e.Size > maxKept {
			s.oversize[p] = e.Size
		} else {
			w.keep = new(bytes.Buffer)
			s.kept[p] = w.keep
			s.used += e.Size
		}
	} else if !e.Shadowed && e.Size <= maxSettings || sensitive(p) == "user secret" {
		w.head = make([]byte, 0, min(e.Size, maxHead))
	}
	return w, nil
}

// note checks the metadata of the entry.
func (s *Sink) note(p string, e *system.Entry) {
	s.inv.Count++
	if e.Type == system.TypeFile {
		s.inv.Bytes += e.Size
		if e.Size == 0 {
			s.empty[p] = true
		}
	}
	// A hard link has the mode of its file, whatever the archive says.
	if e.Type == system.TypeHardlink {
		if _, to, ok := s.tree.Resolve(p); ok && to != nil {
			e = &system.Entry{Path: e.Path, Type: e.Type, Mode: to.Mode, UID: to.UID, GID: to.GID, Archive: e.Archive, Xattrs: to.Xattrs}
		}
	}
	if acl, ok := e.Xattrs[aclAttribute]; ok {
		with := *e
		with.Mode = e.Mode&^0o007 | others(acl)
		e = &with
	}
	mode, caps := e.Mode, e.Xattrs["security.capability"]
	file := e.Type == system.TypeFile || e.Type == system.TypeHardlink
	if file && mode&0o6000 != 0 {
		s.list(&s.inv.SetID, obj(p, e, ""))
	}
	switch {
	case file && mode&0o002 != 0, e.Type == system.TypeBlock && mode&0o002 != 0,
		e.Type == system.TypeDir && mode&0o002 != 0 && mode&0o1000 == 0:
		s.list(&s.inv.WorldWritable, obj(p, e, ""))
	}
	if file && caps != "" {
		s.list(&s.inv.FileCaps, obj(p, e, capabilities(caps)))
	}
	if kind := sensitive(p); kind != "" && file && mode&0o004 != 0 {
		s.list(&s.inv.Sensitive, obj(p, e, kind))
	}
	if file || e.Type == system.TypeSymlink {
		if kind := toolKind(p); kind != "" {
			s.list(&s.inv.Tools, obj(p, e, kind))
		}
		switch path.Base(p) {
		case "authorized_keys", "authorized_keys2":
			if !s.empty[p] {
				s.strings(&s.inv.AuthorizedKeys, p)
			}
		case "containerd":
			if mode&0o111 != 0 {
				s.strings(&s.inv.ContainerdPrograms, p)
			}
		}
	}
}

// linked checks sensitive files that are reached by a link: the target may have
// any name.
func (s *Sink) linked() {
	names := slices.Clone(sensitiveNames)
	for _, p := range s.tree.Paths() {
		if s.tree.Get(p).Type == system.TypeSymlink && sensitive(p) != "" && !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	for _, p := range names {
		real, e, ok := s.tree.Resolve(p)
		if !ok || real == p || e == nil || e.Type != system.TypeFile || sensitive(real) != "" {
			continue
		}
		if o := obj(p, e, sensitive(p)); e.Mode&0o004 != 0 {
			s.list(&s.inv.Sensitive, o)
		}
	}
}

// closed removes sensitive files if all their names lie in folders that other
// users may not enter. Their own mode does not matter then.
func (s *Sink) closed() {
	if !slices.ContainsFunc(s.inv.Sensitive, func(o facts.Obj) bool { return !s.enters(o.Path) }) {
		return
	}
	open := map[string]bool{} // files with another name that other users can reach
	for _, p := range s.tree.Paths() {
		if s.tree.Get(p).Type == system.TypeHardlink && s.enters(p) {
			file, _, _ := s.tree.Resolve(p)
			open[file] = true
		}
	}
	s.inv.Sensitive = slices.DeleteFunc(s.inv.Sensitive, func(o facts.Obj) bool {
		file, _, _ := s.tree.Resolve(o.Path)
		return !o.Shadowed && !open[file] && !s.enters(o.Path) && !s.enters(file)
	})
}

// enters reports whether other users may pass all folders in the name p.
func (s *Sink) enters(p string) bool {
	name, _, ok := s.tree.ResolveName(p)
	for d := tree.Dir(name); ok && d != "/"; d = tree.Dir(d) {
		if e := s.tree.Get(d); e != nil && e.Type == system.TypeDir && e.Mode&0o001 == 0 {
			return false
		}
	}
	return true
}

// emptyFolders returns the empty folders in which programs write their data.
func (s *Sink) emptyFolders() []string {
	full, out := map[string]bool{}, []string{}
	all := s.tree.Paths()
	for _, p := range all {
		full[tree.Dir(p)] = true
	}
	for _, p := range all {
		if !full[p] && s.tree.Get(p).Type == system.TypeDir && isData(p) && len(out) < facts.MaxListed {
			out = append(out, p)
		}
	}
	return out
}

// isData reports whether a folder is one for data by its place.
func isData(p string) bool {
	return slices.ContainsFunc([]string{"/run", "/tmp", "/var"}, func(top string) bool { return p == top || strings.HasPrefix(p, top+"/") })
}

// list adds to a list until it is full.
func (s *Sink) list(l *[]facts.Obj, o facts.Obj) {
	if len(*l) >= facts.MaxListed {
		s.inv.Truncated = true
		return
	}
	*l = append(*l, o)
}

func (s *Sink) strings(l *[]string, v string) {
	if len(*l) >= facts.MaxListed {
		s.inv.Truncated = true
		return
	}
	*l = append(*l, v)
}

func obj(p string, e *system.Entry, kind string) facts.Obj {
	return facts.Obj{
		Path: p, Type: e.Type.String(), Mode: fmt.Sprintf("%o", e.Mode&0o7777), UID: e.UID, GID: e.GID,
		Kind: kind, Shadowed: e.Shadowed,
	}
}

// Finish implements system.Sink.
func (s *Sink) Finish() error { return nil }

// Inventory returns the results after the pass. It fails if a settings file
// cannot be read: a large file must not hide who can log in.
func (s *Sink) Inventory() (facts.Inventory, error) {
	s.inv.Present = true
	if err := s.accounts(); err != nil {
		return s.inv, err
	}
	if err := s.sshd(); err != nil {
		return s.inv, err
	}
	if err := s.inittab(); err != nil {
		return s.inv, err
	}
	s.openLogins()
	if err := s.containerd(); err != nil {
		return s.inv, err
	}
	if err := s.sysctl(); err != nil {
		return s.inv, err
	}
	s.apparmor()
	s.modulesLoad()
	s.linked()
	s.closed()
	s.inv.EmptyFolders = s.emptyFolders()
	for _, l := range []*[]facts.Obj{&s.inv.SetID, &s.inv.WorldWritable, &s.inv.FileCaps, &s.inv.Sensitive, &s.inv.Secrets, &s.inv.Tools} {
		slices.SortStableFunc(*l, func(a, b facts.Obj) int {
			if c := strings.Compare(a.Path, b.Path); c != 0 {
				return c
			}
			return strings.Compare(a.Kind, b.Kind)
		})
		*l = slices.Compact(*l)
	}
	slices.Sort(s.inv.AuthorizedKeys)
	slices.Sort(s.inv.ContainerdPrograms)
	slices.Sort(s.inv.LeftOut)
	s.inv.LeftOut = slices.Compact(s.inv.LeftOut)
	return s.inv, nil
}

// reader reads one file's content as it streams by.
type reader struct {
	s     *Sink
	path  string
	entry *system.Entry
	keep  *bytes.Buffer
	// head is the beginning of a file that may contain accounts or a
	// credential, nil when that is decided.
	head       []byte
	credential bool
	// complete: the sink's archive has all bytes that were written so far.
	complete bool
}

func (r *reader) Write(p []byte) (int, error) {
	if r.head != nil {
		n := min(len(p), cap(r.head)-len(r.head))
		r.head = append(r.head, p[:n]...)
		if len(r.head) == cap(r.head) {
			r.checkHead()
			if r.keep != nil {
				r.keep.Write(p[n:])
			}
		}
	} else if r.keep != nil {
		r.keep.Write(p)
	}
	if r.complete {
		r.s.archive.Write(p)
		r.complete = r.s.archive.Len() < archived || isArchive(r.s.archive.Bytes())
	}
	return r.s.find.Write(p)
}

// checkHead keeps a file that begins like accounts, and searches for a
// credential.
func (r *reader) checkHead() {
	head, s := r.head, r.s
	r.head = nil
	r.credential = holdsCredential(r.path, head)
	switch {
	case r.entry.Shadowed, r.entry.Size > maxSettings, !isAccounts(head) && !isGroup(head):
	case s.used+r.entry.Size > maxKept:
		s.inv.Truncated = true
	default:
		r.keep = new(bytes.Buffer)
		r.keep.Write(head)
		s.alike[r.path] = r.keep
		s.used += r.entry.Size
	}
}

func (r *reader) Close() error {
	kind := r.s.find.Kind()
	if kind == "" && r.complete && isArchive(r.s.archive.Bytes()) {
		var n int64
		kind, n = unpack(r.s.archive.Bytes())
		r.s.unpacked += n
	}
	if kind == "" && r.credential {
		kind = "credential"
	}
	if kind == "" {
		return nil
	}
	r.s.list(&r.s.inv.Secrets, obj(r.path, r.entry, kind))
	if !r.entry.Shadowed && r.entry.Mode&0o004 != 0 && sensitive(r.path) == "" {
		r.s.list(&r.s.inv.Sensitive, obj(r.path, r.entry, kind))
	}
	return nil
}
