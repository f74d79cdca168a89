// Package fromimage makes facts from image files alone, of any origin: disks, ISO
// files, UKIs, kernels, initrds, tars and squashfs. There is no os.yml, and what an
// image does not say stays unknown.
//
// An image is read several times: once to find its parts, and then to give the files
// in it to the scanner. Everything in it is hostile.
package fromimage

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline/bootfacts"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Image is one image: the files that belong together, with what was found in them.
// Close must be called.
type Image struct {
	name, arch string
	files      []*file
	// kernel and root are nil if none was found, or more than one.
	kernel, root *place
	// lines are the different command lines.
	lines   []string
	unknown []facts.NotSaid
	os      *system.OS
	tree    *listing
}

type file struct {
	path   string
	r      *os.File
	size   int64
	boot   facts.BootFile
	digest string
}

// place is an item of a file: its number in the order of the walk.
type place struct {
	file   *file
	number int
	item   *inspect.Item
}

// maxLine bounds a file with a command line.
const maxLine = 64 << 10

// Open reads the structure of image files. arch is "" if the image says it.
func Open(paths []string, arch string, certificates []*x509.Certificate) (_ *Image, err error) {
	im := &Image{arch: arch, name: strings.TrimSuffix(filepath.Base(paths[0]), filepath.Ext(paths[0]))}
	defer func() {
		if err != nil {
			err = errors.Join(err, im.Close())
		}
	}()
	var errs []error
	var kernels, roots, unreadable []*place
	for _, p := range paths {
		f, found, err := open(p, certificates)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		im.files = append(im.files, f)
		for _, at := range found {
			switch {
			case at.item.Kind == "kernel":
				kernels = append(kernels, at)
			case inspect.Listable(at.item.Kind) && (at.item.Kind != "ext" || at.item.Root != nil):
				roots = append(roots, at)
			case at.item.Partition != nil && bootfacts.IsRoot(at.item.Kind): // its files are not read, or it does not look like a root
				unreadable = append(unreadable, at)
			}
		}
		for _, l := range f.boot.Lines {
			if !slices.Contains(im.lines, l.Raw) {
				im.lines = append(im.lines, l.Raw)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	im.choose(kernels, roots, unreadable)
	return im, nil
}

// Recognised reports whether a file is an image, and not an os.yml. A name that ends
// in .yml or .yaml is never one: a file must not choose by its content how it is
// checked.
func Recognised(path string) bool { return Kind(path) != "" }

// Kind is the kind of an image file, "" for any other file.
func Kind(path string) string {
	if ending := strings.ToLower(filepath.Ext(path)); ending == ".yml" || ending == ".yaml" {
		return ""
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeDevice {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return ""
	case strings.HasSuffix(path, image.CmdlineEnding):
		return "cmdline"
	}
	return inspect.Recognise(f, size)
}

func open(path string, certificates []*x509.Certificate) (_ *file, _ []*place, err error) {
	out := &file{path: path}
	if out.r, err = os.Open(path); err != nil {
		return nil, nil, system.NotRead(path, err)
	}
	defer func() {
		if err != nil {
			out.r.Close()
		}
	}()
	if out.size, err = out.r.Seek(0, io.SeekEnd); err != nil {
		return nil, nil, system.NotRead(path, err)
	}
	name := filepath.Base(path)
	if strings.HasSuffix(name, image.CmdlineEnding) {
		text, err := bounded.Read(io.NewSectionReader(out.r, 0, out.size), maxLine)
		if err != nil {
			return nil, nil, system.NotRead(path, err)
		}
		out.digest = digests.Of(text)
		out.boot = bootfacts.OfCmdline(name, text)
		return out, nil, nil
	}
	var found []*place
	number := 0
	report, err := inspect.Describe(path, out.r, out.size, inspect.Options{Certificates: certificates, Visit: func(it *inspect.Item, _ *io.SectionReader) {
		found = append(found, &place{out, number, it})
		number++
	}})
	if err != nil {
		return nil, nil, err
	}
	out.digest, out.boot = report.Digest, bootfacts.Of(name, "", report)
	return out, found, nil
}

// Close closes the files.
func (im *Image) Close() error {
	var errs []error
	for _, f := range im.files {
		errs = append(errs, f.r.Close())
	}
	return errors.Join(errs...)
}

// missing says that an input of rules is not in the image.
func (im *Image) missing(reason string, inputs ...string) {
	for _, in := range inputs {
		if !slices.ContainsFunc(im.unknown, func(n facts.NotSaid) bool { return n.Input == in }) {
			im.unknown = append(im.unknown, facts.NotSaid{Input: in, Reason: reason})
		}
	}
}

// The inputs of rules that come from the files of the root.
var fromFiles = []string{"files", "file tree", "sbom", "vulnerabilities", "spec", "runtime", "effective spec", "sysctls"}

// choose finds the kernel, the command line and the root. If there are several, the
// image does not say which one boots.
func (im *Image) choose(kernels, roots, unreadable []*place) {
	same := func(a, b *place) bool {
		return a.item.Size == b.item.Size && a.item.Kernel.Version == b.item.Kernel.Version
	}
	kernels = slices.CompactFunc(kernels, same)
	switch {
	case len(kernels) == 0:
		im.missing("no kernel was found in the image", "kernel")
	case len(kernels) > 1:
		im.missing(fmt.Sprintf("the image has %d kernels, and does not say which one boots", len(kernels)), "kernel")
	default:
		im.kernel = kernels[0]
		im.arch = cmp.Or(im.arch, im.kernel.item.Kernel.Arch)
	}
	switch len(im.lines) {
	case 0:
		im.missing("no kernel command line was found in the image", "command line")
	case 1:
	default:
		im.missing(fmt.Sprintf("the image has %d different command lines", len(im.lines)), "command line")
	}
	// An archive that contains an image is only its wrapper, and a squashfs is the root
	// of the system whose loader is an initrd.
	roots = slices.DeleteFunc(roots, func(p *place) bool { return p.item.Kind == "tar" && (wraps(p.item) || p.item.Container != nil) })
	rank := func(p *place) int {
		return map[string]int{"initrd": 0, "tar": 1, "squashfs": 2, "ext": 2}[p.item.Kind]
	}
	slices.SortStableFunc(roots, func(a, b *place) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(b.item.Size, a.item.Size))
	})
	switch {
	case len(unreadable) > 0 && (len(roots) == 0 || roots[0].item.Kind == "initrd"):
		at := unreadable[0].item
		im.missing(fmt.Sprintf("the root is in partition %d (%s), whose files are not read", at.Partition.Number, at.Kind), fromFiles...)
	case len(unreadable) > 0 && roots[0].item.Kind == "ext":
		// A distribution can have /usr or /var there.
		at := unreadable[0].item
		im.missing(fmt.Sprintf("a part of the root can be in partition %d (%s), whose files are not read", at.Partition.Number, at.Kind), fromFiles...)
	case len(roots) == 0:
		im.missing("no root file system was found that can be read", fromFiles...)
	case len(roots) > 1 && rank(roots[0]) == rank(roots[1]):
		im.missing(fmt.Sprintf("the image has several file systems (%s, %s), and does not say which one is the root", roots[0].item.Kind, roots[1].item.Kind), fromFiles...)
	default:
		im.root = roots[0]
	}
	im.missing("an image does not contain its os.yml", "os.yml", "files section", "lock", "policy", "signatures")
	im.missing("an image does not name the component images that it was made of", "image")
	if im.arch == "" {
		im.arch = "amd64"
		im.missing("the architecture of the image is not known: give --arch", "kernel")
	}
}

// wraps: something in an archive boots itself.
func wraps(it *inspect.Item) bool {
	for _, in := range it.Contents {
		if in.Kind != "" && in.Kind != "kernel" && in.Kind != "efi" && in.Kind != "tar" || wraps(in) {
			return true
		}
	}
	return false
}

// visit gives the content of places to do, in one walk for each file.
func (im *Image) visit(ctx context.Context, places []*place, do func(*place, *io.SectionReader) error) error {
	for _, f := range im.files {
		var wanted []*place
		for _, p := range places {
			if p != nil && p.file == f {
				wanted = append(wanted, p)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		number := 0
		var errs []error
		_, err := inspect.Describe(f.path, f.r, f.size, inspect.Options{NoDigests: true, Visit: func(_ *inspect.Item, s *io.SectionReader) {
			for _, p := range wanted {
				if p.number == number && ctx.Err() == nil {
					errs = append(errs, do(p, s))
				}
			}
			number++
		}})
		if err := errors.Join(append(errs, err, ctx.Err())...); err != nil {
			return err
		}
	}
	return nil
}

// Kernel passes the content of the kernel on, and the command line if it is known.
func (im *Image) Kernel(ctx context.Context, do func(kernel io.Reader, cmdline *string) error) error {
	if im.kernel == nil {
		i := slices.IndexFunc(im.unknown, func(n facts.NotSaid) bool { return n.Input == "kernel" })
		return system.Unusable("%s: %s", im.files[0].path, im.unknown[i].Reason).Suggest("give one kernel, or its configuration")
	}
	var line *string
	if len(im.lines) == 1 {
		line = &im.lines[0]
	}
	return im.visit(ctx, []*place{im.kernel}, func(_ *place, s *io.SectionReader) error {
		return do(io.NewSectionReader(s, 0, s.Size()), line)
	})
}

// Arch is the Go name of the architecture of the image.
func (im *Image) Arch() string { return im.arch }

// Facts adds what the scanner does not know of an image.
func (im *Image) Facts(f *facts.Facts, certificates []string) {
	f.Boot = facts.Boot{Present: true, Certificates: certificates}
	for _, file := range im.files {
		f.Boot.Files = append(f.Boot.Files, file.boot)
		f.Sources = append(f.Sources, facts.Source{Path: file.path, Digest: file.digest})
	}
	slices.SortFunc(im.unknown, func(a, b facts.NotSaid) int { return strings.Compare(a.Input, b.Input) })
	f.FromImage = &facts.FromImage{Unknown: im.unknown}
}

// Notes say what was found, for people.
func (im *Image) Notes() []string {
	out := []string{words.Count(len(im.files), "file", "files") + " of an image, without its os.yml"}
	if im.root != nil {
		out = append(out, fmt.Sprintf("root: %s in %s", im.root.item.Kind, im.root.file.path))
	}
	return out
}

// NoFiles is the error of an image without a root or a kernel that can be read.
func (im *Image) NoFiles() error {
	why := "nothing in it can be listed"
	for _, n := range im.unknown {
		if n.Input == "files" {
			why = n.Reason
		}
	}
	return system.Unusable("%s: %s", im.files[0].path, why).Suggest("look into it with seaworthy image inspect")
}
