// Package origin is the program seaworthy-whence. It answers, on the running system,
// where a file or the program of a process comes from, with the index that package
// internal/whence describes.
package origin

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/whence"
)

// Name is the name by which this program answers where a file or a process of the
// running system comes from.
const Name = "seaworthy-whence"

// Exit codes of seaworthy-whence.
const (
	whenceFound   = 0
	whenceForeign = 1 // not from the image
	whenceUsage   = 2
	whenceFailed  = 3
	whenceChanged = 4 // the content has another digest than in the image
)

const usageText = `Usage: seaworthy-whence [--root DIR] [--verify] PATH|PID...

Names the component, the image, the package, the layer and the digest of a file of the
running system, or of the program of a process. PATH can lead through /proc/PID/root.
Without --verify, the content of the file is not read.

  --verify    also compare the content of the file with its digest
  --root DIR  the root of the system, as a container sees it (default: /, or that of PID 1)

Exit codes: 0 from the image, 1 not from the image, 2 usage error, 3 could not look,
4 --verify: the content is not that of the image.
`

// mountPoint is a line of /proc/PID/mountinfo: the folder root of a file system is
// mounted on point.
type mountPoint struct {
	id, device, root, point, kind string
	// options of the file system.
	options []string
}

// option returns the value of an option such as lowerdir=VALUE, "" if there is none.
func (m *mountPoint) option(name string) string {
	for _, o := range m.options {
		if v, ok := strings.CutPrefix(o, name+"="); ok {
			return v
		}
	}
	return ""
}

// mountWithID finds a mount in /proc/PID/mountinfo; nil if it is not there.
func mountWithID(info []byte, id string) *mountPoint {
	for line := range bytes.Lines(info) {
		f := strings.Fields(string(line))
		if len(f) < 10 || f[0] != id {
			continue
		}
		for i := 6; i+3 < len(f); i++ {
			if f[i] == "-" {
				return &mountPoint{id, f[2], unoctal(f[3]), unoctal(f[4]), f[i+1], strings.Split(unoctal(f[i+3]), ",")}
			}
		}
	}
	return nil
}

// unoctal decodes the blanks and other characters that the kernel writes as \ooo.
func unoctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// inside returns where a file is in the file system of m. p is its path for a process.
func (m *mountPoint) inside(p string) (string, error) {
	rel, ok := strings.CutPrefix(p, strings.TrimSuffix(m.point, "/"))
	if !ok || rel != "" && rel[0] != '/' {
		return "", fmt.Errorf("%s is not below its mount point %s", p, m.point)
	}
	return path.Join(m.root, rel), nil
}

// systemRoot is where the files of the system are: below the folder base of the file
// system device.
type systemRoot struct{ device, base string }

// relative is the path relative to the root of the system of a path in its file system.
func (r systemRoot) relative(p string) (string, bool) {
	base := strings.TrimSuffix(r.base, "/")
	rel, ok := strings.CutPrefix(p, base+"/")
	return rel, ok
}

// place is where a file is in the tree of the built system.
type place struct {
	// path relative to the root of the system, if known is true. upper is the path
	// that the file has if it was written at run time, "" if it cannot be.
	path, upper string
	known       bool
	// where says in words where a file is that is not in this tree.
	where string
}

// placeOf finds out where a file is. p is its path for the process whose mount m is.
func (r systemRoot) placeOf(m *mountPoint, p string) (place, error) {
	in, err := m.inside(p)
	if err != nil {
		return place{}, err
	}
	if m.kind == "overlay" {
		// The paths are those of PID 1.
		lower, upper := m.option("lowerdir"), m.option("upperdir")
		if lower == "" || strings.Contains(lower, ":") {
			return place{where: "it is on an overlay of several folders"}, nil
		}
		out := place{path: strings.TrimPrefix(path.Join(lower, in), "/"), known: true}
		if upper != "" {
			out.upper = strings.TrimPrefix(path.Join(upper, in), "/")
		}
		return out, nil
	}
	if m.device == r.device {
		if rel, ok := r.relative(in); ok {
			return place{path: rel, known: true}, nil
		}
	}
	return place{where: fmt.Sprintf("it is on a file system of type %s, mounted on %s", m.kind, printable(m.point))}, nil
}

// answer is what is known about a file.
type answer struct {
	index  *whence.Index
	origin *whence.Origin
	place  place
	// written: the file was written at run time.
	written bool
}

// component names the component that the file belongs to, and the path in it.
func (a *answer) component() string {
	if o := a.origin; o != nil && o.Component.ID != whence.Builder && o.Component.ID != whence.Files {
		text := o.Component.ID
		if o.Component.Root != "" {
			text += ", there /" + o.File.Path
		}
		return text
	}
	if c := a.index.Of(a.place.path); c != nil {
		return c.ID
	}
	return ""
}

// lines are the answer in words, and the exit code.
func (a *answer) lines() (out [][2]string, code int) {
	add := func(name, value string) {
		if value != "" {
			out = append(out, [2]string{name, value})
		}
	}
	if a.place.known && a.place.path == whence.Path && !a.written {
		add("origin", "made by the build: the index of the system, which does not contain its own digest")
		return out, whenceFound
	}
	if a.origin == nil || a.written {
		add("component", a.component())
		switch {
		case !a.place.known:
			add("origin", "not from the image: "+a.place.where)
		case a.origin != nil:
			add("origin", "not from the image: it was changed at run time; the image has another file at this path")
		default:
			add("origin", "not from the image: it was added at run time")
		}
		return out, whenceForeign
	}
	o := a.origin
	add("component", a.component())
	switch o.Component.ID {
	case whence.Builder:
		add("origin", "made by the build")
	case whence.Files:
		add("origin", "the files section of os.yml")
	}
	if o.Component.Reference != "" {
		add("image", o.Component.Reference+"@"+o.Component.Manifest)
	}
	switch {
	case o.Package != nil:
		add("package", strings.TrimSpace(o.Package.Name+" "+o.Package.Version))
		add("purl", o.Package.PURL)
	case o.Layer != "":
		add("package", "none")
	}
	if o.Layer != "" {
		add("layer", fmt.Sprintf("%d of %d, %s", o.Number, o.Layers, o.Layer))
	}
	add("digest", o.File.Digest.String())
	return out, whenceFound
}

// printable escapes control characters: names come from images and processes.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return fmt.Sprintf("%q", s)
	}
	return s
}
