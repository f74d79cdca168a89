// Package records reads vulnerability records that a user names: a file, a folder of files,
// or a zip archive. The files are hostile: they are read as streams, with limits, and the
// names in an archive are only shown.
package records

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

const (
	// maxFile is the largest size of a file, and of a file in an archive.
	// Debian's tracker has 70 million bytes.
	maxFile = 256 << 20
	// maxTotal is the largest total size, unpacked; maxEntries the highest
	// number of files in an archive.
	maxTotal   = 16 << 30
	maxEntries = 1 << 20
	// MaxRecord is the largest size of one record.
	MaxRecord = 32 << 20
)

// Reader reads files, each byte once.
type Reader struct {
	// Name is the pattern for the names of files in a folder or an archive, as in
	// path.Match. Other files are ignored, but a folder can also have archives.
	Name string
	// Document reads one document to its end.
	Document func(*bufio.Reader) error
	// Count is the number of records that were read. A file without a record is malformed.
	Count func() int

	digests []string
	total   int64
}

func (r *Reader) wants(name string) bool {
	ok, err := path.Match(r.Name, path.Base(filepath.ToSlash(name)))
	return ok && err == nil
}

// Path reads a file or a folder. Files of a folder are read in the order of
// their names.
func (r *Reader) Path(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return system.NotRead(path, err)
	}
	if !info.IsDir() {
		return r.file(ctx, path)
	}
	found := 0
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return system.NotRead(p, err)
		}
		if d.IsDir() || !r.wants(p) && filepath.Ext(p) != ".zip" {
			return ctx.Err()
		}
		// A link counts as its target: skipping it would leave out a part of
		// the database.
		if info, err := os.Stat(p); err != nil {
			return system.NotRead(p, err)
		} else if !info.Mode().IsRegular() {
			return Malformed(p, errors.New("it is not a regular file"))
		}
		found++
		return r.file(ctx, p)
	})
	if err == nil && found == 0 {
		return Malformed(path, fmt.Errorf("the folder contains no %s or *.zip file", r.Name))
	}
	return err
}

func (r *Reader) file(ctx context.Context, path string) error {
	f, err := bounded.Open(path)
	if err != nil {
		return system.NotRead(path, err)
	}
	defer f.Close()
	hash, before := sha256.New(), r.Count()
	var magic [4]byte
	if n, _ := f.ReadAt(magic[:], 0); string(magic[:n]) == "PK\x03\x04" {
		size, err := io.Copy(hash, f)
		if err != nil {
			return system.NotRead(path, err)
		}
		if err := r.archive(ctx, f, size, path); err != nil {
			return err
		}
	} else if err := r.document(io.TeeReader(f, hash), path); err != nil {
		return err
	}
	if r.Count() == before {
		return Malformed(path, errors.New("it contains no vulnerabilities"))
	}
	r.digests = append(r.digests, digests.Sum(hash))
	return ctx.Err()
}

func (r *Reader) archive(ctx context.Context, f io.ReaderAt, size int64, path string) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return Malformed(path, err)
	}
	if len(z.File) > maxEntries {
		return Malformed(path, fmt.Errorf("the archive has more than %d files", maxEntries))
	}
	files := slices.DeleteFunc(z.File, func(e *zip.File) bool { return !r.wants(e.Name) })
	if len(files) == 0 {
		return Malformed(path, fmt.Errorf("the archive contains no %s file", r.Name))
	}
	slices.SortStableFunc(files, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		entry, err := e.Open()
		if err != nil {
			return Malformed(path+": "+e.Name, err)
		}
		err = r.document(entry, path+": "+e.Name)
		if err = errors.Join(err, entry.Close()); err != nil {
			return err
		}
	}
	return nil
}

// document reads one JSON document to its end.
func (r *Reader) document(in io.Reader, path string) error {
	left := &io.LimitedReader{R: in, N: maxFile + 1}
	err := r.Document(bufio.NewReaderSize(left, 64<<10))
	r.total += maxFile + 1 - left.N
	switch {
	case left.N <= 0:
		err = fmt.Errorf("the file has more than %d MiB", maxFile>>20)
	case r.total > maxTotal:
		err = fmt.Errorf("all files together have more than %d GiB", maxTotal>>30)
	}
	if err != nil {
		return Malformed(path, err)
	}
	return nil
}

// Digest is sha256:HEX. One file has its own digest. Several files have the digest of the
// list of their digests.
func (r *Reader) Digest() string {
	if len(r.digests) == 1 {
		return r.digests[0]
	}
	return digests.Of([]byte(strings.Join(r.digests, "\n") + "\n"))
}

// Malformed is the error for a file that the user names and that is not as the
// documentation says.
func Malformed(path string, err error) error {
	return system.BadInput("%s", path).Because(err).Suggest("see docs/vulnerabilities.md for the formats")
}
