package scanner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
	"github.com/seaworthy-os/seaworthy/scanner/kernel"
	"github.com/seaworthy-os/seaworthy/scanner/programs"
	"github.com/seaworthy-os/seaworthy/scanner/sbom"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// Options of a Scanner; the zero value is useful.
type Options struct {
	// TempDir is the folder for temporary files without a name, which hold data
	// that does not fit in memory. "" is the system's folder for temporary
	// files.
	TempDir string
	// Created is the creation time in the documents; the zero time is 1970.
	Created time.Time
	// Version of this program, in the documents.
	Version string
	// Jobs is the highest number of images that are cataloged at the same time;
	// 0 is the number of processors.
	Jobs int
	// Documents requests the SBOM documents and the list of all files too.
	Documents bool
	// Cache stores what was found in images; the zero value stores nothing.
	Cache Cache
	// Shared stores the same for several machines; nil stores nothing.
	Shared Shared
}

// Scanner collects the facts about one system. Its methods may be called
// concurrently.
type Scanner struct {
	opts  Options
	ctx   context.Context
	stop  context.CancelFunc
	slots chan struct{}

	mu     sync.Mutex
	scans  map[string]*scan // by manifest
	kernel *scan
}

// scan is the work on one image.
type scan struct {
	img     *system.Image
	tree    *tree.Tree
	sbom    *sbom.Collector
	files   *files.Sink
	heads   *programs.Sink
	kernel  *kernel.Sink // nil, except for the kernel
	listing *listing     // nil if no documents were requested
	started bool
	// rest is the sink for a second pass, until Again returns it.
	rest system.Sink
	// recalled: found is from the cache, without a pass.
	recalled bool
	key      string
	asked    []string
	root     bool

	// Set before kernelRead is closed.
	kernelRead chan struct{}
	kernelGot  facts.Kernel
	// Set before done is closed.
	done  chan struct{}
	found observation
	err   error
}

// observation is what was found in the bytes of one image. It does not depend
// on the system that uses the image.
type observation struct {
	SBOM   facts.SBOM      `json:"sbom"`
	Files  facts.Inventory `json:"files"`
	Kernel *facts.Kernel   `json:"kernel,omitempty"` // nil but for the kernel
	// Paths answers the questions of Reading.
	Paths map[string]programs.Found `json:"paths,omitempty"`
	// Documents and Listing are nil if they were not requested.
	Documents *sbom.Documents `json:"documents,omitempty"`
	Listing   *whence.Listing `json:"listing,omitempty"`
}

// New returns a Scanner. Close must be called.
func New(o Options) *Scanner {
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Scanner{opts: o, ctx: ctx, stop: stop, slots: make(chan struct{}, o.Jobs), scans: map[string]*scan{}}
}

// Close stops running work and frees all resources. Returned facts stay valid.
func (s *Scanner) Close() error {
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, c := range s.scans {
		if c.started {
			<-c.done
		} else {
			errs = append(errs, c.free())
		}
	}
	return errors.Join(errs...)
}

// Reading describes how the pass reads an image, as far as it changes the
// results.
type Reading struct {
	// Kernel is the kernel's path in the image, "" unless img is the kernel's.
	Kernel string
	// Nested are the archives that the pass unpacks too.
	Nested []string
	// Devices: device nodes are accepted, as only in init images.
	Devices bool
	// Root: the image's files become those of the host's root.
	Root bool
	// Asked are the paths of the image that the facts need, sorted: see
	// Questions.
	Asked []string
}

// Sink returns the sink for the pass over img. A second sink for the same
// manifest ignores everything. Finish starts the catalogers, which continue
// after ctx ends; Close stops them.
func (s *Scanner) Sink(ctx context.Context, img *system.Image, how Reading) (system.Sink, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scans[img.Manifest] != nil {
		return nothing{}, nil
	}
	t := tree.New()
	c := &scan{
		img: img, key: s.key(img, how), tree: t, sbom: sbom.NewCollector(t, s.opts.TempDir), files: files.NewSink(t),
		heads: programs.NewSink(t), asked: how.Asked, root: how.Root,
		kernelRead: make(chan struct{}), done: make(chan struct{}),
	}
	if how.Kernel != "" {
		c.kernel = kernel.NewSink(t, how.Kernel, s.opts.TempDir)
		s.kernel = c
	}
	if s.opts.Documents {
		c.listing = newListing()
	}
	s.scans[img.Manifest] = c
	return &sink{s: s, scan: c}, nil
}

