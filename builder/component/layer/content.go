package layer

import (
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// emit announces an object to the sinks, and writes its content to those that
// want it. body is the content of a file if o.body is nil. If keepIn is not nil,
// the content is also kept there for o.
func (p *pass) emit(o *object, body io.Reader, keepIn *spill) error {
	writers, err := p.sink(o.entry)
	if err != nil {
		return err
	}
	switch {
	case o.entry.Type != system.TypeFile:
	case keepIn != nil:
		err = p.keep(o, body, keepIn, writers)
	case len(writers) > 0:
		if o.body != nil {
			body = o.body.reader()
		}
		err = p.copy(body, o.entry.Size, nil, writers)
	}
	return closeAll(writers, err)
}

// sink announces e, and returns the writers of the sinks that want its content.
func (p *pass) sink(e *system.Entry) ([]io.WriteCloser, error) {
	p.writers = p.writers[:0]
	for _, s := range p.sinks {
		w, err := s.Entry(e)
		if w != nil {
			p.writers = append(p.writers, w)
		}
		if err != nil {
			return nil, closeAll(p.writers, &SinkError{err})
		}
	}
	return p.writers, nil
}

// closeAll closes every writer. It returns err, or the first error of a close.
func closeAll(writers []io.WriteCloser, err error) error {
	for _, w := range writers {
		if cerr := w.Close(); cerr != nil && err == nil {
			err = &SinkError{cerr}
		}
	}
	return err
}

// keep copies the content of a file into s, for later, and to the writers.
func (p *pass) keep(o *object, body io.Reader, s *spill, writers []io.WriteCloser) error {
	c, w, err := s.start(o.entry.Size)
	if err != nil {
		return err
	}
	if err := p.copy(body, o.entry.Size, w, writers); err != nil {
		return err
	}
	s.done(c)
	o.body = &c
	return nil
}

// copy moves exactly size bytes.
func (p *pass) copy(r io.Reader, size int64, spilled io.Writer, writers []io.WriteCloser) error {
	for size > 0 {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(p.buf[:min(size, int64(len(p.buf)))])
		b := p.buf[:n]
		size -= int64(n)
		if spilled != nil {
			if _, werr := spilled.Write(b); werr != nil {
				return fmt.Errorf("temporary file: %w", werr)
			}
		}
		for _, w := range writers {
			if m, werr := w.Write(b); werr != nil || m != n {
				return &SinkError{errors.Join(werr, short(m, n))}
			}
		}
		if err != nil && size > 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

func short(m, n int) error {
	if m != n {
		return io.ErrShortWrite
	}
	return nil
}

// unpack announces a tarball, and then its entries. A sink receives one object at
// a time: if a sink wants the tarball itself, its entries are read from a copy,
// else from the stream.
func (p *pass) unpack(o *object, body io.Reader) error {
	e := o.entry
	if e.Type != system.TypeFile {
		return refuse(e.Path, "it is a %s, but must be a tarball", e.Type)
	}
	if e.Size > p.lim.Nested {
		return refuse(e.Path, "the tarball has %d bytes; the limit is %d", e.Size, p.lim.Nested)
	}
	writers, err := p.sink(e)
	if err == nil && len(writers) > 0 && o.body == nil {
		err = p.keep(o, body, p.held, writers)
	} else if err == nil && len(writers) > 0 {
		err = p.copy(o.body.reader(), e.Size, nil, writers)
	}
	if err = closeAll(writers, err); err != nil {
		return err
	}
	if o.body != nil {
		body = o.body.reader()
	}
	sub := *p
	sub.archive, sub.nested, sub.devices, sub.plan = e.Path, nil, false, o.inner
	sub.tree, sub.waits = newTree(p.tree.budget), map[*node]bool{}
	if err := sub.tar(io.LimitReader(body, e.Size), e.Layer); err != nil {
		return fmt.Errorf("in %q: %w", e.Path, err)
	}
	if err := sub.finish(); err != nil {
		return fmt.Errorf("in %q: %w", e.Path, err)
	}
	return nil
}
