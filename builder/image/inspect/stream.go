package inspect

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
)

// compression is a compression of whole files.
type compression struct {
	name  string
	magic string
	open  func(io.Reader) (io.ReadCloser, error)
}

const (
	// maxWindow bounds the memory of decompressors: what the highest levels of zstd
	// and xz use.
	maxWindow = 128 << 20
	// A page is the unit of random access to compressed content.
	pageSize  = 64 << 10
	keptPages = 64
)

var compressions = []compression{
	{"gzip", "\x1f\x8b\x08", func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }},
	{"zstd", "\x28\xb5\x2f\xfd", func(r io.Reader) (io.ReadCloser, error) {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}},
	{"xz", "\xfd7zXZ\x00", func(r io.Reader) (io.ReadCloser, error) {
		d, err := xz.NewReader(r, maxWindow)
		return io.NopCloser(d), err
	}},
	{"lz4", "\x04\x22\x4d\x18", openLZ4},
	{"lz4", "\x02\x21\x4c\x18", openLZ4},
	{"bzip2", "BZh", func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil }},
}

func openLZ4(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(lz4.NewReader(r)), nil }

// compressionOf recognises a compression, nil for none.
func compressionOf(head []byte) *compression {
	for i := range compressions {
		if c := &compressions[i]; bytes.HasPrefix(head, []byte(c.magic)) {
			return c
		}
	}
	return nil
}

func (c *compression) reader(s *io.SectionReader) (io.ReadCloser, error) {
	return c.open(bufio.NewReaderSize(io.NewSectionReader(s, 0, s.Size()), 256<<10))
}

// compressedKinds are files of one compressed content.
var compressedKinds = []kind{{"compressed", "compressed file", func(c *content) bool { return compressionOf(c.head) != nil }, describeCompressed}}

// describeCompressed decompresses the file once to learn the size of the content,
// and again to look into the content.
func describeCompressed(w *walker, it *Item, s *io.SectionReader) {
	head, err := read(s, 0, int(min(s.Size(), 8)))
	c := compressionOf(head)
	if err != nil || c == nil {
		return
	}
	it.Compression = c.name
	content := &rewound{w: w, open: func() (io.ReadCloser, error) { return c.reader(s) }}
	r, err := content.open()
	if err != nil {
		it.problem("the content is damaged: %v", err)
		return
	}
	size, err := content.measure(r)
	r.Close()
	if err != nil {
		it.problem("only the first %d bytes of the content can be decompressed: %v", size, err)
	}
	defer content.close()
	w.inside(it, "", io.NewSectionReader(content, 0, size))
}

// errWork: the file would keep the machine busy.
var errWork = fmt.Errorf("more than %d GiB would be decompressed or unpacked", maxWork>>30)

// count gives the bytes of r until the work is too much.
func (w *walker) count(r io.Reader) io.Reader { return &counted{r, w} }

type counted struct {
	io.Reader
	w *walker
}

func (c *counted) Read(p []byte) (int, error) {
	if c.w.work <= 0 {
		return 0, errWork
	}
	n, err := c.Reader.Read(p)
	c.w.work -= int64(n)
	return n, err
}

// rewound reads compressed content at any place. It keeps a few pages. To go back
// further, it decompresses from the beginning.
type rewound struct {
	w      *walker
	open   func() (io.ReadCloser, error)
	closer io.Closer
	r      io.Reader
	next   int64 // the page that r gives next
	pages  map[int64][]byte
	ring   []int64
}

// ReadAt follows io.ReaderAt, for one caller at a time.
func (r *rewound) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		page, err := r.page(at / pageSize)
		if err != nil {
			return done, err
		}
		in := int(at % pageSize)
		if in >= len(page) {
			return done, io.EOF
		}
		done += copy(p[done:], page[in:])
	}
	return done, nil
}

// measure returns the size of the content, which it reads from in. It keeps the last two
// pages, because some kinds of files are recognised by their end.
func (r *rewound) measure(in io.Reader) (size int64, err error) {
	in = r.w.count(in)
	page, last := make([]byte, 0, pageSize), make([]byte, 0, pageSize)
	for err == nil {
		if len(page) == pageSize {
			page, last = last[:0], page
		}
		var n int
		n, err = in.Read(page[len(page):pageSize])
		page = page[:len(page)+n]
		size += int64(n)
	}
	if !errors.Is(err, io.EOF) {
		return size, err
	}
	n := (size - int64(len(page))) / pageSize
	r.keep(n, page)
	if n > 0 {
		r.keep(n-1, last)
	}
	return size, nil
}

func (r *rewound) page(n int64) ([]byte, error) {
	if b, ok := r.pages[n]; ok {
		return b, nil
	}
	if r.r == nil || r.next > n {
		r.close()
		in, err := r.open()
		if err != nil {
			return nil, err
		}
		r.closer, r.r, r.next = in, r.w.count(in), 0
	}
	if r.next < n {
		if _, err := io.CopyN(io.Discard, r.r, (n-r.next)*pageSize); err != nil {
			r.close()
			return nil, err
		}
		r.next = n
	}
	b := make([]byte, pageSize)
	got, err := io.ReadFull(r.r, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		r.close()
		return nil, err
	}
	r.next++
	r.keep(n, b[:got])
	return b[:got], nil
}

// keep keeps a page in place of the oldest one.
func (r *rewound) keep(n int64, b []byte) {
	if r.pages == nil {
		r.pages = map[int64][]byte{}
	}
	if len(r.ring) == keptPages {
		delete(r.pages, r.ring[0])
		r.ring = r.ring[1:]
	}
	r.pages[n], r.ring = b, append(r.ring, n)
}

func (r *rewound) close() {
	if r.closer != nil {
		r.closer.Close() // the content was read as far as it was needed
	}
	r.closer, r.r = nil, nil
}
