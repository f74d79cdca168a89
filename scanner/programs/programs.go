// Package programs determines what an image would run: to which file a path
// leads, and what the kernel needs to start it. It reads the beginning of
// executable files, and keeps no content.
package programs

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// headBytes is the number of bytes that are read: the kernel reads 256 bytes
// for #!, and linkers write program headers within the first page.
const headBytes = 4096

// maxLook is the highest number of paths for one question, maxDeep the deepest
// chain of interpreters.
const (
	maxLook = 10000
	maxDeep = 5 // the limit of Linux for #!
)

// Head is what the beginning of a file shows.
type Head struct {
	// Format is "elf", "script" (#!), or "" for any other.
	Format string `json:"format"`
	// Arch is the architecture of an ELF file as Go names it, including "386"
	// and "arm"; "" for others.
	Arch string `json:"arch"`
	// Interpreter is the program that the kernel starts for the file, as
	// written in #! or PT_INTERP. It is "" if there is none, or if it is
	// outside of the head.
	Interpreter string `json:"interpreter"`
}

// Sink reads heads. The tree, which it shares with others, must get each entry
// before the sink does.
type Sink struct {
	tree  *tree.Tree
	heads map[string]Head
}

// NewSink returns a sink for one image.
func NewSink(t *tree.Tree) *Sink { return &Sink{tree: t, heads: map[string]Head{}} }

// Entry implements system.Sink.
func (s *Sink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Type != system.TypeFile || e.Shadowed || e.Archive != "" || e.Mode&0o111 == 0 || e.Size == 0 {
		return nil, nil
	}
	return &header{done: func(head []byte) { s.heads[tree.Path(e)] = Read(head) }}, nil
}

// Finish implements system.Sink.
func (s *Sink) Finish() error { return nil }

// header keeps the beginning of a file.
type header struct {
	head bytes.Buffer
	done func([]byte)
}

func (h *header) Write(p []byte) (int, error) {
	h.head.Write(p[:min(len(p), headBytes-h.head.Len())])
	return len(p), nil
}

func (h *header) Close() error {
	h.done(h.head.Bytes())
	return nil
}

// Found is the file to which a path of the image leads.
type Found struct {
	// Real is the path with all links followed, "" if nothing exists there.
	Real string `json:"real"`
	// Via are the paths on the way, the first as requested, each with linked
	// folders replaced by their targets. A mount on one of them hides the rest.
	Via  []string `json:"via"`
	Type string   `json:"type"` // "file", "dir", "other", or "" if nothing exists there
	Mode uint32   `json:"mode"`
	Head Head     `json:"head"`
}

// Look finds paths in the image, and the interpreters of what they lead to.
func (s *Sink) Look(paths []string) map[string]Found {
	out := map[string]Found{}
	for deep := 0; deep <= maxDeep && len(paths) > 0; deep++ {
		var next []string
		for _, p := range paths {
			if _, known := out[p]; known || len(out) >= maxLook {
				continue
			}
			f := s.look(p)
			out[p] = f
			if i := f.Head.Interpreter; strings.HasPrefix(i, "/") {
				next = append(next, i)
			}
		}
		paths = next
	}
	return out
}

func (s *Sink) look(p string) Found {
	f := Found{Via: s.via(p)}
	real, e, ok := s.tree.Resolve(p)
	if !ok {
		return f
	}
	f.Real, f.Type = real, "dir"
	if e == nil || e.Type == system.TypeDir {
		return f
	}
	f.Type, f.Mode = "other", e.Mode
	if e.Type == system.TypeFile {
		f.Type, f.Head = "file", s.heads[real]
	}
	return f
}

// via follows a path link by link, to its end.
func (s *Sink) via(p string) []string {
	out := []string{p}
	for range 40 { // the limit of Linux, before ELOOP
		real, e, ok := s.tree.ResolveParent(p)
		if !ok {
			// The path does not exist. A mount that contains it would lie in
			// the last folder that exists.
			if dir, _, ok := s.tree.Resolve(tree.Dir(p)); ok {
				out = append(out, strings.TrimSuffix(dir, "/")+"/"+tree.Base(p))
			}
			break
		}
		if !slices.Contains(out, real) {
			out = append(out, real)
		}
		if e == nil || e.Type != system.TypeSymlink {
			break
		}
		if p = e.Link; !strings.HasPrefix(p, "/") {
			p = strings.TrimSuffix(tree.Dir(real), "/") + "/" + p
		}
		out = append(out, p)
	}
	return out
}

// Read reads the head of a file.
func Read(head []byte) Head {
	switch {
	case bytes.HasPrefix(head, []byte("#!")):
		line, _, whole := bytes.Cut(head[2:min(len(head), 256)], []byte("\n"))
		fields := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(fields) == 0 || !whole && len(head) >= 256 && len(fields) == 1 {
			return Head{Format: "script"} // the name may be truncated
		}
		return Head{Format: "script", Interpreter: string(fields[0])}
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return readELF(head)
	}
	return Head{}
}

// machines are the architectures of ELF files (e_machine), by class.
var machines = map[[2]uint16]string{
	{2, 62}: "amd64", {1, 62}: "amd64", {1, 3}: "386", {2, 183}: "arm64", {1, 40}: "arm", {2, 243}: "riscv64", {1, 243}: "riscv",
	{2, 21}: "ppc64", {1, 20}: "ppc", {2, 22}: "s390x", {1, 8}: "mips", {2, 8}: "mips64", {2, 258}: "loong64",
}

func readELF(head []byte) Head {
	out := Head{Format: "elf"}
	if len(head) < 64 || head[4] != 1 && head[4] != 2 || head[5] != 1 && head[5] != 2 {
		return out
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	is64 := head[4] == 2
	out.Arch = machines[[2]uint16{uint16(head[4]), order.Uint16(head[18:])}]
	at, size, count := uint64(order.Uint32(head[28:])), uint64(order.Uint16(head[42:])), uint64(order.Uint16(head[44:]))
	if is64 {
		at, size, count = order.Uint64(head[32:]), uint64(order.Uint16(head[54:])), uint64(order.Uint16(head[56:]))
	}
	least := uint64(32)
	if is64 {
		least = 56
	}
	for i := range count {
		end := at + (i+1)*size
		if size < least || at > uint64(len(head)) || end > uint64(len(head)) {
			return out
		}
		ph := head[at+i*size : end]
		if order.Uint32(ph) != 3 { // PT_INTERP
			continue
		}
		from, n := uint64(order.Uint32(ph[4:])), uint64(order.Uint32(ph[16:]))
		if is64 {
			from, n = order.Uint64(ph[8:]), order.Uint64(ph[32:])
		}
		if from > uint64(len(head)) || n > uint64(len(head))-from {
			return out
		}
		name, _, _ := bytes.Cut(head[from:from+n], []byte{0})
		out.Interpreter = string(name)
		return out
	}
	return out
}
