// Package disk writes the structures of disk images: GUID partition tables, FAT
// file systems and ISO 9660 file systems with boot records. Equal inputs give
// equal bytes: dates, serial numbers and identifiers come from the caller, never
// from the clock. File contents are streamed.
//
// The file systems are as small as boot files need: FAT without free space to
// work with, ISO 9660 without Rock Ridge. Use mksquashfs or EROFS for a root
// file system.
package disk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

// File is a file of a file system. Folders follow from the paths.
type File struct {
	// Path is relative and slash-separated: "EFI/BOOT/BOOTX64.EFI".
	Path string
	// Size is the number of bytes that Open gives.
	Size int64
	Open func() (io.ReadCloser, error)
}

// Bytes is a file with content in memory.
func Bytes(p string, content []byte) File {
	return File{Path: p, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(content))), nil
	}}
}

// GUID derives an identifier from what it identifies, in the form of a random
// UUID (version 8, RFC 9562): the same name and content give the same GUID.
func GUID(name string, content []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "seaworthy %q %x", name, content))
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
}

// folder is a folder of a tree that is built from paths.
type folder struct {
	name    string
	parent  *folder
	folders []*folder
	files   []*File
	// at is where the folder's data begins, in units of the file system; size is
	// its length in bytes.
	at   uint32
	size int64
}

// treeOf sorts files into folders. Folders and files are sorted by name.
func treeOf(files []File) (*folder, error) {
	root := &folder{}
	seen := map[string]bool{}
	for i := range files {
		f := &files[i]
		if f.Path != path.Clean(f.Path) || f.Path == "." || strings.HasPrefix(f.Path, "/") || strings.HasPrefix(f.Path, "../") {
			return nil, fmt.Errorf("%q is not a clean relative path", f.Path)
		}
		fold := strings.ToUpper(f.Path)
		if seen[fold] {
			return nil, fmt.Errorf("%s is a duplicate", f.Path)
		}
		seen[fold] = true
		dir := root
		parts := strings.Split(f.Path, "/")
		for _, name := range parts[:len(parts)-1] {
			dir = dir.folder(name)
		}
		dir.files = append(dir.files, f)
	}
	root.sort()
	return root, root.check()
}

// folder finds or adds a folder.
func (d *folder) folder(name string) *folder {
	for _, sub := range d.folders {
		if strings.EqualFold(sub.name, name) {
			return sub
		}
	}
	sub := &folder{name: name, parent: d}
	d.folders = append(d.folders, sub)
	return sub
}

func (d *folder) sort() {
	slices.SortFunc(d.folders, func(a, b *folder) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(d.files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	for _, sub := range d.folders {
		sub.sort()
	}
}

// check requires that no name is a file and a folder.
func (d *folder) check() error {
	var errs []error
	for _, sub := range d.folders {
		for _, f := range d.files {
			if strings.EqualFold(path.Base(f.Path), sub.name) {
				errs = append(errs, fmt.Errorf("%s is a file and a folder", f.Path))
			}
		}
		errs = append(errs, sub.check())
	}
	return errors.Join(errs...)
}

// all lists the folders, parents first.
func (d *folder) all() []*folder {
	out := []*folder{d}
	for i := 0; i < len(out); i++ {
		out = append(out, out[i].folders...)
	}
	return out
}

// copyFile writes the content of f at offset at of w. If w takes parts of other files, and
// f is one, no bytes are copied.
func copyFile(w io.WriterAt, at int64, f *File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	placer, places := w.(extents.Placer)
	section, isSection := r.(interface {
		Outer() (r io.ReaderAt, off, n int64)
	})
	if places && isSection {
		from, off, n := section.Outer()
		if n != f.Size {
			return fmt.Errorf("%s: %d bytes, expected %d", f.Path, n, f.Size)
		}
		return placer.Place(at, from, off, n)
	}
	n, err := io.CopyBuffer(io.NewOffsetWriter(w, at), io.LimitReader(r, f.Size+1), make([]byte, 1<<20))
	if err == nil && n != f.Size {
		err = fmt.Errorf("%d bytes, expected %d", n, f.Size)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

func divUp(n, unit int64) int64 { return (n + unit - 1) / unit }