// Forget discards the results of an unfinished pass over img, so that another
// pass can start. A finished pass stays.
func (s *Scanner) Forget(img *system.Image) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.scans[img.Manifest]
	if c == nil || c.started {
		return nil
	}
	delete(s.scans, img.Manifest)
	return c.free()
}

// Recall reports whether the cache has the results of a pass over img. Then no
// pass is needed.
func (s *Scanner) Recall(img *system.Image, how Reading) bool {
	s.mu.Lock()
	known := s.scans[img.Manifest] != nil
	s.mu.Unlock()
	if known {
		return true
	}
	found, ok := s.load(img, s.key(img, how))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scans[img.Manifest] != nil {
		return true
	}
	if !ok || (found.Kernel != nil) != (how.Kernel != "") || (found.Documents != nil) != s.opts.Documents || (found.Listing != nil) != s.opts.Documents {
		return false
	}
	if found.Documents != nil {
		var err error
		if found.Documents, err = found.Documents.At(s.opts.Created); err != nil {
			return false
		}
	}
	c := &scan{img: img, started: true, recalled: true, found: found, kernelRead: make(chan struct{}), done: make(chan struct{})}
	if found.Kernel != nil {
		c.kernelGot = *found.Kernel
		s.kernel = c
	}
	close(c.kernelRead)
	close(c.done)
	s.scans[img.Manifest] = c
	return true
}

// Kernel is what was found in the kernel's image, except for its package, which
// the catalogers find later. Kernel waits until the kernel is read; the sink's
// Finish must have been called. Without a kernel it is the zero value.
func (s *Scanner) Kernel() facts.Kernel {
	s.mu.Lock()
	c := s.kernel
	ready := c != nil && c.started
	s.mu.Unlock()
	if !ready {
		return noKernel()
	}
	<-c.kernelRead
	return c.kernelGot
}

func noKernel() facts.Kernel {
	return facts.Kernel{Modules: []string{}, Config: facts.KernelConfig{Options: map[string]string{}}}
}

// Again returns the sink for a second pass over an image, nil if no second pass
// is needed. The first pass must have ended. The catalogers start after the
// second one.
func (s *Scanner) Again(img *system.Image) system.Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.scans[img.Manifest]
	if c == nil || c.rest == nil {
		return nil
	}
	again := &second{s: s, scan: c, Sink: c.rest}
	c.rest = nil
	return again
}

// second is the sink of a second pass.
type second struct {
	system.Sink
	s    *Scanner
	scan *scan
}

func (k *second) Entry(e *system.Entry) (io.WriteCloser, error) {
	w, err := k.Sink.Entry(e)
	if err != nil {
		return nil, unusable(k.scan.img, err)
	}
	return w, nil
}

func (k *second) Finish() error {
	k.s.start(k.scan)
	return nil
}

// sink passes one pass on to the parts.
type sink struct {
	s    *Scanner
	scan *scan
}

func (k *sink) Entry(e *system.Entry) (io.WriteCloser, error) {
	c := k.scan
	if err := c.tree.Add(e); err != nil {
		return nil, unusable(c.img, err)
	}
	parts := []system.Sink{c.sbom, c.files, c.heads}
	if c.kernel != nil {
		parts = append(parts, c.kernel)
	}
	if c.listing != nil {
		parts = append(parts, c.listing)
	}
	var to writers
	for _, p := range parts {
		w, err := p.Entry(e)
		if err != nil {
			return nil, unusable(c.img, err)
		}
		if w != nil {
			to = append(to, w)
		}
	}
	switch len(to) {
	case 0:
		return nil, nil
	case 1:
		return to[0], nil
	}
	return to, nil
}

