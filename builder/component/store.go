package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/component/layer"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/keyed"
)

// Options say where images are searched, and for which platform.
type Options struct {
	// Paths are searched first, in order: OCI layouts, folders of layouts,
	// archives (an OCI layout or the output of docker save, as tar, tar.gz,
	// tar.zst or tar.xz).
	Paths []string
	// Cache is the folder of an OCI layout that keeps images from registries;
	// "" keeps nothing. The folder is made when it is first needed. The
	// registry is not asked for a tag in the cache, except with Fresh.
	Cache string
	// Offline: no registry is asked.
	Offline bool
	// Arch is the Go name of the architecture; the platform is linux/Arch.
	Arch string
	// Locked maps full references to digests. If it is not nil, a reference
	// that is missing or has another digest is an ErrMismatch.
	Locked map[string]string
	// Pins maps full references to digests, for a build that is repeated. Other
	// references are found as usual. An image is not counted as locked.
	Pins map[string]string
	// Insecure reports whether a registry (HOST or HOST:PORT) may be asked over
	// plain HTTP; nil: none may. A loopback registry always may.
	Insecure func(host string) bool
	// RedirectTo are the hosts, addresses and networks (HOST, HOST:PORT, IP,
	// CIDR) on this machine or its network to which a registry may redirect. A
	// registry that a reference names needs no entry.
	RedirectTo []string
	// Fresh: the registry is asked for each tag, even if the cache has it.
	Fresh bool
	// TempDir holds content that waits, in files without a name; "" is
	// os.TempDir().
	TempDir string
}

// Store finds and reads images. Its methods may be called concurrently.
type Store struct {
	opt     Options
	limits  limits
	sources []source

	// images holds the results of Find by full reference: within one Store a tag
	// means one digest.
	images keyed.Map[*system.Image]

	mu     sync.Mutex
	places map[string]*place // by full reference and manifest digest
}

// source is a place that may contain an image.
type source interface {
	// find locates the image; errNotFound if the source does not have it.
	find(ctx context.Context, r oci.Reference) (*place, error)
	close() error
}

// place is where one image was found.
type place struct {
	// from is the value of Image.From; where is for messages.
	from, where string
	// roots are the descriptors that the reference names: one, or one per
	// platform if a layout lists several under one name.
	roots []oci.Descriptor
	// open returns the bytes of a blob as they are stored, unverified.
	open func(context.Context, oci.Descriptor) (io.ReadCloser, error)
	// attached lists the manifests that describe a digest; nil if the source
	// cannot be asked.
	attached func(ctx context.Context, digest string) ([]oci.Descriptor, error)
	// keep, if it is not nil, records that the name means this blob. It is
	// called after index, manifest and config have been verified.
	keep func(oci.Descriptor) error

	// layers reads the layers of the image that was found here.
	layers *layer.Image

	mu    sync.Mutex
	blobs map[string]oci.Descriptor // what Blob may read
}

func (p *place) known(digest string) oci.Descriptor {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blobs[digest]
}

// Open checks the options, and that the paths exist. It reads no image.
func Open(o Options) (*Store, error) {
	s := &Store{opt: o, limits: defaultLimits(), places: map[string]*place{}}
	var errs []error
	if o.Arch == "" {
		errs = append(errs, system.BadInput("no architecture is given").Suggest("give --arch"))
	}
	for _, p := range o.Paths {
		sources, err := s.openPath(p)
		if err != nil {
			errs = append(errs, err)
		}
		s.sources = append(s.sources, sources...)
	}
	remote, err := o.registry()
	if err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Offline {
		remote = nil
	}
	var c *cache
	if o.Cache != "" {
		c = newCache(o.Cache, s.limits)
	}
	if c != nil || remote != nil {
		s.sources = append(s.sources, &upstream{cache: c, registry: remote, fresh: o.Fresh})
	}
	return s, nil
}

