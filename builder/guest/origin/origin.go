// Package origin is the program seaworthy-whence. It answers, on the running system,
// where a file or the program of a process comes from, with the index that package
// internal/whence describes.
package origin

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/mountinfo"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
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

// mountWithID finds a mount in /proc/PID/mountinfo; nil if it is not there.
func mountWithID(info []byte, id string) *mountinfo.Mount {
	all := mountinfo.Parse(info)
	if i := slices.IndexFunc(all, func(m mountinfo.Mount) bool { return m.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// inside returns where a file is in the file system of m. p is its path for a process.
func inside(m *mountinfo.Mount, p string) (string, error) {
	rel, ok := strings.CutPrefix(p, strings.TrimSuffix(m.Point, "/"))
	if !ok || rel != "" && rel[0] != '/' {
		return "", fmt.Errorf("%s is not below its mount point %s", p, m.Point)
	}
	return path.Join(m.Root, rel), nil
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
func (r systemRoot) placeOf(m *mountinfo.Mount, p string) (place, error) {
	in, err := inside(m, p)
	if err != nil {
		return place{}, err
	}
	if m.Kind == "overlay" {
		// The paths are those of PID 1.
		lower, upper := m.FSOption("lowerdir"), m.FSOption("upperdir")
		if lower == "" || strings.Contains(lower, ":") {
			return place{where: "it is on an overlay of several folders"}, nil
		}
		out := place{path: strings.TrimPrefix(path.Join(lower, in), "/"), known: true}
		if upper != "" {
			out.upper = strings.TrimPrefix(path.Join(upper, in), "/")
		}
		return out, nil
	}
	if m.Device == r.device {
		if rel, ok := r.relative(in); ok {
			return place{path: rel, known: true}, nil
		}
	}
	return place{where: fmt.Sprintf("it is on a file system of type %s, mounted on %s", m.Kind, safetext.Clean(m.Point))}, nil
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
