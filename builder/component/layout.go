package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// The annotations that name an image in a layout's index.json.
const (
	annotationRef        = "org.opencontainers.image.ref.name"
	annotationContainerd = "io.containerd.image.name"
)

// files is a folder, or an archive of one.
type files interface {
	// open returns the bytes and the size of a regular file, or
	// fs.ErrNotExist.
	open(name string) (io.ReadCloser, int64, error)
}

// layout is an OCI layout: a folder, or an archive of one.
type layout struct {
	files files
	from  string // "layout", "archive"
	where string
	lim   limits

	once  sync.Once
	names map[string][]oci.Descriptor // full reference -> descriptors
	bytes map[string]oci.Descriptor   // digest -> descriptor
	all   []oci.Descriptor            // index.json's entries, in order
	named []string                    // names in index.json, as written
	err   error

	subjects sync.Once
	about    map[string][]oci.Descriptor // digest -> manifests that describe it
}

func isLayout(dir string) bool {
	st, err := os.Stat(filepath.Join(dir, "index.json"))
	return err == nil && st.Mode().IsRegular()
}

func newLayout(dir string, lim limits) *layout {
	return &layout{files: folder(dir), from: "layout", where: dir, lim: lim}
}

func (l *layout) close() error { return nil }

// find searches index.json for a name, and the whole layout for a digest: the
// digest identifies the bytes, whatever their name is.
func (l *layout) find(_ context.Context, r oci.Reference) (*place, error) {
	l.once.Do(func() { l.err = l.load() })
	if l.err != nil {
		return nil, fmt.Errorf("%s: %w", l.where, l.err)
	}
	p := &place{from: l.from, where: l.where, open: l.open, attached: l.attached}
	if r.Digest == "" {
		if p.roots = l.names[r.Name]; len(p.roots) == 0 {
			return nil, errNotFound
		}
		return p, nil
	}
	d, ok := l.bytes[r.Digest]
	if !ok {
		rc, size, err := l.files.open(blobPath(r.Digest))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errNotFound
		}
		if err != nil {
			return nil, err
		}
		rc.Close()
		d = oci.Descriptor{Digest: r.Digest, Size: size}
	}
	p.roots = []oci.Descriptor{d}
	return p, nil
}

// load reads index.json. Names there may be full or short. A name that is not a
// reference is ignored.
func (l *layout) load() error {
	rc, _, err := l.files.open("index.json")
	if err != nil {
		return err
	}
	defer rc.Close()
	raw, err := bounded.Read(rc, l.lim.manifest)
	if err != nil {
		return fmt.Errorf("index.json: %w", err)
	}
	names, digests, err := parseLayoutIndex(raw)
	if err != nil {
		return fmt.Errorf("index.json: %w", err)
	}
	l.names, l.bytes = names, digests
	if doc, err := parseDocument(raw, ""); err == nil {
		l.all = *doc.Manifests
		for _, d := range l.all {
			if v := d.Annotations[annotationRef]; v != "" && !slices.Contains(l.named, v) {
				l.named = append(l.named, v)
			}
		}
	}
	return nil
}

// tagOnly is the digest of an image whose name is only this tag, as skopeo and
// umoci write it, or "". Its repository is unknown, so that it can be found by
// its digest only.
func (l *layout) tagOnly(tag string) string {
	for _, d := range l.all {
		if tag != "" && d.Annotations[annotationRef] == tag {
			return d.Digest
		}
	}
	return ""
}

// unnamed are the digests of images without a name. skopeo writes them if it is
// given only a folder.
func (l *layout) unnamed() []string {
	var out []string
	for _, d := range l.all {
		if d.Annotations[annotationRef] == "" && d.Annotations[annotationContainerd] == "" && !beside(d) && !slices.Contains(out, d.Digest) {
			out = append(out, d.Digest)
		}
	}
	return out
}

func parseLayoutIndex(raw []byte) (names map[string][]oci.Descriptor, digests map[string]oci.Descriptor, err error) {
	doc, err := parseDocument(raw, "")
	if err != nil {
		return nil, nil, err
	}
	if doc.Manifests == nil {
		return nil, nil, errors.New("not an index")
	}
	names, digests = map[string][]oci.Descriptor{}, map[string]oci.Descriptor{}
	for _, d := range *doc.Manifests {
		if err := d.Valid(); err != nil {
			return nil, nil, err
		}
		digests[d.Digest] = d
		known := ""
		for _, key := range []string{annotationContainerd, annotationRef} {
			v := d.Annotations[key]
			if v == "" {
				continue
			}
			if r, err := oci.ParseReference(v); err == nil && r.Name != known {
				known = r.Name
				names[r.Name] = append(names[r.Name], d)
			}
		}
	}
	return names, digests, nil
}

func (l *layout) open(_ context.Context, d oci.Descriptor) (io.ReadCloser, error) {
	rc, _, err := l.files.open(blobPath(d.Digest))
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	return rc, nil
}

// blobPath is separated by slashes. The digest must be valid.
func blobPath(digest string) string {
	return "blobs/sha256/" + digests.Hex(digest)
}

// folder is a real folder.
type folder string

func (f folder) open(name string) (io.ReadCloser, int64, error) {
	p := filepath.Join(string(f), filepath.FromSlash(name))
	// Stat first: opening a FIFO would block until there is a writer.
	st, err := os.Stat(p)
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a regular file", p)
	}
	file, err := os.Open(p)
	if err != nil {
		return nil, 0, err
	}
	return file, st.Size(), nil
}
