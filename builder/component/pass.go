package component

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// PassOptions are what one pass may do beyond the usual.
type PassOptions struct {
	// Nested are paths of tarballs whose entries are announced too, right
	// after the tarball's own, with Entry.Archive set. One that is not in the
	// image is no error.
	Nested []string
	// Devices lets the image bring device nodes.
	Devices bool
}

// ErrAgain ends a pass whose image is not what its layers, read top to bottom,
// made it look like: a path is there twice, leads through a link of a lower
// layer, or a hard link's header differs from its file's. The image has been
// read whole by now, and another pass over it goes by that. What the sinks have
// taken is void.
var ErrAgain = errors.New("the image must be read again")

// Pass reads all layers of img once, top to bottom, and announces each
// object to the sinks, as system.Sink says. What they see, and in which order,
// depends on the image's bytes alone.
//
// An object waits, its content in a file without a name, until the folder that
// it is in has been announced: an upper layer may change a file in a folder
// that only a lower one describes. A folder that no layer describes is
// announced as 0755, root's. A hard link whose file an upper layer has
// replaced is announced as a file with the old content.
//
// A device node is announced as shadowed unless o.Devices is set.
//
// Entries that would leave their place are refused (ErrUnusable); bytes that
// are not what a digest, diff ID or size says are an ErrMismatch. An error of
// a sink ends the pass at once and is returned as it is. Open writers are
// closed in any case; Finish is called only when everything has matched.
func (s *Store) Pass(ctx context.Context, img *system.Image, o PassOptions, sinks ...system.Sink) error {
	pl, err := s.place(img)
	if err != nil {
		return err
	}
	p := newPass(ctx, s.limits, s.opt.TempDir, sinks)
	defer p.close()
	p.devices = o.Devices
	for _, n := range o.Nested {
		p.nested[path.Clean(n)] = true
	}
	key := fmt.Sprintf("%s %v", placeKey(img), o)
	s.mu.Lock()
	p.plan = s.plans[key]
	s.mu.Unlock()
	err = p.image(pl, img)
	if bad := (*entryError)(nil); p.plan == nil && errors.As(err, &bad) && bad.unclear {
		var found *plan
		if found, err = p.planFor(pl, img); err == nil {
			s.mu.Lock()
			s.plans[key] = found
			s.mu.Unlock()
			return ErrAgain
		}
	}
	if err != nil {
		if e := (*sinkError)(nil); errors.As(err, &e) {
			return e.err
		}
		return imageError(img.Reference, system.Position{}, fmt.Errorf("%s: %w", pl.where, err))
	}
	for _, sink := range sinks {
		if err := sink.Finish(); err != nil {
			return err
		}
	}
	return nil
}

// pass is the state of one pass, or of one tarball within it.
type pass struct {
	ctx context.Context
	reading
	sinks  []system.Sink
	nested map[string]bool
	tree   *tree
	plan   *plan          // nil where top to bottom will do
	waits  map[*node]bool // nodes that something waits for
	// held keeps what waits for its folder, shade the shadowed files of one
	// layer, which its hard links may still need.
	held, shade *spill
	buf         []byte
	writers     []io.WriteCloser
	inflated    int64
}

func newPass(ctx context.Context, lim limits, temp string, sinks []system.Sink) *pass {
	b := budget{lim: lim, used: new(usage)}
	return &pass{ctx: ctx, reading: reading{lim: lim}, sinks: sinks, nested: map[string]bool{}, tree: newTree(b), waits: map[*node]bool{},
		held: &spill{dir: temp}, shade: &spill{dir: temp}, buf: make([]byte, bufferSize)}
}

func (p *pass) close() {
	p.held.close()
	p.shade.close()
}

// sinkError marks a sink's own error.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }
func (e *sinkError) Unwrap() error { return e.err }

func (p *pass) image(pl *place, img *system.Image) error {
	for i := len(img.Layers) - 1; i >= 0; i-- {
		if err := p.read(pl, img.Layers[i], func(r io.Reader) error { return p.tar(r, i) }); err != nil {
			return fmt.Errorf("layer %d (%s): %w", i, img.Layers[i].Digest, err)
		}
		if err := p.shade.reset(); err != nil {
			return err
		}
	}
	return p.finish()
}

// read gives a layer's tar to see, and proves the layer's bytes.
func (p *pass) read(pl *place, l system.LayerBlob, see func(io.Reader) error) error {
	d := descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size}
	rc, err := pl.open(p.ctx, d)
	if err != nil && (strings.HasPrefix(d.MediaType, typeOCIForeign) || strings.HasPrefix(d.MediaType, typeDockerForeign)) {
		return fmt.Errorf("is kept elsewhere (%s): %w", d.MediaType, err)
	}
	if err != nil {
		return err
	}
	s := startLayer(p.ctx, rc, d, l.DiffID, p.lim, p.lim.inflated-p.inflated)
	defer s.close()
	err = see(counter{s.tar, &p.inflated})
	if e := (*sinkError)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	if ctxErr := p.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if !errors.Is(err, system.ErrMismatch) {
		if bad := s.proven(); errors.Is(bad, system.ErrMismatch) {
			return bad
		}
	}
	return err
}

type counter struct {
	r io.Reader
	n *int64
}

