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

// inventory passes over each distinct image once, several at a time. An image
// that cannot be read does not keep the others from being looked at: one run
// names all that are bad, in the order of the system.
// Where recall is set, one that the cache knows is only verified.
func inventory(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, recall bool, o CheckOptions) error {
	var mu sync.Mutex
	say := func(c *system.Component) {
		mu.Lock()
		defer mu.Unlock()
		o.Progress.say(Inventory, c.ID())
	}
	seen := map[string]bool{}
	var g errgroup.Group
	g.SetLimit(max(o.Resolve.Jobs, 1))
	errs := make([]error, len(r.OS.Components))
	for i, c := range r.OS.Components {
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
	g.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return component.Join(errs)
}

// look passes over one image, or proves that its bytes are those that were
// looked at before.
func look(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, c *system.Component, recall bool, say func(*system.Component)) error {
	if recall && scan.Recall(c.Image, reading(r.OS, c)) {
		return r.Store.Verify(ctx, c.Image)
	}
	say(c)
	for {
		sink, err := scannerSink(ctx, scan, r.OS, c)
		if err != nil {
			return err
		}
		if err := pass(ctx, r, scan, c, sink); !errors.Is(err, component.ErrAgain) {
			return err
		}
	}
}

// assemble passes over the images in tree order, each pass driving the scanner
// and the writers of the formats at once. It returns the files written to dir.
func assemble(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, o BuildOptions, dir string) ([]string, error) {
	links := new(rootfs.Links)
	for {
		files, err := assembleOnce(ctx, r, scan, o, dir, links)
		switch {
		case errors.Is(err, component.ErrAgain):
			// What was written of that image is void. Such images are rare, and
			// the others' inventories are kept.
			if err := foresee(ctx, r, o.Resolve.Jobs); err != nil {
				return nil, err
			}
		case !errors.Is(err, rootfs.ErrAgain):
			return files, err
		}
		if err := removeImage(dir, r.OS.Name); err != nil {
			return nil, err
		}
	}
}

// removeImage removes what was written of an image.
func removeImage(dir, stem string) error {
	for _, f := range image.Files(stem) {
		if err := os.Remove(filepath.Join(dir, f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// foresee reads the images without a sink, so that no further one makes the
// assembly start again. What is wrong with them, the assembly says.
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

func assembleOnce(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, o BuildOptions, dir string, links *rootfs.Links) ([]string, error) {
	set, err := image.New(o.Formats, image.Options{Dir: dir, Stem: r.OS.Name, Time: o.Time})
	if err != nil {
		return nil, err
	}
	files, err := func() ([]string, error) {
		tree := rootfs.New(r.OS, set, links, o.Resolve.TempDir)
		if err := tree.Begin(); err != nil {
			return nil, err
		}
		scanned := map[string]bool{}
		for _, c := range rootfs.Passes(r.OS) {
			o.Progress.say(Assemble, c.ID())
			if err := assembleOne(ctx, r, scan, tree, c, scanned); err != nil {
				return nil, at(c, err)
			}
			if c.Section == system.SectionKernel {
				if err := set.Kernel(image.Kernel{Zstd: scan.Kernel().Config.Options["CONFIG_RD_ZSTD"] == "y"}); err != nil {
					return nil, err
				}
			}
		}
		if err := assembleVolumes(ctx, r, scan, tree, scanned); err != nil {
			return nil, err
		}
		if err := tree.End(); err != nil {
			return nil, err
		}
		return set.Close()
	}()
	if err != nil {
		set.Abort()
		return nil, err
	}
	return files, nil
}

// assembleOne gives one image to the tree, and to the scanner if it has not
// seen its bytes yet, in this run or an earlier one.
func assembleOne(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, tree *rootfs.Tree, c *system.Component, scanned map[string]bool) error {
	sink, err := tree.Sink(c)
	if err != nil {
		return err
	}
	sinks := []system.Sink{sink}
	if !scanned[c.Image.Manifest] {
		scanned[c.Image.Manifest] = true
		s, err := scannerSink(ctx, scan, r.OS, c)
		if err != nil {
			return err
		}
		if s != nil {
			sinks = append(sinks, s)
		}
	}
	return pass(ctx, r, scan, c, sinks...)
}

// assembleVolumes writes the volumes that hold an OCI layout: their blobs go
// in as they are, while the scanner looks into the image.
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
			continue // the layout's writer has hashed its blobs
		}
		if err := pass(ctx, r, scan, c, s); err != nil {
			return at(c, err)
		}
	}
	return nil
}

// scannerSink is the scanner's part in a pass; nil where it knows the image.
func scannerSink(ctx context.Context, scan *scanner.Scanner, os *system.OS, c *system.Component) (system.Sink, error) {
	how := reading(os, c)
	if scan.Recall(c.Image, how) {
		return nil, nil
	}
	return scan.Sink(ctx, c.Image, how)
}

// reading is how a component's image is read: by its section.
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

// pass reads one image into the sinks, and once more where the scanner saw only
// in the end which contents it wants. Where it must be read again as a whole, the
// scanner is ready for that.
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
