package filesystem

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

const (
	// maxRecord is the size of a directory record.
	maxRecord = 254
	// continued is the size of the field CE, which says where more fields are.
	continued = 28
	// maxField is what a field of text has room for.
	maxField = 250
)

// rock is a field of Rock Ridge.
func rock(name string, content ...byte) []byte {
	return append([]byte{name[0], name[1], byte(len(content) + 4), 1}, content...)
}

// rockIdentity says that the fields are those of Rock Ridge.
var rockIdentity = func() []byte {
	const id, what, source = "RRIP_1991A", "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
		"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION."
	return rock("ER", append([]byte{byte(len(id)), byte(len(what)), byte(len(source)), 1}, id+what+source...)...)
}()

// attributes are the fields for mode, owner, time, device and link.
func (w *iso) attributes(n *node) [][]byte {
	px := append(append(disk.Both(n.mode()), disk.Both(n.links())...), append(disk.Both(uint32(n.e.UID)), disk.Both(uint32(n.e.GID))...)...)
	date := disk.RecordTime(w.time)
	out := [][]byte{rock("PX", px...), rock("TF", append([]byte{0x0e}, append(append(append([]byte(nil), date...), date...), date...)...)...)}
	switch n.e.Type {
	case system.TypeChar, system.TypeBlock:
		out = append(out, rock("PN", append(disk.Both(uint32(n.e.DevMajor)), disk.Both(uint32(n.e.DevMinor))...)...))
	case system.TypeSymlink:
		out = append(out, rockLink(n.e.Link)...)
	}
	return out
}

// rockName are the fields with a name.
func rockName(name string) [][]byte {
	var out [][]byte
	for len(name) > maxField-1 {
		out = append(out, rock("NM", append([]byte{1}, name[:maxField-1]...)...))
		name = name[maxField-1:]
	}
	return append(out, rock("NM", append([]byte{0}, name...)...))
}

// rockLink are the fields with the target of a symbolic link: its components, with
// marks for those that have a meaning.
func rockLink(target string) [][]byte {
	var parts [][]byte
	add := func(flags byte, text string) { parts = append(parts, append([]byte{flags, byte(len(text))}, text...)) }
	rest, absolute := strings.CutPrefix(target, "/")
	if absolute {
		add(8, "")
	}
	if rest != "" || !absolute {
		for name := range strings.SplitSeq(rest, "/") {
			switch name {
			case ".":
				add(2, "")
			case "..":
				add(4, "")
			default:
				for ; len(name) > maxField-10; name = name[maxField-10:] {
					add(1, name[:maxField-10])
				}
				add(0, name)
			}
		}
	}
	var out [][]byte
	var field []byte
	for i, p := range parts {
		field = append(field, p...)
		last := i == len(parts)-1
		if !last && len(field)+len(parts[i+1]) <= maxField {
			continue
		}
		more := byte(1)
		if last {
			more = 0
		}
		out = append(out, rock("SL", append([]byte{more}, field...)...))
		field = nil
	}
	return out
}

// fits is how many fields fit into room bytes. If not all do, the rest follows a CE.
func fits(fields [][]byte, room int) int {
	size := 0
	for _, f := range fields {
		size += len(f)
	}
	if size <= room {
		return len(fields)
	}
	size = continued
	for i, f := range fields {
		if size += len(f); size > room {
			return i
		}
	}
	return len(fields)
}

// useSize is the size of what use returns.
func useSize(fields [][]byte, room int) int {
	n, size := fits(fields, room), 0
	for _, f := range fields[:n] {
		size += len(f)
	}
	if n < len(fields) {
		size += continued
	}
	return size
}

// use returns the fields of a record that fit into room. It writes the others into
// separate blocks.
func (w *iso) use(fields [][]byte, room int) ([]byte, error) {
	var out []byte
	n := fits(fields, room)
	for _, f := range fields[:n] {
		out = append(out, f...)
	}
	if n == len(fields) {
		return out, nil
	}
	// The other fields begin a new block if they do not fit into the current one.
	size := useSize(fields[n:], isoBlock)
	if w.restAt == 0 || len(w.rest)+size > isoBlock {
		if err := w.flushRest(); err != nil {
			return nil, err
		}
		at, err := w.d.reserve(1)
		if err != nil {
			return nil, err
		}
		w.restAt = at / isoBlock
	}
	at, begin := w.restAt, len(w.rest)
	w.rest = append(w.rest, make([]byte, size)...)
	// The last of these fields can lead to another block.
	more, err := w.use(fields[n:], isoBlock)
	if err != nil {
		return nil, err
	}
	if w.restAt == at {
		copy(w.rest[begin:], more)
	} else if _, err := w.f.WriteAt(more, at*isoBlock+int64(begin)); err != nil {
		return nil, err
	}
	ce := append(append(disk.Both(uint32(at)), disk.Both(uint32(begin))...), disk.Both(uint32(len(more)))...)
	return append(out, rock("CE", ce...)...), nil
}

func (w *iso) flushRest() error {
	if len(w.rest) == 0 {
		return nil
	}
	_, err := w.f.WriteAt(w.rest, w.restAt*isoBlock)
	w.rest = w.rest[:0]
	return err
}
