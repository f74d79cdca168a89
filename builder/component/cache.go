package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// cache is an OCI layout that keeps blobs from registries. A blob is renamed into
// place after its digest has matched, so that readers and other processes see
// only complete blobs. It is verified again each time it is read.
type cache struct {
	dir string
	lim limits
}

func newCache(dir string, lim limits) *cache { return &cache{dir, lim} }

func (c *cache) find(ctx context.Context, r oci.Reference) (*place, error) {
	if !isLayout(c.dir) {
		return nil, errNotFound
	}
	// Read the index each time: another process may have added to it.
	l := newLayout(c.dir, c.lim)
	l.from = "cache"
	return l.find(ctx, r)
}

// open opens a blob, or returns fs.ErrNotExist.
func (c *cache) open(d oci.Descriptor) (io.ReadCloser, error) {
	rc, _, err := folder(c.dir).open(blobPath(d.Digest))
	return rc, err
}

// tee returns rc, and keeps the bytes that are read from it if they match d.
func (c *cache) tee(rc io.ReadCloser, d oci.Descriptor) (io.ReadCloser, error) {
	to := filepath.Join(c.dir, filepath.FromSlash(blobPath(d.Digest)))
	err := os.MkdirAll(filepath.Dir(to), 0o755)
	if err == nil {
		var f *atomicfile.File
		if f, err = atomicfile.Create(to, 0o644); err == nil {
			return &teeBlob{rc: rc, f: f}, nil
		}
	}
	rc.Close()
	return nil, fmt.Errorf("cache: %w", err)
}

type teeBlob struct {
	rc io.ReadCloser
	f  *atomicfile.File
}

func (t *teeBlob) Read(p []byte) (int, error) {
	n, err := t.rc.Read(p)
	if _, werr := t.f.Write(p[:n]); werr != nil {
		return n, fmt.Errorf("cache: %w", werr)
	}
	return n, err
}

func (t *teeBlob) Verified() error {
	if err := t.f.Commit(); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

func (t *teeBlob) Close() error {
	t.f.Close()
	return t.rc.Close()
}

// name records in index.json that a reference means d.
func (c *cache) name(name string, d oci.Descriptor) error {
	if err := c.setName(name, d); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

func (c *cache) setName(name string, d oci.Descriptor) error {
	unlock, err := lockedfile.MutexAt(filepath.Join(c.dir, "index.lock")).Lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := atomicfile.Write(filepath.Join(c.dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return err
	}
	names := map[string][]oci.Descriptor{}
	raw, err := readFile(folder(c.dir), "index.json", c.lim.manifest)
	if err == nil {
		names, _, err = parseLayoutIndex(raw)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old := names[name]; len(old) == 1 && old[0].Digest == d.Digest {
		return nil
	}
	names[name] = []oci.Descriptor{d}
	type entry struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int64             `json:"size"`
		Annotations map[string]string `json:"annotations"`
	}
	entries := []entry{}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		for _, d := range names[n] {
			entries = append(entries, entry{d.MediaType, d.Digest, d.Size, map[string]string{annotationRef: n}})
		}
	}
	out, err := json.MarshalIndent(map[string]any{"schemaVersion": 2, "mediaType": oci.TypeIndex, "manifests": entries}, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(c.dir, "index.json"), out, 0o644)
}

// upstream is one source: the cache, then the registry. A blob that the cache
// does not have comes from the registry. One of the two may be nil.
type upstream struct {
	cache    *cache
	registry *registry.Client
	fresh    bool // the registry is asked for tags
}

func (u *upstream) close() error {
	if u.registry != nil {
		u.registry.Close()
	}
	return nil
}

func (u *upstream) find(ctx context.Context, r oci.Reference) (*place, error) {
	ask := u.fresh && u.registry != nil && r.Digest == ""
	if u.cache != nil && !ask {
		p, err := u.cache.find(ctx, r)
		if err == nil {
			p.open, p.attached = u.opener(r, nil), u.asker(r)
			return p, nil
		}
		if !errors.Is(err, errNotFound) {
			return nil, err
		}
	}
	if u.registry == nil {
		return nil, errNotFound
	}
	d, raw, err := u.registry.Manifest(ctx, r)
	if errors.Is(err, registry.ErrNoSuchImage) && r.Tag != "" && r.Digest != "" {
		// A tag beside a digest is only a hint. It distinguishes an outdated lock
		// from an image that was removed.
		tagged := r
		tagged.Digest = ""
		if now, _, err := u.registry.Manifest(ctx, tagged); err == nil {
			return nil, system.Mismatch("registry %s no longer has %s: the tag %s is now %s", r.Registry, r.Digest, r.Tag, now.Digest).
				Suggest("run seaworthy lock, or write the new digest, to accept the change")
		}
	}
	if err != nil {
		return nil, err
	}
	p := &place{from: "registry", where: "registry " + r.Registry, roots: []oci.Descriptor{d}}
	p.open, p.attached = u.opener(r, map[string][]byte{d.Digest: raw}), u.asker(r)
	if u.cache != nil {
		named := r.Name
		if r.Digest != "" {
			// The digest of a lock does not define the tag for other builds.
			named = r.Registry + "/" + r.Repository + "@" + r.Digest
		}
		p.keep = func(d oci.Descriptor) error { return u.cache.name(named, d) }
	}
	return p, nil
}

// asker asks the registry for what is attached to a digest: the cache keeps only
// images.
func (u *upstream) asker(r oci.Reference) func(context.Context, string) ([]oci.Descriptor, error) {
	if u.registry == nil {
		return nil
	}
	return func(ctx context.Context, digest string) ([]oci.Descriptor, error) {
		return u.attached(ctx, r, digest)
	}
}

// opener reads from the cache, else from the registry into the cache. have
// contains manifests that were already read.
func (u *upstream) opener(r oci.Reference, have map[string][]byte) func(context.Context, oci.Descriptor) (io.ReadCloser, error) {
	return func(ctx context.Context, d oci.Descriptor) (io.ReadCloser, error) {
		if u.cache != nil {
			rc, err := u.cache.open(d)
			if err == nil || !errors.Is(err, fs.ErrNotExist) {
				return rc, err
			}
		}
		if u.registry == nil {
			return nil, fmt.Errorf("blob %s is not in the cache, and --offline forbids the registry", d.Digest)
		}
		var rc io.ReadCloser
		var err error
		if raw, ok := have[d.Digest]; ok {
			rc = memory(raw)
		} else if rc, err = u.registry.Open(ctx, r, d); err != nil {
			return nil, err
		}
		if u.cache == nil {
			return rc, nil
		}
		return u.cache.tee(rc, d)
	}
}