// openPath returns the sources at one path of the options.
func (s *Store) openPath(p string) ([]source, error) {
	bad := func(format string, args ...any) error {
		return system.BadInput("components %q: "+format, append([]any{p}, args...)...).
			Suggest("give --components an OCI layout, a folder of layouts, or an archive")
	}
	st, err := os.Stat(p)
	if err != nil {
		return nil, bad("%v", errors.Unwrap(err))
	}
	if st.Mode().IsRegular() {
		return []source{newArchive(p, s.opt.TempDir, s.limits)}, nil
	}
	if !st.IsDir() {
		return nil, bad("is not a folder or a regular file")
	}
	if isLayout(p) {
		return []source{newLayout(p, s.limits)}, nil
	}
	dirs, err := os.ReadDir(p)
	if err != nil {
		return nil, bad("%v", err)
	}
	var out []source
	for _, d := range dirs {
		if sub := p + string(os.PathSeparator) + d.Name(); isLayout(sub) {
			out = append(out, newLayout(sub, s.limits))
		}
	}
	if len(out) == 0 {
		return nil, bad("contains no index.json, and neither do its subfolders")
	}
	return out, nil
}

// Close frees archives and connections. Images of this store can no longer be
// read.
func (s *Store) Close() error {
	var errs []error
	for _, src := range s.sources {
		errs = append(errs, src.close())
	}
	return errors.Join(errs...)
}

// Find resolves a reference: it reads and verifies index, manifest and config,
// but no layer. pos is the place of the reference in os.yml, for errors. A
// malformed reference is an ErrInput. Bytes that differ from their digest, or a
// digest that differs from the lock, are an ErrMismatch. Every other error is an
// ErrUnusable. A reference gives the same image as long as the Store is open.
func (s *Store) Find(ctx context.Context, reference string, pos system.Position) (*system.Image, error) {
	r, err := oci.ParseReference(reference)
	if err != nil {
		return nil, system.BadInput("image %s", err).At(pos)
	}
	found, unlock := s.images.Lock(r.Name)
	defer unlock()
	if *found == nil {
		if *found, err = s.find(ctx, r); err != nil {
			return nil, imageError(reference, pos, err)
		}
	}
	img := **found
	img.Reference = reference
	return &img, nil
}

func (s *Store) find(ctx context.Context, r oci.Reference) (*system.Image, error) {
	locked, err := s.locked(r)
	if err != nil {
		return nil, err
	}
	p, err := s.locate(ctx, r, locked)
	if err != nil {
		return nil, err
	}
	img, err := s.resolve(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.where, err)
	}
	if locked != "" && img.Digest != locked {
		return nil, lockMismatch(locked, img.Digest, p.where)
	}
	if p.keep != nil {
		if err := p.keep(p.known(img.Digest)); err != nil {
			return nil, err
		}
	}
	img.Name, img.Pinned, img.Locked, img.From = r.Name, r.Digest != "", s.opt.Locked != nil, p.from
	p.layers = &layer.Image{Layers: img.Layers, Limits: s.limits.Limits, TempDir: s.opt.TempDir,
		Open: func(ctx context.Context, l system.LayerBlob) (io.ReadCloser, error) { return p.open(ctx, stored(l)) }}
	s.mu.Lock()
	s.places[placeKey(img)] = p
	s.mu.Unlock()
	return img, nil
}

// locked is the digest that the lock has for r, or without a lock that of the pins;
// "" if there is none.
func (s *Store) locked(r oci.Reference) (string, error) {
	if s.opt.Locked == nil {
		return s.opt.Pins[r.Name], nil
	}
	d := s.opt.Locked[r.Name]
	switch {
	case d == "":
		return "", system.Mismatch("not in the lock").Suggest("run seaworthy lock, and review the changes")
	case !digests.Valid(d):
		return "", system.BadInput("the lock has %q, which is not a digest", d).Suggest("run seaworthy lock")
	case r.Digest != "" && r.Digest != d:
		return "", lockMismatch(d, r.Digest, "os.yml")
	}
	return d, nil
}

func lockMismatch(locked, got, where string) error {
	return system.Mismatch("the lock has the digest %s, but %s has %s", locked, where, got).
		Suggest("run seaworthy lock to accept the change, or restore the locked image")
}

