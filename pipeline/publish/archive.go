package publish

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/outputfile"
)

// An archive is an OCI image layout in a tar file. Its index lists the image first,
// and then all other manifests.
const (
	layoutFile = "oci-layout"
	indexFile  = "index.json"
	blobFolder = "blobs/sha256"

	layoutContent     = `{"imageLayoutVersion":"1.0.0"}`
	refNameAnnotation = "org.opencontainers.image.ref.name"

	// maxEntries limits the entries of an archive that is read.
	maxEntries = 200_000
)

// archive is an archive that is read.
type archive struct {
	name  string
	file  *os.File
	blobs map[string]span // by digest
	list  []listed        // of the index
	// subjects maps a digest to its referrers.
	subjects map[string][]listed
}

// span is the place of a blob in the file.
type span struct{ offset, size int64 }

// openArchive reads the headers and the index of an archive. It reads no blob.
func openArchive(name string) (*archive, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // to open a pipe could take forever
		return nil, notPacked(name, errors.New("it is not a regular file"))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, system.NotRead(name, err).Suggest("give a file that pack or copy wrote")
	}
	a := &archive{name: name, file: file, blobs: map[string]span{}, subjects: map[string][]listed{}}
	if err := a.read(); err != nil {
		return nil, errors.Join(notPacked(name, err), file.Close())
	}
	return a, nil
}

func notPacked(name string, err error) error {
	return system.BadInput("%s is not an archive of seaworthy pack", name).Because(err).Suggest("give a file that pack or copy wrote")
}

func (a *archive) read() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	index, err := a.headers(info.Size())
	if err != nil {
		return err
	}
	if a.list, err = parseList(index); err != nil {
		return err
	}
	if len(a.list) == 0 {
		return errors.New("its index is empty")
	}
	return a.link()
}

// headers finds the place of each blob, and reads the index.
func (a *archive) headers(size int64) (index []byte, err error) {
	r := tar.NewReader(a.file)
	known := map[string]bool{}
	for n := 0; ; n++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is damaged or truncated: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		if h.Typeflag == tar.TypeDir && (name == "." || name == "" || name == "blobs" || name == blobFolder) {
			continue
		}
		switch {
		case n > maxEntries:
			return nil, fmt.Errorf("it has more than %d entries", maxEntries)
		case h.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("its entry %q is not a regular file", h.Name)
		case known[name]:
			return nil, fmt.Errorf("it has two entries %q", h.Name)
		case path.Clean(name) != name: // another program could take it for another file
			return nil, fmt.Errorf("its entry %q does not belong to an image layout", h.Name)
		}
		known[name] = true
		offset, err := a.file.Seek(0, io.SeekCurrent)
		switch digest := digests.FromHex(path.Base(name)); {
		case err != nil:
			return nil, err
		case h.Size < 0 || h.Size > size-offset:
			return nil, fmt.Errorf("its entry %q is truncated", h.Name)
		case name == indexFile:
			if index, err = bounded.Read(r, layout.MaxManifest); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		case name == layoutFile:
			if raw, err := bounded.Read(r, 1<<10); err != nil || !strings.Contains(string(raw), `"1.0.0"`) {
				return nil, errors.New("it is an image layout of an unknown version")
			}
		case path.Dir(name) == blobFolder && digests.Valid(digest):
			a.blobs[digest] = span{offset, h.Size}
		default:
			return nil, fmt.Errorf("its entry %q does not belong to an image layout", h.Name)
		}
	}
	if index == nil {
		return nil, errors.New("it has no index.json")
	}
	return index, nil
}

// link reads the manifests of the index, and finds their subjects.
func (a *archive) link() error {
	if len(a.list) > maxManifests {
		return fmt.Errorf("its index has %d entries; the limit is %d", len(a.list), maxManifests)
	}
	var sum int64
	for _, d := range a.list {
		if sum += max(d.Size, 0); sum > maxManifestBytes {
			return fmt.Errorf("its manifests have more than %d MiB", maxManifestBytes>>20)
		}
		raw, err := a.manifest(context.Background(), d.Digest)
		if err != nil {
			return err
		}
		if int64(len(raw)) != d.Size {
			return fmt.Errorf("its index says that the manifest %s has %d bytes, but it has %d", d.Digest, d.Size, len(raw))
		}
		subject, err := subjectOf(raw)
		if err != nil {
			return fmt.Errorf("the manifest %s is malformed: %w", d.Digest, err)
		}
		if subject != "" {
			a.subjects[subject] = append(a.subjects[subject], d)
		}
	}
	return nil
}

func (a *archive) image(ctx context.Context) (string, []byte, error) {
	raw, err := a.manifest(ctx, a.list[0].Digest)
	return a.list[0].Digest, raw, err
}

