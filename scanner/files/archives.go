package files

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
)

// Bounds of what is looked for in archives: the size of one as it lies there,
// what it may unpack to, what all of an image may, and how many lie in each other.
const (
	maxArchive  = 8 << 20
	maxUnpacked = 32 << 20
	maxWork     = 512 << 20
	maxNested   = 3
)

// tarMagic is at tarMagicAt of a tar's first header.
const (
	tarMagic   = "ustar"
	tarMagicAt = 257
	archived   = tarMagicAt + len(tarMagic)
)

// isArchive: a file that begins so is a gzip, bzip2, zip or tar.
func isArchive(head []byte) bool {
	return isCompressed(head) || isZip(head) || isTar(head)
}

func isCompressed(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x1f\x8b\x08")) || bytes.HasPrefix(head, []byte("BZh"))
}

func isZip(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

func isTar(head []byte) bool {
	return len(head) >= archived && string(head[tarMagicAt:archived]) == tarMagic
}

// SecretInArchive gives the kind of secret that one of an archive's files holds,
// "" for none and for what is no archive or a large one. What is damaged is looked
// at as far as it can be read.
func SecretInArchive(data []byte) string {
	if len(data) > maxArchive || !isArchive(data) {
		return ""
	}
	kind, _ := unpack(data)
	return kind
}

// unpack gives the kind of secret, and how many bytes were unpacked.
func unpack(data []byte) (kind string, n int64) {
	u := unpacker{left: maxUnpacked}
	u.look(bytes.NewReader(data), 0)
	return u.kind, maxUnpacked - u.left
}

// unpacker looks into one archive, and takes no more from it than is left.
type unpacker struct {
	left int64
	kind string
}

// errEnough ends the reading of an archive that has more than is left.
var errEnough = errors.New("enough is unpacked")

// metered takes what is read of a file from what is left.
type metered struct {
	u *unpacker
	r io.Reader
}

func (m metered) Read(p []byte) (int, error) {
	if m.u.left <= 0 || m.u.kind != "" {
		return 0, errEnough
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.u.left)])
	m.u.left -= int64(n)
	return n, err
}

// look searches a stream, which may be an archive in depth others.
func (u *unpacker) look(r io.Reader, depth int) {
	b := bufio.NewReader(metered{u, r})
	head, _ := b.Peek(archived)
	switch {
	case depth > maxNested:
	case isCompressed(head):
		if z, err := decompressor(b, head); err == nil {
			u.look(z, depth+1)
		}
		return
	case isZip(head):
		u.zip(b, depth)
		return
	case isTar(head):
		t := tar.NewReader(b)
		for _, err := t.Next(); err == nil; _, err = t.Next() {
			u.look(t, depth+1)
		}
		return
	}
	var f Finder
	_, _ = io.Copy(&f, b)
	if kind := f.Kind(); u.kind == "" {
		u.kind = kind
	}
}

func decompressor(r io.Reader, head []byte) (io.Reader, error) {
	if head[0] == 'B' {
		return bzip2.NewReader(r), nil
	}
	return gzip.NewReader(r)
}

func (u *unpacker) zip(r io.Reader, depth int) {
	data, err := io.ReadAll(io.LimitReader(r, maxArchive))
	if err != nil {
		return
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	for _, f := range z.File {
		if u.left <= 0 || u.kind != "" {
			return
		}
		if c, err := f.Open(); err == nil {
			u.look(c, depth+1)
			_ = c.Close()
		}
	}
}
