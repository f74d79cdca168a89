package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/rootfs"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// inventory reads each distinct image once, several in parallel. An unreadable image
// does not stop the others: one run reports all unreadable images in the order of the
// system. If recall is set, an image whose inventory is in the cache is only
// verified.
func inventory(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, components []*system.Component, recall bool, o CheckOptions) error {
	var mu sync.Mutex
	say := func(c *system.Component) {
		mu.Lock()
		defer mu.Unlock()
		o.Progress.say(Inventory, c.ID())
	}
	seen := map[string]bool{}
	var g errgroup.Group
	g.SetLimit(max(o.Resolve.Jobs, 1))
	errs := make([]error, len(components))
	for i, c := range components {
		if c.Image == nil || seen[c.Image.Manifest] {
			continue
		}
		seen[c.Image.Manifest] = true
		g.Go(func() error {
			if err := look(ctx, r, scan, c, recall, say); err != nil {
				errs[i] = at(c, err)
			}
			return nil
		})
	}
	_ = g.Wait() // each goroutine has put its error in errs
	if err := ctx.Err(); err != nil {
		return err
	}
	return component.Join(errs)
}

// look reads one image. If recall is set and the inventory is in the cache, it only
// verifies that the bytes are the ones inventoried then.
//
// The cache is asked once: another run can fill it at any time.
func look(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, c *system.Component, recall bool, say func(*system.Component)) error {
	how := reading(r.OS, c)
	if recall && scan.Recall(c.Image, how) {
		return r.Store.Verify(ctx, c.Image)
	}
	say(c)
	for {
		sink, err := scan.Sink(ctx, c.Image, how)
		if err != nil {
			return err
		}
		if err := pass(ctx, r, scan, c, sink); !errors.Is(err, component.ErrAgain) {
			return err
		}
	}
}

// assembled holds the names of the written files, their stretches and the digests that
// are known, the words that the formats add to the command line, and the SBOMs: nil if
// none is inside the image.
type assembled struct {
	files      []string
	digests    map[string]string
	stretches  map[string][]image.Stretch
	parameters string
	documents  *scanner.Documents
	// set has written the files; nil if they are those of an earlier build.
	set *image.Set
}

// release closes what only set can still read.
func (a *assembled) release() {
	if a != nil && a.set != nil {
		a.set.Release()
	}
}

// assemble reads the images in tree order. Each pass feeds the scanner and the
// writers of the formats at once. Parts that only depend on unchanged images are
// copied from the earlier image. The files are written to dir.
func assemble(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, o BuildOptions, dir string, earlier map[string]image.Earlier) (*assembled, error) {
	links := new(rootfs.Links)
	for {
		made, err := assembleOnce(ctx, r, scan, o, image.Options{
			Dir: dir, Stem: r.OS.Name, Time: o.Time, Earlier: earlier, Arch: r.OS.Arch, Tools: o.Tools, Small: o.Small, Thorough: thorough(r.OS), SecureBoot: o.SecureBoot}, links)
		switch {
		case errors.Is(err, component.ErrAgain):
			// What was written of that image is invalid. Such images are rare, and
			// the inventories of the others are kept.
			if err := foresee(ctx, r, o.Resolve.Jobs); err != nil {
				return nil, err
			}
		case errors.Is(err, image.ErrDamaged):
			earlier = nil
		case !errors.Is(err, rootfs.ErrAgain):
			return made, err
		}
		if err := removeImage(dir, r.OS.Name); err != nil {
			return nil, err
		}
	}
}

// thorough: the layers of the system are so small that compressing them well takes
// little time: half a second more for 40 MiB.
func thorough(os *system.OS) bool {
	const most = 64 << 20
	var size int64
	seen := map[string]bool{}
	for _, c := range os.Components {
		if c.Image == nil || seen[c.Image.Manifest] {
			continue
		}
		seen[c.Image.Manifest] = true
		for _, l := range c.Image.Layers {
			size += l.Size
		}
	}
	return size <= most
}

