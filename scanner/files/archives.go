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

// Limits for the search in archives: the size of one archive, the size that it
// may unpack to, the size that all archives of an image may unpack to, and the
// depth of archives within archives.
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

// isArchive reports whether a file begins as gzip, bzip2, zip or tar.
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

// SecretInArchive returns the kind of secret in one of an archive's files, ""
// for none. It is "" too if data is not an archive, or is a large one. A
// damaged archive is searched up to the damage.
func SecretInArchive(data []byte) string {
	if len(data) > maxArchive || !isArchive(data) {
		return ""
	}
	kind, _ := unpack(data)
	return kind
}

// unpack returns the kind of secret, and the number of unpacked bytes.
func unpack(data []byte) (kind string, n int64) {
	u := unpacker{left: maxUnpacked}
	u.look(bytes.NewReader(data), 0)
	return u.kind, maxUnpacked - u.left
}

// unpacker searches one archive, within the remaining limit.
type unpacker struct {
	left int64
	kind string
}

// errEnough ends the reading of an archive at the limit.
var errEnough = errors.New("the limit for unpacked bytes is reached")

// metered subtracts the bytes that are read from the remaining limit.
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

// look searches a stream, which may itself be an archive, within depth other
// archives.
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