// locate asks the sources in order. Layouts and archives are asked by name, so
// that a changed component is noticed. The cache and the registry are asked by
// the locked digest: the lock protects against a tag that moves there.
func (s *Store) locate(ctx context.Context, r oci.Reference, locked string) (*place, error) {
	for _, src := range s.sources {
		ask := r
		if _, ok := src.(*upstream); ok && locked != "" {
			ask.Digest = locked
		}
		p, err := src.find(ctx, ask)
		if errors.Is(err, errNotFound) {
			continue
		}
		if err != nil {
			if _, ok := src.(*upstream); ok && len(s.opt.Paths) > 0 {
				err = fmt.Errorf("not in %s; %w", strings.Join(s.opt.Paths, ", "), err)
			}
			return nil, err
		}
		p.blobs = map[string]oci.Descriptor{}
		return p, nil
	}
	return nil, s.notFound(r)
}

// maxNames is the number of names that an error lists from a layout.
const maxNames = 8

// notFound returns the error for an image that no source has. It is used only
// offline: a registry has its own errors. The error lists the images of the
// layouts.
func (s *Store) notFound(r oci.Reference) error {
	looked := append([]string{}, s.opt.Paths...)
	if s.opt.Cache != "" {
		looked = append(looked, "the cache "+s.opt.Cache)
	}
	next := "give --components a layout or archive that contains the image, or leave out --offline"
	what := "not found"
	if len(looked) > 0 {
		what += " in " + strings.Join(looked, ", ")
	}
	what += "; the registry was not asked (--offline)"
	for _, src := range s.sources {
		l, ok := src.(*layout)
		if a, isArchive := src.(*archive); isArchive {
			l, ok = a.src.(*layout)
		}
		if !ok {
			continue
		}
		if d := l.tagOnly(r.Tag); d != "" {
			return system.Unusable("%s", what).
				Suggest("%s contains an image whose name is only the tag %q: write %s/%s@%s, or copy the image there under its full name", l.where, r.Tag, r.Registry, r.Repository, d)
		}
		if len(l.named) > 0 {
			next += fmt.Sprintf("; %s contains %s", l.where, some(l.named))
		}
		if list := l.unnamed(); len(list) == 1 {
			next += fmt.Sprintf("; %s contains an image without a name: write %s/%s@%s, or name the image", l.where, r.Registry, r.Repository, list[0])
		} else if len(list) > 1 {
			next += fmt.Sprintf("; %s contains images without a name: write %s/%s@DIGEST with one of %s", l.where, r.Registry, r.Repository, some(list))
		}
	}
	return system.Unusable("%s", what).Suggest("%s", next)
}

// some quotes the first names of a list.
func some(list []string) string {
	names := fmt.Sprintf("%.80q", list[:min(len(list), maxNames)])
	if len(list) > maxNames {
		names = strings.TrimSuffix(names, "]") + fmt.Sprintf(" and %d more]", len(list)-maxNames)
	}
	return names
}

func placeKey(img *system.Image) string { return img.Name + " " + img.Manifest }

func (s *Store) place(img *system.Image) (*place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.places[placeKey(img)]; p != nil {
		return p, nil
	}
	return nil, imageError(img.Reference, system.Position{}, errors.New("was not found by this store"))
}

// imageError adds the name of the image and the place in os.yml to err. The kind
// of the cause stays; without one it is ErrUnusable.
func imageError(reference string, pos system.Position, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	kind := system.ErrUnusable
	for _, k := range []error{system.ErrMismatch, system.ErrInput} {
		if errors.Is(err, k) {
			kind = k
		}
	}
	next := ""
	if e := (*system.Error)(nil); errors.As(err, &e) {
		next = e.Next
	}
	if next == "" {
		next = nextForImage(err, kind)
	}
	return &system.Error{Kind: kind, Pos: pos, What: fmt.Sprintf("image %q", reference), Next: next, Err: err}
}

// nextForImage is the next step for a cause without one.
func nextForImage(err, kind error) string {
	switch {
	case errors.As(err, new(*layer.EntryError)):
		return "build the image without this entry, or use another image"
	case errors.Is(kind, system.ErrMismatch):
		return "get the image again from its publisher: these bytes do not match its digest"
	}
	return "build or get the image again, or use another image"
}
