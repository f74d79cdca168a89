package sbom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// Rest is a sink for a second pass over the same image. It keeps contents that
// the first pass skipped, because only a link gives them a wanted name. In
// images of ostree, for example, all files are links to objects. Rest is nil if
// there are no such contents. Call it after the first pass.
func (c *Collector) Rest() system.Sink {
	absent := c.absent()
	if len(absent) == 0 {
		return nil
	}
	return &rest{c, absent}
}

type rest struct {
	*Collector
	absent map[string]bool
}

// Entry implements system.Sink.
func (r *rest) Entry(e *system.Entry) (io.WriteCloser, error) {
	p := tree.Path(e)
	if e.Shadowed || e.Type != system.TypeFile || !r.absent[p] {
		return nil, nil
	}
	delete(r.absent, p)
	return r.store.put(p, e.Size)
}

// absent are the paths of contents that are wanted but were not kept.
func (c *Collector) absent() map[string]bool {
	out := map[string]bool{}
	add := func(name string) {
		real, e, ok := c.tree.Resolve(name)
		if !ok || e == nil || e.Type != system.TypeFile || e.Size == 0 {
			return
		}
		if !c.store.has(real) && e.Size <= c.limit(name) {
			out[real] = true
		}
		if tree.Base(name) == sqliteDatabase {
			for _, suffix := range []string{walSuffix, journalSuffix} {
				if _, e, ok := c.tree.Resolve(real + suffix); ok && e != nil && e.Type == system.TypeFile && e.Size > 0 && !c.store.has(real+suffix) {
					out[real+suffix] = true
				}
			}
		}
	}
	for _, p := range c.links {
		add(p)
	}
	for _, p := range c.launchers {
		if e := c.tree.Get(p); e != nil && e.Size <= maxPieces {
			out[p] = true
		}
	}
	r := c.Resolver()
	for _, g := range c.wants.paths {
		found, err := r.FilesByGlob(g)
		if err != nil {
			continue // the pattern is ours, and tested
		}
		for _, l := range found {
			add(l.AccessPath)
		}
	}
	return out
}

// tail is the end of a file. It identifies an archive, whose directory stands
// at the end, whatever the file begins with.
type tail struct{ buf []byte }

// maxTail is the longest comment of an archive that is supported.
const maxTail = 4 << 10

func (t *tail) add(p []byte) {
	if len(p) > maxTail {
		p = p[len(p)-maxTail:]
	}
	t.buf = append(t.buf, p...)
	if len(t.buf) > 4*maxTail {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-maxTail:]...)
	}
}

func (t *tail) Write(p []byte) (int, error) {
	t.add(p)
	return len(p), nil
}

// isArchive reports whether the file ends with the end of a zip directory and
// its comment.
func (t *tail) isArchive() bool {
	if t == nil {
		return false
	}
	const size = 22
	for end := len(t.buf); ; {
		at := bytes.LastIndex(t.buf[:end], []byte("PK\x05\x06"))
		if at < 0 {
			return false
		}
		if len(t.buf)-at >= size && len(t.buf)-at-size == int(binary.LittleEndian.Uint16(t.buf[at+20:])) {
			return true
		}
		end = at
	}
}

// cutShort reports whether an ELF file ends before its section table.
func cutShort(head []byte, size int64) bool {
	if len(head) < 64 || !bytes.HasPrefix(head, []byte("\x7fELF")) {
		return false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	var at uint64
	var each, count uint16
	if head[4] == 2 {
		at, each, count = order.Uint64(head[40:]), order.Uint16(head[58:]), order.Uint16(head[60:])
	} else {
		at, each, count = uint64(order.Uint32(head[32:])), order.Uint16(head[46:]), order.Uint16(head[48:])
	}
	return at > uint64(size) || at+uint64(each)*uint64(count) > uint64(size)
}

// cutShort are truncated programs. The packages in them cannot be read.
func (c *Collector) cutShort() []Unreadable {
	var out []Unreadable
	for _, p := range c.cut {
		out = append(out, Unreadable{Path: p, Reason: errors.New("the program is truncated")})
	}
	return out
}
