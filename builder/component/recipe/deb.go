package recipe

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const (
	maxDebEntries  = 200_000
	maxDebUnpacked = 4 << 30
	maxXZDict      = 128 << 20
)

// debEntry is one object in the data archive of a package. Its path is clean and
// relative.
type debEntry struct {
	Path     string
	Type     system.EntryType
	Mode     uint32
	UID, GID int
	Size     int64
	Link     string
}

// verifyFile compares a file with its SHA-256 in hex.
func verifyFile(name, want string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return verifyReader(f, want)
}

func verifyReader(r io.Reader, want string) error {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return system.Mismatch("its SHA-256 is %s, but the package index has %s", got, want)
	}
	return nil
}

// readDeb calls visit for the files of a .deb in archive order. content is only
// valid during the call. It refuses entries that could write outside the image
// (.., absolute names), devices, and archives over the limits.
func readDeb(deb io.Reader, visit func(e *debEntry, content io.Reader) error) error {
	data, name, err := debMember(deb, "data.tar")
	if err != nil {
		return err
	}
	r, closeData, err := decompress(data, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer closeData()
	limited := &io.LimitedReader{R: r, N: maxDebUnpacked + 1}
	tr := tar.NewReader(limited)
	for n := 0; ; n++ {
		h, err := tr.Next()
		if limited.N <= 0 {
			return fmt.Errorf("the package unpacks to more than %d bytes", int64(maxDebUnpacked))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if n >= maxDebEntries {
			return fmt.Errorf("more than %d entries", maxDebEntries)
		}
		e, err := debTarEntry(h)
		if err != nil {
			return err
		}
		if e == nil {
			continue
		}
		if err := visit(e, tr); err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
}

// debTarEntry checks one header; nil for the root itself.
func debTarEntry(h *tar.Header) (*debEntry, error) {
	p, err := debPath(h.Name)
	if err != nil {
		return nil, err
	}
	if p == "" {
		if h.Typeflag != tar.TypeDir {
			return nil, fmt.Errorf("entry %q is the root, but not a folder", h.Name)
		}
		return nil, nil
	}
	if h.Uid < 0 || h.Gid < 0 || h.Uid > 65535 || h.Gid > 65535 {
		return nil, fmt.Errorf("entry %q: owner %d:%d is out of range (0 to 65535)", h.Name, h.Uid, h.Gid)
	}
	e := &debEntry{Path: p, Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid}
	switch h.Typeflag {
	case tar.TypeReg:
		e.Type, e.Size = system.TypeFile, h.Size
	case tar.TypeDir:
		e.Type = system.TypeDir
	case tar.TypeSymlink:
		if h.Linkname == "" || strings.ContainsRune(h.Linkname, 0) {
			return nil, fmt.Errorf("entry %q: invalid link target %q", h.Name, h.Linkname)
		}
		e.Type, e.Link, e.Mode = system.TypeSymlink, h.Linkname, 0o777
	case tar.TypeLink:
		target, err := debPath(h.Linkname)
		if err != nil || target == "" {
			return nil, fmt.Errorf("entry %q: invalid target %q of a hard link", h.Name, h.Linkname)
		}
		e.Type, e.Link = system.TypeHardlink, target
	default:
		return nil, fmt.Errorf("entry %q is a device or another type that is not allowed in a component (type %q)", h.Name, h.Typeflag)
	}
	return e, nil
}

// debPath cleans "./usr/bin/x"; "" is the root.
func debPath(name string) (string, error) {
	p := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if p == "" || p == "." {
		return "", nil
	}
	if !cleanPath(p) || path.IsAbs(name) {
		return "", fmt.Errorf("entry %q would leave the image", name)
	}
	return p, nil
}

// debMember finds the member NAME.SUFFIX of an ar archive that is a Debian
// package of format 2.
func debMember(r io.Reader, want string) (io.Reader, string, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	magic := make([]byte, 8)
	if _, err := io.ReadFull(br, magic); err != nil || string(magic) != "!<arch>\n" {
		return nil, "", errors.New("not a Debian package: the ar signature is missing")
	}
	for i := 0; i < 16; i++ {
		header := make([]byte, 60)
		if _, err := io.ReadFull(br, header); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, "", fmt.Errorf("ar header: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
		size, err := strconv.ParseInt(strings.TrimRight(string(header[48:58]), " "), 10, 64)
		if err != nil || size < 0 || !bytes.Equal(header[58:], []byte("`\n")) {
			return nil, "", fmt.Errorf("the ar header of member %q is invalid", name)
		}
		body := io.LimitReader(br, size)
		if i == 0 {
			format, err := io.ReadAll(io.LimitReader(body, 16))
			if err != nil || name != "debian-binary" || !strings.HasPrefix(string(format), "2.") {
				return nil, "", fmt.Errorf("not a Debian package of format 2: the first member %q contains %q", name, format)
			}
		}
		if name == want || strings.HasPrefix(name, want+".") {
			return body, name, nil
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return nil, "", err
		}
		if size%2 == 1 {
			if _, err := br.Discard(1); err != nil && !errors.Is(err, io.EOF) {
				return nil, "", err
			}
		}
	}
	return nil, "", fmt.Errorf("the member %s is missing", want)
}

// decompress reads the format of the last suffix of name: xz, zst, gz or none.
func decompress(r io.Reader, name string) (io.Reader, func(), error) {
	none := func() {}
	switch path.Ext(name) {
	case ".xz":
		x, err := xz.ReaderConfig{DictCap: 8 << 20}.NewReader(bufio.NewReaderSize(r, 64<<10))
		return x, none, err
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(maxXZDict), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, none, err
		}
		return z, z.Close, nil
	case ".gz":
		g, err := gzip.NewReader(r)
		return g, none, err
	case ".tar", ".ko":
		return r, none, nil
	}
	return nil, none, fmt.Errorf("unknown compression")
}
