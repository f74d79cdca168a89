package sbom

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	stereoscope "github.com/anchore/stereoscope/pkg/file"
	"github.com/anchore/syft/syft/file"
	"github.com/bmatcuk/doublestar/v4"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// maxAliases is the highest number of additional paths that links to folders
// give a file.
const maxAliases = 64

// Resolver answers syft's catalogers from the results of one pass. It opens no
// file of the build machine: paths are looked up in the tree, and contents come
// from the collector.
type Resolver struct {
	tree  *tree.Tree
	store *store
	// names are the files and links, sorted; byBase and byExt index it.
	names  []string
	byBase map[string][]string
	byExt  map[string][]string
	byMIME map[string][]string
	mimes  map[string]string
	// folders are the base names of folders, and of links to folders.
	folders map[string]bool
	// links maps each folder to the links that lead to it.
	links map[string][]string
	// hidden are files that catalogers must not see, by path.
	hidden map[string]bool
	// launchers are archives without the suffix of one.
	launchers []string
	missed    map[string]bool // the collector's
}

var _ file.Resolver = (*Resolver)(nil)

// Resolver returns a resolver over the collected files, after the pass.
func (c *Collector) Resolver() *Resolver {
	r := &Resolver{
		tree: c.tree, store: c.store, mimes: c.mimes,
		byBase: map[string][]string{}, byExt: map[string][]string{}, byMIME: map[string][]string{},
		folders: map[string]bool{}, links: map[string][]string{}, launchers: c.launchers, missed: c.missed,
	}
	last := ""
	for _, p := range c.tree.Paths() {
		e := c.tree.Get(p)
		if d := tree.Dir(p); d != last {
			for last = d; d != "/"; d = tree.Dir(d) {
				r.folders[tree.Base(d)] = true
			}
		}
		switch e.Type {
		case system.TypeSymlink:
			if real, to, ok := c.tree.Resolve(p); ok && (to == nil || to.Type == system.TypeDir) {
				r.links[real] = append(r.links[real], p)
				r.folders[tree.Base(p)] = true
				continue
			}
		case system.TypeFile, system.TypeHardlink:
		default:
			continue
		}
		base := tree.Base(p)
		r.names = append(r.names, p)
		r.byBase[base] = append(r.byBase[base], p)
		if i := strings.LastIndexByte(base, '.'); i >= 0 {
			r.byExt[base[i:]] = append(r.byExt[base[i:]], p)
		}
		if m := c.mimes[p]; m != "" {
			r.byMIME[m] = append(r.byMIME[m], p)
		}
	}
	return r
}

// without is r without some files.
func (r *Resolver) without(hidden map[string]bool) *Resolver {
	less := *r
	less.hidden = hidden
	return &less
}

// HasPath implements file.Resolver.
func (r *Resolver) HasPath(p string) bool {
	_, _, ok := r.tree.Resolve(p)
	return ok
}

// FilesByPath implements file.Resolver.
func (r *Resolver) FilesByPath(paths ...string) ([]file.Location, error) {
	s := r.collect()
	for _, p := range paths {
		s.add(p)
	}
	return s.out, nil
}

// FilesByGlob implements file.Resolver.
func (r *Resolver) FilesByGlob(patterns ...string) ([]file.Location, error) {
	s := r.collect()
	for _, g := range patterns {
		for _, p := range expand(g) {
			if !doublestar.ValidatePattern(p) {
				return nil, fmt.Errorf("pattern %q is malformed", p)
			}
			if p == "**/*.jar" {
				for _, l := range r.launchers {
					s.add(l)
				}
			}
			if dir := path.Dir(p); strings.HasPrefix(dir, "/") && !hasMeta(dir) && !strings.Contains(p, "**") {
				r.inFolder(dir, path.Base(p), s.add)
				continue
			}
			for _, name := range r.candidates(p) {
				if access := r.match(p, name); access != "" {
					s.add(access)
				}
			}
		}
	}
	return s.out, nil
}

// inFolder finds matches in one folder, through all its paths. dpkg's cataloger
// makes this request for each package.
func (r *Resolver) inFolder(dir, base string, found func(string)) {
	real, _, ok := r.tree.Resolve(dir)
	if !ok {
		return
	}
	prefix := strings.TrimSuffix(real, "/") + "/" + base[:literal(base)]
	at, _ := slices.BinarySearch(r.names, prefix)
	for ; at < len(r.names) && strings.HasPrefix(r.names[at], prefix); at++ {
		name := r.names[at]
		if tree.Dir(name) != real {
			continue
		}
		if m, _ := doublestar.Match(base, tree.Base(name)); m {
			found(strings.TrimSuffix(dir, "/") + "/" + tree.Base(name))
		}
	}
}