func (a *archive) manifest(ctx context.Context, digest string) ([]byte, error) {
	at, ok := a.blobs[digest]
	if !ok {
		return nil, fmt.Errorf("%w: the archive does not have the manifest %s", registry.ErrNoSuchImage, digest)
	}
	if at.size > layout.MaxManifest {
		return nil, fmt.Errorf("the manifest %s has %d bytes; the limit is %d", digest, at.size, layout.MaxManifest)
	}
	return readAll(ctx, a, layout.File{Digest: digest, Size: at.size})
}

func (a *archive) open(_ context.Context, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	at, ok := a.blobs[d.Digest]
	if !ok {
		return nil, fmt.Errorf("%w: the archive does not have the blob %s", registry.ErrNoSuchImage, d.Digest)
	}
	return io.NopCloser(io.NewSectionReader(a.file, at.offset+from, at.size-from)), nil
}

func (a *archive) referrers(_ context.Context, digest, _ string) ([]listed, error) {
	return a.subjects[digest], nil
}

// tag finds a manifest by the tag that it had in the registry.
func (a *archive) tag(ctx context.Context, tag string) (string, []byte, error) {
	for _, d := range a.list[1:] {
		if d.Annotations[refNameAnnotation] == tag {
			raw, err := a.manifest(ctx, d.Digest)
			return d.Digest, raw, err
		}
	}
	return "", nil, registry.ErrNoSuchImage
}

func (a *archive) Close() { a.file.Close() }

func (a *archive) failed(err error) error {
	var e *system.Error
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, new(*oci.Mismatch)):
		return system.Mismatch("archive %s", a.name).Because(err).Suggest("do not use it: it does not contain what was packed")
	case errors.As(err, &e):
		return placed("archive "+a.name, e)
	}
	return system.Unusable("archive %s", a.name).Because(err).Suggest("pack the image again")
}

// write writes a graph into an archive. The same graph and name give the same bytes.
func (g *graph) write(ctx context.Context, s store, file, name string) error {
	if err := outputfile.Check(file); err != nil {
		return err
	}
	if free, err := freeBytes(filepath.Dir(file)); err == nil && g.size() > free {
		return system.Unusable("the archive needs %d bytes, but the disk has %d bytes left", g.size(), free).Suggest("make room, or use another disk")
	}
	index, err := g.index(name)
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(file, 0o644)
	if err != nil {
		return unwritable(file, err)
	}
	defer f.Close()
	local := &faulty{w: f}
	w := tar.NewWriter(local)
	if err := g.entries(ctx, s, w, index); err != nil {
		if local.err != nil {
			return unwritable(file, local.err)
		}
		return err
	}
	if err := w.Close(); err != nil {
		return unwritable(file, err)
	}
	if err := f.Commit(); err != nil {
		return unwritable(file, err)
	}
	return nil
}

func unwritable(file string, err error) error {
	return system.Unusable("cannot write %s", file).Because(outputfile.Cause(err)).Suggest("give a file that can be written")
}

// index is the content of the index of an archive.
func (g *graph) index(name string) ([]byte, error) {
	names := map[string]string{g.root: name}
	for tag, digest := range g.tags {
		names[digest] = tag
	}
	var list []listed
	for _, n := range g.nodes {
		d := n.listed
		if names[d.Digest] != "" {
			d.Annotations = map[string]string{refNameAnnotation: names[d.Digest]}
		}
		list = append(list, d)
	}
	slices.SortStableFunc(list, func(a, b listed) int { // the image first
		switch {
		case a.Digest == b.Digest:
			return 0
		case a.Digest == g.root:
			return -1
		case b.Digest == g.root:
			return 1
		}
		return strings.Compare(a.Digest, b.Digest)
	})
	return marshalList(list)
}

// entries writes the files of the layout, in the order of their names.
func (g *graph) entries(ctx context.Context, s store, w *tar.Writer, index []byte) error {
	add := func(name string, size int64, from io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)}); err != nil {
			return err
		}
		_, err := io.Copy(w, from)
		return err
	}
	if err := errors.Join(
		add(layoutFile, int64(len(layoutContent)), strings.NewReader(layoutContent)),
		add(indexFile, int64(len(index)), bytes.NewReader(index))); err != nil {
		return err
	}
	type entry struct {
		oci.Descriptor
		raw []byte
	}
	var all []entry
	for _, n := range g.nodes {
		all = append(all, entry{oci.Descriptor{Digest: n.Digest, Size: n.Size}, n.raw})
	}
	for _, d := range g.blobs {
		all = append(all, entry{Descriptor: d})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.Digest, b.Digest) })
	for _, e := range all {
		from := io.NopCloser(bytes.NewReader(e.raw))
		if e.raw == nil {
			rc, err := s.open(ctx, e.Descriptor, 0)
			if err != nil {
				return err
			}
			from = oci.NewChecker(rc, e.Descriptor)
		}
		err := add(blobFolder+"/"+digests.Hex(e.Digest), e.Size, from)
		if err = errors.Join(err, from.Close(), ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}
