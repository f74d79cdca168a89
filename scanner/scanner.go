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
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
	"github.com/seaworthy-os/seaworthy/scanner/kernel"
	"github.com/seaworthy-os/seaworthy/scanner/programs"
	"github.com/seaworthy-os/seaworthy/scanner/sbom"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// Options of a Scanner; the zero value is useful.
type Options struct {
	// TempDir is where files without a name hold what does not fit in memory;
	// "" is the system's folder for temporary files.
	TempDir string
	// Created is the time that documents carry; the zero time is 1970.
	Created time.Time
	// Version of this program, for documents.
	Version string
	// Jobs bounds how many images are cataloged at once; 0 is the number of
	// processors.
	Jobs int
	// Documents asks for the SBOMs too.
	Documents bool
	// Cache keeps what was found in images; the zero value keeps nothing.
	Cache Cache
}

// Scanner collects what is to be known about one system. Its methods may be
// called at the same time.
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
	kernel  *kernel.Sink // nil but for the kernel
	started bool
	// rest is what a second pass has to keep, until it is asked for.
	rest system.Sink
	// recalled: found comes from the cache, and there was no pass.
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

// observation is what the bytes of one image say, whichever system it is part
// of.
type observation struct {
	SBOM   facts.SBOM      `json:"sbom"`
	Files  facts.Inventory `json:"files"`
	Kernel *facts.Kernel   `json:"kernel,omitempty"` // nil but for the kernel
	// Paths answers the questions of Reading.
	Paths map[string]programs.Found `json:"paths,omitempty"`
	// Documents are nil where they were not asked for.
	Documents *sbom.Documents `json:"documents,omitempty"`
}

// New returns a Scanner. Close must be called.
func New(o Options) *Scanner {
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Scanner{opts: o, ctx: ctx, stop: stop, slots: make(chan struct{}, o.Jobs), scans: map[string]*scan{}}
}

// Close ends what still runs and frees what it holds. Facts that were returned
// stay.
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

// Reading is how the pass reads an image, where that changes what is found.
type Reading struct {
	// Kernel is the kernel's path in the image, "" unless img is the kernel's.
	Kernel string
	// Nested are the archives that the pass takes apart too.
	Nested []string
	// Devices: device nodes are let through, as in init images alone.
	Devices bool
	// Root: the image's files become those of the host's root.
	Root bool
	// Asked are paths of the image that facts are wanted of, sorted: see
	// Questions.
	Asked []string
}

// Sink returns what the pass over img is to drive. A second sink for the same
// manifest takes nothing. The catalogers, which Finish starts, outlive ctx:
// Close ends them.
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
	s.scans[img.Manifest] = c
	return &sink{s: s, scan: c}, nil
}

// Forget drops what an unfinished pass over img gave, so that another one can
// start. A pass that has finished stays.
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

// Recall tells whether the cache holds what a pass over img would find; then
// there is no need of one.
func (s *Scanner) Recall(img *system.Image, how Reading) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scans[img.Manifest] != nil {
		return true
	}
	found, ok := s.load(s.key(img, how))
	if !ok || (found.Kernel != nil) != (how.Kernel != "") || (found.Documents != nil) != s.opts.Documents {
		return false
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

// Kernel is what the kernel's image says, without the package that it comes
// from, which the catalogers find out. It waits until the kernel is read; the
// sink's Finish must have been called. Without a kernel it is the zero value.
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

// Again gives the sink of a second pass over an image, nil where one was enough.
// A pass over img must have ended; the catalogers start when the second one has.
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

// sink drives the parts over one pass.
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

// Finish starts the catalogers, unless they want a second pass. What they find
// wrong is told by Facts.
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

// work turns what the pass left into facts, and frees it.
func (s *Scanner) work(c *scan) {
	defer close(c.done)
	defer func() { c.err = errors.Join(c.err, c.free()) }()
	var result *kernel.Result
	var kernelErr error
	c.kernelGot = noKernel()
	if c.kernel != nil {
		// At once, before its turn: the format of the initrd hangs on it.
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
			Digest: result.Digest, Owned: result.Owned,
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
	}
	if c.err == nil {
		s.save(c.key, &c.found)
	}
}

// observe takes from the inventory what policies see.
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

// catalog runs the catalogers. One that a hostile image makes panic is an error
// of that image, not the end of the program.
func (s *Scanner) catalog(c *scan, req sbom.Request) (inv *sbom.Inventory, err error) {
	defer func() {
		if p := recover(); p != nil {
			inv, err = nil, fmt.Errorf("a cataloger failed: %v", p)
		}
	}()
	return c.sbom.Catalog(s.ctx, req)
}

// free lets go of what the pass left.
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

// unusable says that an image cannot be scanned.
func unusable(img *system.Image, err error) error {
	return system.Unusable("image %s cannot be scanned", img.Name).Because(err).
		Suggest("every component needs an SBOM: use an image that can be read, or report the image if it is well-formed")
}

// nothing is a sink that wants nothing.
type nothing struct{}

func (nothing) Entry(*system.Entry) (io.WriteCloser, error) { return nil, nil }
func (nothing) Finish() error                               { return nil }

// writers is a writer to several.
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
