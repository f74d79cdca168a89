package layer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Image is the layers of one image. Its methods may be called concurrently.
type Image struct {
	// Layers from the bottom to the top.
	Layers []system.LayerBlob
	// Open returns the bytes of a layer as they are stored, unverified.
	Open    func(context.Context, system.LayerBlob) (io.ReadCloser, error)
	Limits  Limits
	TempDir string // for content that waits; "" is os.TempDir()

	mu    sync.Mutex
	plans map[string]*plan // by options
}

// Options change what a pass announces.
type Options struct {
	// Nested are paths of tarballs whose entries are announced too, right
	// after the tarball's own, with Entry.Archive set. A path that is not in
	// the image is ignored.
	Nested []string
	// Devices announces device nodes as part of the image.
	Devices bool
}

// ErrAgain ends a pass over an image if reading the layers from top to bottom
// does not show its file system in time. Examples: a path occurs twice, a path
// goes through a link of a lower layer, or the header of a hard link differs
// from the header of its file. The whole image has been read by then, so the
// next pass knows the result. The sinks must drop everything that they
// received.
var ErrAgain = errors.New("the image must be read again")

// SinkError is the error of a sink.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return e.Err.Error() }
func (e *SinkError) Unwrap() error { return e.Err }

// Pass reads all layers once, from top to bottom, and announces each entry to
// the sinks, as system.Sink describes. The entries and their order depend only
// on the image's bytes.
//
// An entry must wait until its folder has been announced, because an upper
// layer may change a file in a folder that only a lower layer describes. Its
// content waits in an unlinked file. A folder that no layer describes is
// announced with mode 0755 and owner root. A hard link whose file an upper
// layer has replaced is announced as a file with the old content. A device node
// is announced as shadowed unless o.Devices is set.
//
// An entry that could write outside the image's folder is refused with an
// EntryError. Bytes that differ from a digest, diff ID or size are a
// system.ErrMismatch. An error of a sink ends the pass immediately and is
// returned as a SinkError. Open writers are always closed. Finish is called
// only after everything has matched.
func (img *Image) Pass(ctx context.Context, o Options, sinks ...system.Sink) error {
	p := newPass(ctx, img.Limits, img.TempDir, sinks)
	defer p.close()
	p.devices = o.Devices
	for _, n := range o.Nested {
		p.nested[path.Clean(n)] = true
	}
	key := fmt.Sprint(o)
	img.mu.Lock()
	p.plan = img.plans[key]
	img.mu.Unlock()
	err := p.image(img)
	if bad := (*EntryError)(nil); p.plan == nil && errors.As(err, &bad) && bad.unclear {
		var found *plan
		if found, err = p.planFor(img); err == nil {
			img.keep(key, found)
			return ErrAgain
		}
	}
	if err != nil {
		if e := (*SinkError)(nil); errors.As(err, &e) {
			return e
		}
		return err
	}
	for _, sink := range sinks {
		if err := sink.Finish(); err != nil {
			return &SinkError{err}
		}
	}
	return nil
}

// keep notes the plan for the next pass with the same options.
func (img *Image) keep(key string, found *plan) {
	img.mu.Lock()
	defer img.mu.Unlock()
	if img.plans == nil {
		img.plans = map[string]*plan{}
	}
	img.plans[key] = found
}

// pass is the state of one pass, or of one tarball within it.
type pass struct {
	ctx context.Context
	reading
	sinks  []system.Sink
	nested map[string]bool
	tree   *tree
	plan   *plan          // nil for a pass without one
	waits  map[*node]bool // nodes for which an object waits
	// held keeps the contents that wait for their folder. shade keeps the
	// shadowed files of one layer: its hard links may need them.
	held, shade *spill
	buf         []byte
	writers     []io.WriteCloser
	inflated    int64
}

func newPass(ctx context.Context, lim Limits, temp string, sinks []system.Sink) *pass {
	b := budget{lim: lim, used: new(usage)}
	return &pass{ctx: ctx, reading: reading{lim: lim}, sinks: sinks, nested: map[string]bool{}, tree: newTree(b), waits: map[*node]bool{},
		held: &spill{dir: temp}, shade: &spill{dir: temp}, buf: make([]byte, bufferSize)}
}

func (p *pass) close() {
	p.held.close()
	p.shade.close()
}

