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

// files is a folder of files that may be a real one or an archive.
type files interface {
	// open gives a regular file's bytes and size; fs.ErrNotExist where there
	// is none of that name.
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
	named []string                    // names in index.json as they are written
	err   error

	subjects sync.Once
	about    map[string][]oci.Descriptor // digest -> manifests that are about it
}

func isLayout(dir string) bool {
	st, err := os.Stat(filepath.Join(dir, "index.json"))
	return err == nil && st.Mode().IsRegular()
}

func newLayout(dir string, lim limits) *layout {
	return &layout{files: folder(dir), from: "layout", where: dir, lim: lim}
}

func (l *layout) close() error { return nil }

// find looks for a name in index.json, or for a digest anywhere in the layout:
// by a digest the bytes are proven, whatever their name is here.
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

// load reads index.json. A name there may be full or short; one that is no
// reference names nothing that we could be asked for.
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

// tagOnly is the digest of the image that has a tag for a name, as skopeo and
// umoci write it, "" where there is none. Which repository it is from is not
// known, so that it is found by its digest alone.
func (l *layout) tagOnly(tag string) string {
	for _, d := range l.all {
		if tag != "" && d.Annotations[annotationRef] == tag {
			return d.Digest
		}
	}
	return ""
}

// unnamed are the digests of images that have no name at all, as skopeo writes
// them where it was given a folder alone.
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

// blobPath is slash-separated; digest has been validated.
func blobPath(digest string) string {
	return "blobs/sha256/" + digests.Hex(digest)
}

// folder is a real folder.
type folder string

func (f folder) open(name string) (io.ReadCloser, int64, error) {
	p := filepath.Join(string(f), filepath.FromSlash(name))
	// Stat first: opening a FIFO would wait for a writer.
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
