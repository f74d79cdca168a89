// Package scantest makes images for the tests of the scanner: entries as in a
// pass, and a pass that streams them into sinks.
package scantest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Object is an entry with its content. Entry.Size bytes of Content are read; if
// it is nil, Text is the content.
type Object struct {
	system.Entry
	Text    string
	Content io.Reader
}

// File is a regular file, mode 644.
func File(path, text string) Object {
	return Object{Entry: system.Entry{Path: path, Type: system.TypeFile, Mode: 0o644, Size: int64(len(text))}, Text: text}
}

// Mode is a regular file with a mode.
func Mode(path string, mode uint32, text string) Object {
	o := File(path, text)
	o.Entry.Mode = mode
	return o
}

// Dir is a folder.
func Dir(path string, mode uint32) Object {
	return Object{Entry: system.Entry{Path: path, Type: system.TypeDir, Mode: mode}}
}

// Symlink is a link with this target.
func Symlink(path, target string) Object {
	return Object{Entry: system.Entry{Path: path, Type: system.TypeSymlink, Mode: 0o777, Link: target}}
}

// Hardlink is another name of the file at target.
func Hardlink(path, target string) Object {
	return Object{Entry: system.Entry{Path: path, Type: system.TypeHardlink, Mode: 0o644, Link: target}}
}

// Shadowed is o, hidden by an upper layer.
func Shadowed(o Object) Object {
	o.Entry.Shadowed = true
	return o
}

// Nested is o within a tarball of the image.
func Nested(archive string, o Object) Object {
	o.Entry.Archive = archive
	return o
}

// Feed streams objects into sinks as a pass does, and ends the pass. Trees come
// before the sinks that need them: see InTree.
func Feed(objects []Object, sinks ...system.Sink) error {
	for i := range objects {
		o := objects[i]
		e := o.Entry
		for _, s := range sinks {
			w, err := s.Entry(&e)
			if err != nil {
				return err
			}
			if w == nil {
				continue
			}
			r := o.Content
			if r == nil {
				r = strings.NewReader(o.Text)
			}
			// Small, odd pieces: a reader must not rely on whole ones.
			if n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{io.LimitReader(r, e.Size)}, make([]byte, 7919)); err != nil {
				return err
			} else if n != e.Size {
				return fmt.Errorf("%s: %d bytes instead of %d", e.Path, n, e.Size)
			}
			if err := w.Close(); err != nil {
				return err
			}
		}
	}
	for _, s := range sinks {
		if err := s.Finish(); err != nil {
			return err
		}
	}
	return nil
}

// InTree is a sink that fills a tree (scanner/tree). It comes before the sinks
// that share the tree.
type InTree struct {
	Tree interface{ Add(*system.Entry) error }
}

// Entry implements system.Sink.
func (t InTree) Entry(e *system.Entry) (io.WriteCloser, error) { return nil, t.Tree.Add(e) }

// Finish implements system.Sink.
func (t InTree) Finish() error { return nil }

// Zeros is endless content.
type Zeros struct{}

func (Zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Image is a minimal description of an image.
func Image(name, manifest string) *system.Image {
	if !strings.HasPrefix(manifest, "sha256:") {
		manifest = "sha256:" + strings.Repeat("0", max(0, 64-len(manifest))) + manifest
	}
	return &system.Image{
		Reference: name, Name: name, Digest: manifest, Manifest: manifest, From: "layout",
		MediaType: "application/vnd.oci.image.manifest.v1+json",
		Config:    system.ImageConfig{Digest: manifest, Architecture: "amd64", OS: "linux"},
	}
}

// DpkgStatus is an entry of dpkg's database.
func DpkgStatus(name, version string) string {
	return fmt.Sprintf("Package: %s\nStatus: install ok installed\nPriority: optional\nSection: libs\nInstalled-Size: 10\n"+
		"Maintainer: Nobody <nobody@example.org>\nArchitecture: amd64\nVersion: %s\nDescription: a package of a test\n\n", name, version)
}

// Debian is the root of a small Debian system: os-release, and packages with
// their file lists.
func Debian(packages map[string][]string) []Object {
	var status strings.Builder
	out := []Object{
		Dir("etc", 0o755), Symlink("etc/os-release", "../usr/lib/os-release"),
		Dir("usr", 0o755), Dir("usr/lib", 0o755),
		File("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
		Dir("var/lib/dpkg/info", 0o755),
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		status.WriteString(DpkgStatus(name, "1.0-1"))
		list, sums := "/.\n", ""
		for _, f := range packages[name] {
			list += "/" + f + "\n"
			sums += "d41d8cd98f00b204e9800998ecf8427e  " + f + "\n"
			out = append(out, File(f, "content of "+f+"\n"))
		}
		out = append(out, File("var/lib/dpkg/info/"+name+".list", list), File("var/lib/dpkg/info/"+name+".md5sums", sums))
		out = append(out, File("usr/share/doc/"+name+"/copyright", "License: MIT\n"))
	}
	return append(out, File("var/lib/dpkg/status", status.String()))
}