// literal counts the bytes of a pattern before its first wildcard.
func literal(pattern string) int {
	if i := strings.IndexAny(pattern, `*?[{\`); i >= 0 {
		return i
	}
	return len(pattern)
}

// candidates are the names whose last element may match the pattern.
func (r *Resolver) candidates(pattern string) []string {
	dir, base := path.Split(pattern)
	if !hasMeta(base) {
		return r.byBase[base]
	}
	// Every other element of a matching path is a folder, or a link to one.
	for element := range strings.SplitSeq(dir, "/") {
		if element != "" && !hasMeta(element) && !r.folders[element] {
			return nil
		}
	}
	if i := strings.LastIndexByte(base, '.'); i >= 0 && !hasMeta(base[i:]) {
		return r.byExt[base[i:]]
	}
	return r.names
}

// match returns the path of name that matches the pattern: its own path, or a
// path through a link to one of its folders.
func (r *Resolver) match(pattern, name string) string {
	ok := func(p string) bool { m, _ := doublestar.Match(pattern, p); return m }
	if ok(name) {
		return name
	}
	if len(r.links) == 0 || !strings.Contains(strings.TrimPrefix(pattern, "**/"), "/") {
		return ""
	}
	queue := []string{name}
	for i := 0; i < len(queue) && len(queue) < maxAliases; i++ {
		p := queue[i]
		for d := tree.Dir(p); d != "/"; d = tree.Dir(d) {
			for _, link := range r.links[d] {
				alias := link + strings.TrimPrefix(p, d)
				if ok(alias) {
					return alias
				}
				if len(queue) < maxAliases && !slices.Contains(queue, alias) {
					queue = append(queue, alias)
				}
			}
		}
	}
	return ""
}

// FilesByMIMEType implements file.Resolver for the types that were learned
// before the pass.
func (r *Resolver) FilesByMIMEType(types ...string) ([]file.Location, error) {
	s := r.collect()
	for _, t := range types {
		for _, p := range r.byMIME[t] {
			s.add(p)
		}
	}
	return s.out, nil
}

// RelativeFileByPath implements file.Resolver. There is one file system, so it
// looks up the path.
func (r *Resolver) RelativeFileByPath(_ file.Location, p string) *file.Location {
	s := r.collect()
	s.add(p)
	if len(s.out) == 0 {
		return nil
	}
	return &s.out[0]
}

// FileContentsByLocation implements file.Resolver.
func (r *Resolver) FileContentsByLocation(l file.Location) (io.ReadCloser, error) {
	real, e, ok := r.tree.Resolve(l.RealPath)
	if !ok || e == nil || e.Type != system.TypeFile {
		return nil, fmt.Errorf("%s does not exist in the image", l.RealPath)
	}
	if e.Size == 0 {
		return content{bytes.NewReader(nil)}, nil
	}
	if path.Base(l.AccessPath) == sqliteDatabase || path.Base(real) == sqliteDatabase {
		return r.database(real, l.AccessPath)
	}
	return r.open(real)
}

func (r *Resolver) open(real string) (io.ReadCloser, error) {
	if !r.store.has(real) {
		r.missed[real] = true
	}
	return r.store.open(real)
}

// FileMetadataByLocation implements file.Resolver.
func (r *Resolver) FileMetadataByLocation(l file.Location) (file.Metadata, error) {
	real, e, ok := r.tree.ResolveParent(l.RealPath)
	if !ok {
		return file.Metadata{}, fmt.Errorf("%s does not exist in the image", l.RealPath)
	}
	if e != nil && e.Type == system.TypeHardlink {
		if object, file, ok := r.tree.Resolve(real); ok && file != nil {
			real, e = object, file
		}
	}
	if e == nil {
		e = &system.Entry{Path: real, Type: system.TypeDir, Mode: 0o755}
	}
	return file.Metadata{
		FileInfo:        stereoscope.ManualInfo{NameValue: tree.Base(real), SizeValue: e.Size, ModeValue: mode(e)},
		Path:            real,
		LinkDestination: e.Link,
		UserID:          e.UID,
		GroupID:         e.GID,
		Type:            kinds[e.Type],
		MIMEType:        r.mimes[real],
	}, nil
}

// AllLocations implements file.Resolver.
func (r *Resolver) AllLocations(ctx context.Context) <-chan file.Location {
	out := make(chan file.Location)
	go func() {
		defer close(out)
		for _, p := range r.tree.Paths() {
			select {
			case out <- location(p, p):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

var kinds = map[system.EntryType]stereoscope.Type{
	system.TypeFile:     stereoscope.TypeRegular,
	system.TypeDir:      stereoscope.TypeDirectory,
	system.TypeSymlink:  stereoscope.TypeSymLink,
	system.TypeHardlink: stereoscope.TypeHardLink,
	system.TypeChar:     stereoscope.TypeCharacterDevice,
	system.TypeBlock:    stereoscope.TypeBlockDevice,
	system.TypeFifo:     stereoscope.TypeFIFO,
}

func mode(e *system.Entry) fs.FileMode {
	m := fs.FileMode(e.Mode & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if e.Mode&bit != 0 {
			m |= flag
		}
	}
	switch e.Type {
	case system.TypeDir:
		m |= fs.ModeDir
	case system.TypeSymlink:
		m |= fs.ModeSymlink
	case system.TypeChar:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case system.TypeBlock:
		m |= fs.ModeDevice
	case system.TypeFifo:
		m |= fs.ModeNamedPipe
	}
	return m
}

// location is the location of a file, as syft makes it for a folder: without a
// file system id, so that package ids do not depend on the layers of an image.
func location(real, access string) file.Location {
	l := file.NewLocationFromDirectory(real, "", *stereoscope.NewFileReference(stereoscope.Path(real)))
	l.AccessPath = access
	return l
}

// collect collects each file once, whatever paths lead to it.
func (r *Resolver) collect() *collection { return &collection{r: r, seen: map[string]bool{}} }

type collection struct {
	r    *Resolver
	seen map[string]bool
	out  []file.Location
}

func (s *collection) add(access string) {
	real, e, ok := s.r.tree.Resolve(access)
	if !ok || e == nil || e.Type != system.TypeFile || s.seen[real] || s.r.hidden[real] {
		return
	}
	s.seen[real] = true
	if !strings.HasPrefix(access, "/") {
		access = "/" + access
	}
	// Files beside any hard link of a file belong to it, so a hard link keeps
	// its own name.
	name, _, _ := s.r.tree.ResolveName(access)
	s.out = append(s.out, location(name, access))
}