func (p *pass) image(img *Image) error {
	for i := len(img.Layers) - 1; i >= 0; i-- {
		if err := p.read(img, img.Layers[i], func(r io.Reader) error { return p.tar(r, i) }); err != nil {
			return fmt.Errorf("layer %d (%s): %w", i, img.Layers[i].Digest, err)
		}
		if err := p.shade.reset(); err != nil {
			return err
		}
	}
	return p.finish()
}

// read calls see with the tar of a layer, and verifies the bytes of the layer.
func (p *pass) read(img *Image, l system.LayerBlob, see func(io.Reader) error) error {
	rc, err := img.Open(p.ctx, l)
	if err != nil && (strings.HasPrefix(l.MediaType, oci.TypeForeign) || strings.HasPrefix(l.MediaType, oci.TypeDockerForeign)) {
		return fmt.Errorf("the layer is not stored with the image (%s): %w", l.MediaType, err)
	}
	if err != nil {
		return err
	}
	s := startLayer(p.ctx, rc, l, p.lim, p.lim.Inflated-p.inflated)
	defer s.close()
	err = see(counter{s.tar, &p.inflated})
	if e := (*SinkError)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	if ctxErr := p.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if !errors.Is(err, system.ErrMismatch) {
		if bad := s.verifyBlob(); errors.Is(bad, system.ErrMismatch) {
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

// tar announces the entries of a tar, and reads it to the end.
func (p *pass) tar(r io.Reader, layer int) error {
	return eachEntry(p.ctx, r, func(h *tar.Header, body io.Reader, number int) error {
		return p.entry(h, body, spot{layer, number})
	})
}

// entry reads one header and, for a file, its content.
func (p *pass) entry(h *tar.Header, body io.Reader, at spot) error {
	e, err := p.header(h)
	if e == nil || err != nil {
		return err
	}
	if err := p.tree.charge(e.Entry, e.sparse); err != nil {
		return err
	}
	if e.Path == "" && e.mark == ordinary {
		return nil // the builder sets the metadata of the root
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

// put announces a new object, or makes it wait.
func (p *pass) put(n *node, o *object, body io.Reader) error {
	switch {
	case o.entry.Shadowed:
		if o.entry.Type == system.TypeFile {
			n.rare().shadow = o
			return p.emit(o, body, p.shade)
		}
		if t := p.tree.nodes[o.entry.Link]; o.entry.Type == system.TypeHardlink && t != nil && t.last != nil && t.last.Layer == o.entry.Layer {
			// The name is hidden, but its header has changed the file.
			if err := shareMetadata(o.entry, t.last); err != nil {
				return err
			}
		}
		return p.emit(o, nil, nil)
	case o.entry.Type == system.TypeHardlink:
		return p.bind(n, o, o.entry.Link, o.entry.Layer)
	}
	return p.place(n, o, body)
}

// place announces o, or makes it wait for an object that must come first.
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
	r := first.rare()
	r.held = append(r.held, o)
	p.waits[first] = true
	return nil
}

// missing is the topmost folder above n, or the target of a hard link, that is
// not yet announced.
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
		if err := shareMetadata(e, t); err != nil {
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

// release places the objects that waited for n.
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

// finish announces the folders that no layer describes, and refuses hard links
// without a target.
func (p *pass) finish() error {
	for _, n := range p.tree.waiting(func(m *more) bool { return len(m.links) > 0 }) {
		o := n.more.links[0]
		return fmt.Errorf("layer %d: %w", o.entry.Layer, unclear(o.entry.Path, "hard link to %q, which is not in the image", n.path))
	}
	for len(p.waits) > 0 {
		left := len(p.waits)
		for _, n := range p.tree.waiting(func(m *more) bool { return len(m.held) > 0 }) {
			if n.top != nil || len(n.more.held) == 0 {
				continue // it waits itself, or was released in this loop
			}
			if err := p.imply(n); err != nil {
				return err
			}
			left = 0
		}
		if left != 0 {
			return errors.New("entries depend on each other in a circle")
		}
	}
	return nil
}

// imply announces a folder that is known only by its content, and then that
// content.
func (p *pass) imply(n *node) error {
	n.top = &system.Entry{Path: n.path, Type: system.TypeDir, Mode: 0o755, Archive: p.archive, Layer: n.more.held[0].entry.Layer}
	return p.announce(n, &object{entry: n.top}, nil)
}
