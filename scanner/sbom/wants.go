package sbom

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/anchore/syft/syft/file"
	"github.com/bmatcuk/doublestar/v4"
)

// wants describes which contents catalogers may request. It is learned by
// running them once on an empty resolver that records their requests.
type wants struct {
	bases    map[string]bool // whole base names
	suffixes map[string]bool // the text from the last dot, such as ".jar"
	patterns []string        // other patterns of base names
	paths    []string        // patterns for whole paths whose last element is only a wildcard
	mimes    map[string]bool
	archives map[string]bool // suffixes of Java archives
}

// Names that catalogers open after they have found a package. Tests fail if a
// requested content was not kept.
var secondLook = []string{
	"**/*.md5sums", "**/*.list", "**/*.conffiles", "**/copyright",
	"**/os-release", "**/*-release", "**/system-release-cpe", "**/debian_version",
	"**/RECORD", "**/top_level.txt", "**/direct_url.json", "**/METADATA", "**/PKG-INFO", "**/WHEEL", "**/INSTALLER",
	"**/{LICENSE,LICENCE,COPYING,UNLICENSE,license,licence,copying,unlicense,License,Licence,Copying,Unlicense}*",
	"**/package.json", "**/release",
	"**/CONTENTS", "**/LICENSE", "**/SIZE", "**/mtree", "**/files",
	"**/rpmdb.sqlite" + walSuffix, "**/rpmdb.sqlite" + journalSuffix,
}

// learn runs the catalogers once per process.
var learn = sync.OnceValue(func() *wants {
	r := &recorder{globs: map[string]bool{}, mimes: map[string]bool{}}
	for _, g := range secondLook {
		r.globs[g] = true
	}
	for _, c := range catalogers() {
		// An empty resolver gives no reason to fail. Errors show on the first
		// real tree.
		_, _, _ = c.Catalog(context.Background(), r)
	}
	w := newWants(r)
	java := &recorder{globs: map[string]bool{}, mimes: map[string]bool{}}
	_, _, _ = archives().Catalog(context.Background(), java)
	w.archives = newWants(java).suffixes
	return w
})

func newWants(r *recorder) *wants {
	w := &wants{bases: map[string]bool{}, suffixes: map[string]bool{}, mimes: r.mimes}
	for g := range r.globs {
		for _, p := range expand(g) {
			base := path.Base(p)
			switch ext := strings.LastIndexByte(base, '.'); {
			case base == "*" || base == "**":
				w.paths = append(w.paths, p)
			case !hasMeta(base):
				w.bases[base] = true
			case ext == 1 && base[0] == '*' && !hasMeta(base[1:]):
				w.suffixes[base[1:]] = true
			default:
				w.patterns = append(w.patterns, base)
			}
		}
	}
	slices.Sort(w.patterns)
	w.patterns = slices.Compact(w.patterns)
	slices.Sort(w.paths)
	w.paths = slices.Compact(w.paths)
	return w
}

// name reports whether a file may be wanted because of its name. Folders in a
// pattern are ignored if possible: a link to a folder can change the path of a
// file, but not its base name.
func (w *wants) name(p string) bool {
	base := path.Base(p)
	if w.bases[base] {
		return true
	}
	if i := strings.LastIndexByte(base, '.'); i >= 0 && w.suffixes[base[i:]] {
		return true
	}
	match := func(pattern, s string) bool {
		ok, err := doublestar.Match(pattern, s)
		return ok && err == nil
	}
	return slices.ContainsFunc(w.patterns, func(g string) bool { return match(g, base) }) ||
		slices.ContainsFunc(w.paths, func(g string) bool { return match(g, p) })
}

func hasMeta(s string) bool { return strings.ContainsAny(s, `*?[{\`) }

// expand returns the alternatives of a pattern: "a{b,c}" is "ab", "ac". A
// pattern that cannot be parsed stays unchanged.
func expand(g string) []string {
	start := strings.IndexByte(g, '{')
	if start < 0 {
		return []string{g}
	}
	depth, last := 0, start+1
	var parts []string
	for i := start; i < len(g); i++ {
		switch g[i] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				parts = append(parts, g[last:i])
				last = i + 1
			}
		case '}':
			if depth--; depth > 0 {
				continue
			}
			var out []string
			for _, part := range append(parts, g[last:i]) {
				out = append(out, expand(g[:start]+part+g[i+1:])...)
			}
			return out
		}
	}
	return []string{g}
}

// recorder is a file.Resolver without files.
type recorder struct {
	mu           sync.Mutex
	globs, mimes map[string]bool
}

func (r *recorder) note(m map[string]bool, names []string) ([]file.Location, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		m[n] = true
	}
	return nil, nil
}

func (r *recorder) HasPath(p string) bool {
	_, _ = r.note(r.globs, []string{p})
	return false
}
func (r *recorder) FilesByPath(p ...string) ([]file.Location, error)     { return r.note(r.globs, p) }
func (r *recorder) FilesByGlob(p ...string) ([]file.Location, error)     { return r.note(r.globs, p) }
func (r *recorder) FilesByMIMEType(t ...string) ([]file.Location, error) { return r.note(r.mimes, t) }
func (r *recorder) RelativeFileByPath(_ file.Location, p string) *file.Location {
	_, _ = r.note(r.globs, []string{p})
	return nil
}
func (r *recorder) AllLocations(context.Context) <-chan file.Location {
	c := make(chan file.Location)
	close(c)
	return c
}

func (r *recorder) FileContentsByLocation(l file.Location) (io.ReadCloser, error) {
	return nil, fmt.Errorf("file %q does not exist", l.RealPath)
}

func (r *recorder) FileMetadataByLocation(l file.Location) (file.Metadata, error) {
	return file.Metadata{}, fmt.Errorf("file %q does not exist", l.RealPath)
}
