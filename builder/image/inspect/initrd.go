package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

var initrdKinds = []kind{{"initrd", "initrd (cpio archive)", isInitrd, describeInitrd}}

func isCPIO(b []byte) bool {
	return strings.HasPrefix(string(b), "070701") || strings.HasPrefix(string(b), "070702")
}

func isInitrd(c *content) bool {
	if isCPIO(c.head) {
		return true
	}
	p := compressionOf(c.head)
	if p == nil {
		return false
	}
	r, err := p.reader(c.SectionReader)
	if err != nil {
		return false
	}
	defer r.Close()
	b := make([]byte, 6)
	_, err = io.ReadFull(r, b)
	return err == nil && isCPIO(b)
}

// describeInitrd reads archives one after the other, as the kernel does: plain
// ones, and at the end a compressed one.
func describeInitrd(w *walker, it *Item, s *io.SectionReader) {
	if w.o.BootOnly {
		return
	}
	it.Root = &Root{}
	var used []string
	for at := int64(0); at < s.Size(); {
		rest := part(s, at, s.Size())
		head, _ := read(rest, 0, int(min(rest.Size(), 8)))
		archive := &cpioReader{w: w, it: it}
		if c := compressionOf(head); c != nil {
			used = append(used, c.name)
			r, err := c.reader(rest)
			if err == nil {
				err = archive.read(w.count(r))
				r.Close()
			}
			if err != nil {
				it.problem("the %s part at byte %d is damaged: %v", c.name, at, err)
			}
			content := &rewound{w: w, open: func() (io.ReadCloser, error) { return c.reader(rest) }}
			archive.images(content)
			content.close()
			break
		}
		if !isCPIO(head) {
			it.problem("%d bytes at byte %d are not understood", rest.Size(), at)
			break
		}
		used = append(used, "none")
		if err := archive.read(w.count(rest)); err != nil {
			it.problem("the archive at byte %d is damaged: %v", at, err)
			break
		}
		archive.images(rest)
		at += archive.at
	}
	it.Compression = strings.Join(slices.Compact(used), "+")
}

// cpioReader reads archives in the format newc (cpio(5)).
type cpioReader struct {
	w  *walker
	it *Item
	r  *bufio.Reader
	at int64
	// found are files that are images themselves.
	found []placed
	// each receives the entries of archive number, if they are wanted. links has the
	// first name of a file with several names.
	each    EachEntry
	number  int
	links   map[string]string
	waiting []waiting
}

// placed is a file and its place.
type placed struct {
	path     string
	at, size int64
}

// imageEndings are the endings of images in an initrd: Talos has a squashfs there.
var imageEndings = []string{".sqsh", ".squashfs", ".erofs", ".img", ".iso"}

// read reads archives up to what is not one.
func (c *cpioReader) read(r io.Reader) error {
	c.r = bufio.NewReaderSize(r, 256<<10)
	for {
		head, err := c.r.Peek(6)
		if !isCPIO(head) {
			if len(head) > 0 && head[0] == 0 {
				if err := c.skipZeros(); err != nil {
					return err
				}
				continue
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := c.entry(); err != nil {
			return noEOF(err)
		}
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *cpioReader) skip(n int64) error {
	got, err := io.CopyN(io.Discard, c.r, n)
	c.at += got
	return err
}

// skipZeros skips zeros that are in the buffer, at least one.
func (c *cpioReader) skipZeros() error {
	b, err := c.r.Peek(c.r.Buffered())
	if err != nil {
		return err
	}
	n := len(b) - len(bytes.TrimLeft(b, "\x00"))
	return c.skip(int64(n))
}

// align skips to a multiple of four.
func (c *cpioReader) align() error { return c.skip(-c.at & 3) }

// Read follows io.Reader, for the content of an entry.
func (c *cpioReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.at += int64(n)
	return n, err
}

func (c *cpioReader) entry() error {
	const size, maxName = 110, 4096
	h := make([]byte, size)
	if _, err := io.ReadFull(c, h); err != nil {
		return err
	}
	field := func(n int) (int64, error) {
		v, err := strconv.ParseUint(string(h[6+8*n:14+8*n]), 16, 32)
		return int64(v), err
	}
	mode, err1 := field(1)
	length, err2 := field(6)
	nameSize, err3 := field(11)
	if err := errors.Join(err1, err2, err3); err != nil || nameSize < 1 || nameSize > maxName {
		return fmt.Errorf("the header at byte %d is not valid", c.at-size)
	}
	name := make([]byte, nameSize)
	if _, err := io.ReadFull(c, name); err != nil {
		return err
	}
	if err := c.align(); err != nil {
		return err
	}
	p := strings.TrimRight(string(name), "\x00")
	end := c.at + length
	if p == "TRAILER!!!" {
		return c.skip(length)
	}
	if c.each != nil {
		if err := c.pass(p, field, length, io.LimitReader(c, length)); err != nil {
			return err
		}
		if err := c.skip(end - c.at); err != nil {
			return err
		}
		return c.align()
	}
	file := mode&0o170000 == 0o100000
	if file && len(c.found) < 16 && slices.ContainsFunc(imageEndings, func(e string) bool { return strings.HasSuffix(p, e) }) {
		c.found = append(c.found, placed{clean(p), c.at, length})
	}
	if strings.HasPrefix(clean(p), "kernel/x86/microcode/") {
		c.it.About = "with microcode"
	}
	if err := c.it.Root.Add(p, length, file, io.LimitReader(c, length)); err != nil {
		return err
	}
	if err := c.skip(end - c.at); err != nil {
		return err
	}
	return c.align()
}

// images looks into the files that are images.
func (c *cpioReader) images(r io.ReaderAt) {
	for _, f := range c.found {
		c.w.bootFile(c.it, f.path, io.NewSectionReader(r, f.at, f.size))
	}
}
