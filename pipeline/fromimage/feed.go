package fromimage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// feed gives entries to one sink, in the order that sinks expect.
type feed struct {
	sink system.Sink
	// dir is the folder in the image whose entries the sink gets.
	dir  string
	sent map[string]bool
}

// Scan gives the files of the image to the scanner.
func (im *Image) Scan(ctx context.Context, scan *scanner.Scanner) error {
	return im.scan(ctx, scan, func(*system.Component) bool { return true })
}

// ScanKernel does the same with the kernel, its modules and its configuration alone.
func (im *Image) ScanKernel(ctx context.Context, scan *scanner.Scanner) error {
	return im.scan(ctx, scan, func(c *system.Component) bool { return c.Section == system.SectionKernel })
}

func (im *Image) scan(ctx context.Context, scan *scanner.Scanner, wanted func(*system.Component) bool) error {
	sinks := func(c *system.Component) (system.Sink, error) {
		if !wanted(c) {
			return nil, nil
		}
		return scan.Sink(ctx, c.Image, reading(c, im.os.Components))
	}
	if err := im.pass(ctx, sinks); err != nil {
		return err
	}
	// The scanner may learn only at the end which contents it needs.
	again := false
	rest := map[*system.Component]system.Sink{}
	for _, c := range im.os.Components {
		if s := scan.Again(c.Image); wanted(c) && !c.SharesFiles && s != nil {
			rest[c], again = s, true
		}
	}
	if !again {
		return nil
	}
	return im.pass(ctx, func(c *system.Component) (system.Sink, error) { return rest[c], nil })
}

// pass reads the kernel and the root once. sinks may return nil.
func (im *Image) pass(ctx context.Context, sinks func(*system.Component) (system.Sink, error)) error {
	var kernel, root *feed
	containers := map[string]*feed{}
	var all []*feed
	for _, c := range im.os.Components {
		if c.SharesFiles {
			continue
		}
		s, err := sinks(c)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		f := &feed{sink: s, dir: c.FilesDir, sent: map[string]bool{}}
		all = append(all, f)
		switch c.Section {
		case system.SectionKernel:
			kernel = f
		case system.SectionInit:
			root = f
		default:
			containers[c.FilesDir] = f
		}
	}
	err := im.visit(ctx, []*place{im.kernel, im.root}, func(p *place, s *io.SectionReader) error {
		if p == im.kernel {
			if kernel == nil {
				return nil
			}
			return kernel.send(&system.Entry{Path: kernelPath, Type: system.TypeFile, Mode: 0o644, Size: s.Size()}, io.NewSectionReader(s, 0, s.Size()))
		}
		number := -1
		return inspect.Entries(p.item, s, func(e *system.Entry, body io.Reader) error {
			number++
			return im.tree.dispatch(e, number, body, kernel, root, containers)
		})
	})
	if err != nil {
		return system.Unusable("%s cannot be scanned", im.files[0].path).Because(err).Suggest("use an image that can be read")
	}
	for _, f := range all {
		if err := f.sink.Finish(); err != nil {
			return err
		}
	}
	return nil
}

// dispatch gives an entry to the sinks that it belongs to: that of a container, or
// those of the root and, for modules and configurations, of the kernel.
func (l *listing) dispatch(e *system.Entry, number int, body io.Reader, kernel, root *feed, containers map[string]*feed) error {
	if l.last[e.Path] != number {
		e.Shadowed = true
	}
	for dir := e.Path; dir != "."; dir = path.Dir(dir) {
		parent := path.Dir(dir)
		if t := l.types[parent]; parent != "." && t != 0 && t != system.TypeDir {
			return fmt.Errorf("/%s is below /%s, which is not a folder", e.Path, parent)
		}
	}
	if strings.HasPrefix(e.Path, "containers/") {
		for dir := e.Path; dir != "."; dir = path.Dir(dir) {
			if f := containers[dir]; f != nil {
				return l.give([]*feed{f}, e, body)
			}
		}
	}
	to := []*feed{root}
	if p := e.Path; strings.HasPrefix(p, "lib/modules") || strings.HasPrefix(p, "usr/lib/modules") || strings.HasPrefix(p, "boot") {
		to = append(to, kernel)
	}
	return l.give(to, e, body)
}

// give sends one entry to feeds, with the folders that come before it.
func (l *listing) give(to []*feed, e *system.Entry, body io.Reader) error {
	var open []io.WriteCloser
	var writers []io.Writer
	for _, f := range to {
		if f == nil {
			continue
		}
		inside := *e
		inside.Path = strings.TrimPrefix(strings.TrimPrefix(e.Path, f.dir), "/")
		if inside.Type == system.TypeHardlink {
			if inside.Link = strings.TrimPrefix(strings.TrimPrefix(e.Link, f.dir), "/"); !f.sent[inside.Link] {
				return fmt.Errorf("/%s is a second name of /%s, which is not in the same component", e.Path, e.Link)
			}
		}
		if inside.Path == "" {
			continue
		}
		if err := f.parents(l, inside.Path); err != nil {
			return err
		}
		if inside.Type == system.TypeDir && f.sent[inside.Path] {
			continue
		}
		w, err := f.enter(&inside)
		if err != nil {
			return err
		}
		if w != nil {
			open, writers = append(open, w), append(writers, w)
		}
	}
	if len(open) == 0 {
		return nil
	}
	_, err := io.CopyN(io.MultiWriter(writers...), body, e.Size)
	for _, w := range open {
		err = errors.Join(err, w.Close())
	}
	return err
}

// parents sends the folders of a path that were not sent yet.
func (f *feed) parents(l *listing, p string) error {
	parts := strings.Split(p, "/")
	for i := 1; i < len(parts); i++ {
		dir := strings.Join(parts[:i], "/")
		if f.sent[dir] {
			continue
		}
		e := system.Entry{Path: dir, Type: system.TypeDir, Mode: 0o755}
		if known, ok := l.folders[path.Join(f.dir, dir)]; ok {
			e.Mode, e.UID, e.GID, e.Xattrs = known.Mode, known.UID, known.GID, known.Xattrs
		}
		if _, err := f.enter(&e); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) enter(e *system.Entry) (io.WriteCloser, error) {
	if !e.Shadowed {
		f.sent[e.Path] = true
	}
	return f.sink.Entry(e)
}

// send sends an entry with its content.
func (f *feed) send(e *system.Entry, body io.Reader) error {
	w, err := f.enter(e)
	if err != nil || w == nil {
		return err
	}
	_, err = io.CopyN(w, body, e.Size)
	return errors.Join(err, w.Close())
}
