package inspect

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Limits on what is read and reported of one file.
const (
	maxDepth    = 12
	maxItems    = 1000
	maxFiles    = 500 // listed for each file system
	maxProblems = 20
	maxText     = 64 << 10
	// maxWork bounds the bytes that are decompressed or unpacked: 16 GiB take some
	// minutes.
	maxWork = 16 << 30
	// maxHashed bounds the bytes of inner files that are hashed.
	maxHashed = 8 << 30
	// headSize is what kinds are recognised by. The signature of btrfs is last.
	headSize = 65<<10 + 512
)

// kind is one kind of content.
type kind struct {
	// name is in the JSON form, title in the text.
	name, title string
	// is recognises the content by its first bytes.
	is func(c *content) bool
	// describe fills in what is known. It reports damage as problems of the item.
	describe func(w *walker, it *Item, s *io.SectionReader)
}

// content is what kinds are recognised by.
type content struct {
	*io.SectionReader
	head []byte
}

// contentOf reads the first bytes of s, at most limit.
func contentOf(s *io.SectionReader, limit int64) (*content, error) {
	c := &content{SectionReader: s, head: make([]byte, min(s.Size(), limit))}
	n, err := s.ReadAt(c.head, 0)
	c.head = c.head[:n]
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return c, err
}

// kind is the first of all kinds that recognises the content; the zero value for none.
func (c *content) kind(all []kind) kind {
	for _, k := range all {
		if k.is(c) {
			return k
		}
	}
	return kind{}
}

// at reports whether the content has a text at an offset.
func (c *content) at(offset int, text string) bool {
	return offset+len(text) <= len(c.head) && string(c.head[offset:offset+len(text)]) == text
}

// kinds are the kinds in the order in which they are tried: what is certain comes
// first. The function breaks a cycle: kinds look into what they contain.
func kinds() []kind {
	return slices.Concat(givenKinds, wrappedKinds, isoKinds, kernelKinds, efiKinds, initrdKinds, tarKinds, squashfsKinds, erofsKinds, extKinds, otherKinds, fatKinds, diskKinds, compressedKinds)
}

// Kinds that no content has: callers describe a container image in a registry, and a
// folder of image files.
const (
	KindContainer = "container"
	KindFolder    = "folder"
)

var givenKinds = []kind{
	{KindContainer, "container image", func(*content) bool { return false }, func(*walker, *Item, *io.SectionReader) {}},
	{KindFolder, "folder of image files", func(*content) bool { return false }, func(*walker, *Item, *io.SectionReader) {}},
}

// Kinds lists the names of all kinds, sorted.
func Kinds() []string {
	var out []string
	for _, k := range kinds() {
		out = append(out, k.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Title is the name of a kind in a sentence.
func Title(name string) string {
	for _, k := range kinds() {
		if k.name == name {
			return k.title
		}
	}
	return "content of an unknown kind"
}

// walker describes one file and what is inside.
type walker struct {
	o            Options
	kinds        []kind
	items, depth int
	// work and hashed are what may still be decompressed and hashed.
	work, hashed int64
}

func newWalker(o Options) *walker {
	o.NoDigests = o.NoDigests || o.BootOnly
	return &walker{o: o, kinds: kinds(), work: maxWork, hashed: maxHashed}
}

// look describes the content s. It returns nil if there are too many items.
func (w *walker) look(path string, s *io.SectionReader) *Item {
	if w.items++; w.items > maxItems || w.depth >= maxDepth {
		return nil
	}
	w.depth++
	defer func() { w.depth-- }()
	it := &Item{Path: path, Size: s.Size()}
	c, err := contentOf(s, headSize)
	if err != nil {
		it.problem("cannot be read: %v", err)
		return it
	}
	if k := c.kind(w.kinds); k.is != nil {
		it.Kind = k.name
		k.describe(w, it, s)
	}
	if w.o.Visit != nil && it.Kind != "" {
		w.o.Visit(it, s)
	}
	return it
}

// inside looks into a part of an item. It adds the part if it is understood.
func (w *walker) inside(it *Item, path string, s *io.SectionReader) *Item {
	part := w.look(path, s)
	if part == nil {
		it.problem("there is more inside than is shown")
		return nil
	}
	if part.Kind == "" && len(part.Problems) == 0 {
		return nil
	}
	it.Contents = append(it.Contents, part)
	return part
}

// bootFile looks into a file of an item, and hashes the file if it is understood.
func (w *walker) bootFile(it *Item, path string, s *io.SectionReader) {
	part := w.inside(it, path, s)
	if part == nil || part.Kind == "" {
		return
	}
	it.program(path, part)
	if part.Digest != "" || w.o.BootOnly {
		return
	}
	if w.hashed -= s.Size(); w.hashed < 0 {
		it.problem("the files are too large: not all have a digest")
		return
	}
	if w.o.NoDigests {
		return
	}
	var err error
	if part.Digest, err = sum(s); err != nil {
		part.problem("cannot be read: %v", err)
	}
}

// list adds a file to the list of an item.
func (it *Item) list(path string, size int64) {
	if len(it.Files) < maxFiles {
		it.Files = append(it.Files, File{Path: path, Size: size})
		return
	}
	it.FilesLeftOff++
}

// worthLooking says whether a file of an archive is looked into: what boots, and
// images inside images. The files of a root file system are not.
func worthLooking(path string) bool {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "./"), "/")
	if !strings.Contains(path, "/") || strings.HasPrefix(path, "boot/") || strings.HasPrefix(path, "EFI/") {
		return true
	}
	lower := strings.ToLower(path)
	for _, ending := range []string{".efi", ".iso", ".img", ".raw", ".qcow2", ".vmdk", ".vhd", ".vhdx", ".squashfs", ".erofs", "/vmlinuz"} {
		if strings.HasSuffix(lower, ending) {
			return true
		}
	}
	return false
}

// sum hashes content piece by piece.
func sum(s *io.SectionReader) (string, error) {
	h := sha256.New()
	n, err := io.CopyBuffer(h, io.NewSectionReader(s, 0, s.Size()), make([]byte, 1<<20))
	if err == nil && n < s.Size() {
		err = io.ErrUnexpectedEOF
	}
	return digests.Sum(h), err
}

// read reads exactly n bytes.
func read(r io.ReaderAt, at int64, n int) ([]byte, error) {
	if at < 0 || n < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	if got, err := r.ReadAt(b, at); got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// text reads a whole small file.
func text(s *io.SectionReader) (string, error) {
	if s.Size() > maxText {
		return "", fmt.Errorf("%d bytes are more than %d", s.Size(), maxText)
	}
	b, err := read(s, 0, int(s.Size()))
	return strings.TrimRight(string(b), "\x00"), err
}

// part is a part of content, cut off at its end.
func part(s *io.SectionReader, at, size int64) *io.SectionReader {
	if at < 0 || size < 0 || at > s.Size() {
		return io.NewSectionReader(s, 0, 0)
	}
	return io.NewSectionReader(s, at, min(size, s.Size()-at))
}