// Finish starts the catalogers, unless they need a second pass. Facts returns
// their errors.
func (k *sink) Finish() error {
	rest := k.scan.sbom.Rest()
	if rest == nil {
		k.s.start(k.scan)
		return nil
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.scan.rest = rest
	return nil
}

func (s *Scanner) start(c *scan) {
	s.mu.Lock()
	c.started = true
	s.mu.Unlock()
	go s.work(c)
}

// work converts the results of the pass into facts, and frees them.
func (s *Scanner) work(c *scan) {
	defer close(c.done)
	defer func() { c.err = errors.Join(c.err, c.free()) }()
	var result *kernel.Result
	var kernelErr error
	c.kernelGot = noKernel()
	if c.kernel != nil {
		// Read the kernel immediately, before its turn: the format of the
		// initrd depends on it.
		if result, kernelErr = c.kernel.Read(); result != nil {
			c.kernelGot = result.Kernel
		}
	}
	close(c.kernelRead)
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.ctx.Done():
		c.err = s.ctx.Err()
		return
	}
	var err error
	c.files.ListLinks(c.root)
	if c.found.Files, err = c.files.Inventory(); err != nil {
		c.err = errors.Join(c.err, err)
	}
	if kernelErr != nil {
		c.err = errors.Join(c.err, kernelErr)
		return
	}
	req := sbom.Request{Image: c.img, TempDir: s.opts.TempDir}
	if result != nil {
		req.Kernel = &sbom.Kernel{
			Path: result.Binary, Version: result.Version, Arch: c.img.Config.Architecture,
			Digest: result.Digest, Owned: result.Owned, Evidence: result.Evidence,
		}
	}
	inventory, err := s.catalog(c, req)
	if err != nil {
		c.err = errors.Join(c.err, err)
		return
	}
	c.found.Paths = c.heads.Look(c.asked)
	c.observe(inventory)
	if s.opts.Documents {
		if c.found.Documents, err = inventory.Documents(s.stamp()); err != nil {
			c.err = errors.Join(c.err, err)
		}
		c.found.Listing = c.listing.list(inventory.Owner)
	}
	if c.err == nil {
		s.save(c.img, c.key, &c.found)
	}
}

// observe copies the parts of the inventory that policies use.
func (c *scan) observe(inv *sbom.Inventory) {
	c.found.SBOM = facts.SBOM{
		Present: true, Formats: []string{"CycloneDX-1.6", "SPDX-2.3"},
		Packages: inv.Packages, Distro: inv.Distro, Coverage: inv.Coverage, Unreadable: inv.UnreadablePaths(),
	}
	if c.kernel != nil {
		k := c.kernelGot
		k.Package = inv.KernelPackage
		c.found.Kernel = &k
	}
}

// catalog runs the catalogers. A hostile image that makes a cataloger panic
// causes an error for that image only.
func (s *Scanner) catalog(c *scan, req sbom.Request) (inv *sbom.Inventory, err error) {
	defer func() {
		if p := recover(); p != nil {
			inv, err = nil, fmt.Errorf("a cataloger failed: %v", p)
		}
	}()
	return c.sbom.Catalog(s.ctx, req)
}

// free frees the memory and files of the pass.
func (c *scan) free() error {
	if c.recalled {
		return nil
	}
	err := c.sbom.Close()
	if c.kernel != nil {
		err = errors.Join(err, c.kernel.Close())
	}
	return err
}

// unusable is the error for an image that cannot be scanned.
func unusable(img *system.Image, err error) error {
	return system.Unusable("image %s cannot be scanned", img.Name).Because(err).
		Suggest("use an image that can be read: every component must have an SBOM. If the image is well-formed, report the error")
}

// nothing is a sink that ignores everything.
type nothing struct{}

func (nothing) Entry(*system.Entry) (io.WriteCloser, error) { return nil, nil }
func (nothing) Finish() error                               { return nil }

// writers writes to several writers.
type writers []io.WriteCloser

func (w writers) Write(p []byte) (int, error) {
	for _, to := range w {
		if n, err := to.Write(p); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

func (w writers) Close() error {
	var errs []error
	for _, to := range w {
		errs = append(errs, to.Close())
	}
	return errors.Join(errs...)
}