func (c counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	*c.n += int64(n)
	return n, err
}

// tar announces the entries of one tar, and reads it to the end.
func (p *pass) tar(r io.Reader, layer int) error {
	return eachEntry(p.ctx, r, func(h *tar.Header, body io.Reader, number int) error {
		return p.entry(h, body, spot{layer, number})
	})
}

// entry takes one header and, for a file, its content.
func (p *pass) entry(h *tar.Header, body io.Reader, at spot) error {
	e, err := p.header(h)
	if e == nil || err != nil {
		return err
	}
	if err := p.tree.charge(e.Entry, e.sparse); err != nil {
		return err
	}
	if e.Path == "" && e.mark == ordinary {
		return nil // the root's own metadata is the builder's
	}
	e.Layer = at.layer
	if p.plan != nil {
		return p.planned(e, at, body)
	}
	switch e.mark {
	case hides, empties:
		return p.tree.hide(e.target, e.mark == empties, e.Entry)
	case ofAUFS:
		e.Shadowed = true
		return p.emit(&object{entry: e.Entry}, body, nil)
	}
	n, err := p.tree.enter(e.Entry)
	if n == nil || err != nil {
		return err
	}
	if e.LeftOut {
		e.Shadowed = true
		return p.emit(&object{entry: e.Entry}, nil, nil)
	}
	if err := p.put(n, &object{entry: e.Entry}, body); err != nil {
		return err
	}
	return p.linked(n)
}

// put announces a new object, or has it wait.
func (p *pass) put(n *node, o *object, body io.Reader) error {
	switch {
	case o.entry.Shadowed:
		if o.entry.Type == system.TypeFile {
			n.rare().shadow = o
			return p.emit(o, body, p.shade)
		}
		if t := p.tree.nodes[o.entry.Link]; o.entry.Type == system.TypeHardlink && t != nil && t.last != nil && t.last.Layer == o.entry.Layer {
			// The name is gone; what its header made of the file is not.
			if err := oneFile(o.entry, t.last); err != nil {
				return err
			}
		}
		return p.emit(o, nil, nil)
	case o.entry.Type == system.TypeHardlink:
		return p.bind(n, o, o.entry.Link, o.entry.Layer)
	}
	return p.place(n, o, body)
}

// place announces o if all that must come before it has been announced.
func (p *pass) place(n *node, o *object, body io.Reader) error {
	first := p.missing(n, o)
	if first == nil {
		return p.announce(n, o, body)
	}
	if o.entry.Type == system.TypeFile && o.body == nil {
		if err := p.keep(o, body, p.held, nil); err != nil {
			return err
		}
	}
	first.rare().held = append(first.more.held, o)
	p.waits[first] = true
	return nil
}

// missing is the topmost folder, or the hard link's target, that has not been
// announced yet.
func (p *pass) missing(n *node, o *object) *node {
	var first *node
	for a := n.parent; !a.announced; a = a.parent {
		first = a
	}
	if first == nil && o.entry.Type == system.TypeHardlink {
		if t := p.tree.nodes[o.entry.Link]; !t.announced {
			return t
		}
	}
	return first
}

func (p *pass) announce(n *node, o *object, body io.Reader) error {
	e := o.entry
	if e.Type == system.TypeHardlink {
		t := p.tree.nodes[e.Link].top
		if t.Type == system.TypeHardlink {
			e.Link = t.Link
		}
		if err := oneFile(e, t); err != nil {
			return err
		}
	}
	if p.nested[e.Path] {
		if err := p.unpack(o, body); err != nil {
			return err
		}
	} else if err := p.emit(o, body, nil); err != nil {
		return err
	}
	n.announced = true
	return p.release(n)
}

// release places what waited for n.
func (p *pass) release(n *node) error {
	if n.more == nil || len(n.more.held) == 0 {
		return nil
	}
	held := n.more.held
	n.more.held = nil
	delete(p.waits, n)
	for _, o := range held {
		if err := p.place(p.tree.nodes[o.entry.Path], o, nil); err != nil {
			return err
		}
	}
	return nil
}

// finish announces the folders that no layer described, and refuses hard links
// to nothing.
func (p *pass) finish() error {
	for _, n := range p.tree.waiting(func(m *more) bool { return len(m.links) > 0 }) {
		o := n.more.links[0]
		return fmt.Errorf("layer %d: %w", o.entry.Layer, unclear(o.entry.Path, "hard link to %q, which is not in the image", n.path))
	}
	for len(p.waits) > 0 {
		left := len(p.waits)
		for _, n := range p.tree.waiting(func(m *more) bool { return len(m.held) > 0 }) {
			if n.top != nil || len(n.more.held) == 0 {
				continue // waits itself, or was released on the way
			}
			if err := p.imply(n); err != nil {
				return err
			}
			left = 0
		}
		if left != 0 {
			return errors.New("entries wait for each other")
		}
	}
	return nil
}

// imply announces a folder that only its content speaks of, and then those
// within it.
func (p *pass) imply(n *node) error {
	n.top = &system.Entry{Path: n.path, Type: system.TypeDir, Mode: 0o755, Archive: p.archive, Layer: n.more.held[0].entry.Layer}
	return p.announce(n, &object{entry: n.top}, nil)
}