// removeImage removes the written files of an image.
func removeImage(dir, stem string) error {
	for _, f := range image.Files(stem) {
		if err := os.Remove(filepath.Join(dir, f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// foresee reads the images without a sink, so that no other image makes the assembly
// start again. It ignores errors, because the assembly reports them.
func foresee(ctx context.Context, r *builder.Resolved, jobs int) error {
	var g errgroup.Group
	g.SetLimit(max(jobs, 1))
	for _, c := range r.OS.Components {
		if c.Image == nil || c.SharesFiles {
			continue
		}
		g.Go(func() error {
			_ = r.Store.Pass(ctx, c.Image, passOptions(r.OS, c))
			return ctx.Err()
		})
	}
	return g.Wait()
}

// assembly is one attempt to assemble a system.
type assembly struct {
	r    *builder.Resolved
	scan *scanner.Scanner
	o    BuildOptions
	tree *rootfs.Tree
	set  *image.Set
	// scanned holds the manifests of the images that were read. taken holds the
	// components whose part is copied from an earlier image.
	scanned map[string]bool
	taken   []*system.Component
	// documents are the SBOMs, nil until they are made.
	documents *scanner.Documents
}

func assembleOnce(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, o BuildOptions, io image.Options, links *rootfs.Links) (*assembled, error) {
	set, err := image.New(o.Formats, io)
	if err != nil {
		return nil, err
	}
	a := &assembly{r: r, scan: scan, o: o, set: set, tree: rootfs.New(r.OS, set, links, o.Resolve.TempDir), scanned: map[string]bool{}}
	files, err := a.run(ctx)
	if err != nil {
		set.Abort()
		return nil, err
	}
	return &assembled{files, set.Digests(), set.Stretches(), set.Parameters(), a.documents, set}, nil
}

func (a *assembly) run(ctx context.Context) ([]string, error) {
	if err := a.tree.Begin(); err != nil {
		return nil, err
	}
	for _, p := range rootfs.Parts(a.r.OS) {
		if err := a.part(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := a.verify(ctx); err != nil {
		return nil, err
	}
	if err := assembleVolumes(ctx, a.r, a.scan, a.tree, a.scanned); err != nil {
		return nil, err
	}
	if err := a.tree.End(); err != nil {
		return nil, err
	}
	if err := errors.Join(a.data(ctx), a.evidence(ctx)); err != nil {
		return nil, err
	}
	return a.set.Close()
}

// data writes the empty file system of the data partition into the image, if the
// command line asks for one.
func (a *assembly) data(ctx context.Context) (err error) {
	if _, asked := dataVolume(a.r.OS); !asked {
		return nil
	}
	dir, err := os.MkdirTemp(a.o.TempDir, "seaworthy-data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "data")
	if err := image.EmptyData(ctx, a.o.Tools, file, a.r.OS.Name, a.o.Time); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return a.tree.Data(image.DataPath, f, image.DataSize)
}

// evidence writes the SBOM of the system, and the index of its files, into the image.
// They are known when all images were read, so they come last.
func (a *assembly) evidence(ctx context.Context) (err error) {
	if a.o.NoSBOM {
		return nil
	}
	if a.documents, err = a.scan.Documents(ctx, a.r.OS); err != nil {
		return err
	}
	listings, err := a.scan.Listings(ctx, a.r.OS)
	if err != nil {
		return err
	}
	data, err := insideSBOM(a.documents.SPDX)
	if err != nil {
		return err
	}
	return a.tree.Evidence(insideName(a.r.OS.Name), data, listings)
}

// part writes a part: a copy from the earlier image, or the contents of its
// components.
func (a *assembly) part(ctx context.Context, p rootfs.Part) error {
	if p.Key != "" {
		c := p.Components[0]
		if err := a.tree.Above(c); err != nil {
			return err
		}
		taken, err := a.set.Part(c.ID(), p.Key)
		if err != nil {
			return at(c, err)
		}
		if taken {
			for _, c := range p.Components {
				a.o.Progress.say(Assemble, c.ID()+": unchanged since the last image")
			}
			a.taken = append(a.taken, p.Components...)
			return nil
		}
	}
	for _, c := range p.Components {
		a.o.Progress.say(Assemble, c.ID())
		if err := a.read(ctx, c); err != nil {
			return at(c, err)
		}
		if c.Section == system.SectionKernel {
			k := a.scan.Kernel()
			if err := a.set.Kernel(image.Kernel{Zstd: k.Config.Options["CONFIG_RD_ZSTD"] == "y", Version: k.Version, Options: k.Config.Options}); err != nil {
				return err
			}
		}
	}
	if p.Key == "" {
		return nil
	}
	return a.set.EndPart()
}

// verify verifies the bytes of the images whose parts were copied, several in
// parallel. The scanner reads the ones that it does not know.
func (a *assembly) verify(ctx context.Context) error {
	var left []*system.Component
	for _, c := range a.taken {
		if !a.scanned[c.Image.Manifest] {
			left = append(left, c)
		}
	}
	for _, c := range left {
		a.scanned[c.Image.Manifest] = true
	}
	return inventory(ctx, a.r, a.scan, left, true, a.o.CheckOptions)
}

// read passes one image to the tree, and to the scanner unless its inventory is known
// from this run or the cache.
func (a *assembly) read(ctx context.Context, c *system.Component) error {
	sink, err := a.tree.Sink(c)
	if err != nil {
		return err
	}
	sinks := []system.Sink{sink}
	if !a.scanned[c.Image.Manifest] {
		a.scanned[c.Image.Manifest] = true
		s, err := scannerSink(ctx, a.scan, a.r.OS, c)
		if err != nil {
			return err
		}
		if s != nil {
			sinks = append(sinks, s)
		}
	}
	return pass(ctx, a.r, a.scan, c, sinks...)
}

// assembleVolumes writes the volumes with an OCI layout. Their blobs are written
// unchanged, while the scanner reads the image.
func assembleVolumes(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, tree *rootfs.Tree, scanned map[string]bool) error {
	for _, c := range r.OS.InSection(system.SectionVolumes) {
		if c.Image == nil || c.Volume == nil || c.Volume.Format != "oci" {
			continue
		}
		if err := tree.OCIVolume(ctx, c, r.Store); err != nil {
			return at(c, err)
		}
		if scanned[c.Image.Manifest] {
			continue
		}
		scanned[c.Image.Manifest] = true
		s, err := scannerSink(ctx, scan, r.OS, c)
		if err != nil {
			return at(c, err)
		}
		if s == nil {
			continue // the writer of the layout has hashed its blobs
		}
		if err := pass(ctx, r, scan, c, s); err != nil {
			return at(c, err)
		}
	}
	return nil
}

// scannerSink returns the scanner's sink for a pass, or nil if the scanner knows the
// image.
func scannerSink(ctx context.Context, scan *scanner.Scanner, os *system.OS, c *system.Component) (system.Sink, error) {
	how := reading(os, c)
	if scan.Recall(c.Image, how) {
		return nil, nil
	}
	return scan.Sink(ctx, c.Image, how)
}

// reading says how the scanner reads a component's image, which depends on its
// section.
func reading(os *system.OS, c *system.Component) scanner.Reading {
	var how scanner.Reading
	switch c.Section {
	case system.SectionKernel:
		how.Kernel = os.Kernel.Binary
		if os.Kernel.Tar != "" {
			how.Nested = []string{os.Kernel.Tar}
		}
	case system.SectionInit:
		how.Devices = true
	}
	for _, other := range os.Components {
		if other.Image != nil && other.Image.Manifest == c.Image.Manifest {
			how.Root = how.Root || other.Section == system.SectionInit
			how.Asked = append(how.Asked, scanner.Questions(other)...)
		}
	}
	slices.Sort(how.Asked)
	how.Asked = slices.Compact(how.Asked)
	return how
}

func passOptions(os *system.OS, c *system.Component) component.PassOptions {
	how := reading(os, c)
	return component.PassOptions{Nested: how.Nested, Devices: how.Devices}
}

// pass reads one image into the sinks. It reads the image a second time if the
// scanner learned only at the end which contents it needs, or if the whole image must
// be read again.
func pass(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, c *system.Component, sinks ...system.Sink) error {
	o := passOptions(r.OS, c)
	err := r.Store.Pass(ctx, c.Image, o, sinks...)
	if err == nil {
		if again := scan.Again(c.Image); again != nil {
			err = r.Store.Pass(ctx, c.Image, o, again)
		}
	}
	if errors.Is(err, component.ErrAgain) {
		if ferr := scan.Forget(c.Image); ferr != nil {
			return ferr
		}
	}
	return err
}
