// Package text writes a description of an image for people.
package text

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Limits on what the text shows. The JSON form has more.
const (
	shownFiles   = 40
	shownEntries = 12 // of os-release, SBAT and SBOMs
)

// Write writes a report for people. All text from the image is made safe.
func Write(w io.Writer, r *inspect.Report) error {
	p := &printer{w: w}
	p.item(r.Item, 0, safetext.Clean(r.File)+": ")
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(depth int, format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, safetext.Inert(strings.Repeat("  ", depth)+fmt.Sprintf(format, args...)))
	}
}

// row is a line with a label. Without a value, it is left out.
func (p *printer) row(depth int, label, format string, args ...any) {
	if value := fmt.Sprintf(format, args...); value != "" {
		p.line(depth, "%-12s %s", label, safetext.Clean(value))
	}
}

func (p *printer) item(it *inspect.Item, depth int, head string) {
	head += inspect.Title(it.Kind)
	if it.Kind == "" && it.Partition != nil {
		head = strings.TrimSuffix(head, inspect.Title("")) + "not looked into"
	}
	for _, more := range []string{it.About, it.Compression} {
		if more != "" {
			head += ", " + safetext.Clean(more)
		}
	}
	p.line(depth, "%s, %s", head, bytesText(it.Size))
	depth++
	p.row(depth, "digest", "%s", it.Digest)
	if it.DiskSize > 0 {
		p.row(depth, "disk size", "%s", bytesText(it.DiskSize))
	}
	if t := it.Table; t != nil {
		p.row(depth, "partitions", "%s, disk %s", map[string]string{"gpt": "GUID partition table", "mbr": "master boot record"}[t.Type], t.ID)
	}
	p.partition(depth, it.Partition)
	p.fileSystem(depth, it)
	if k := it.Kernel; k != nil {
		p.row(depth, "kernel", "%s for %s", k.Format, cmp.Or(k.Arch, "an unknown architecture"))
		p.row(depth, "version", "%s", k.Version)
	}
	p.efi(depth, it.EFI)
	for _, c := range it.Cmdlines {
		p.row(depth, "command line", "%s (%s)", c.Text, c.Path)
		p.row(depth, "root hash", "%s", words.List(c.RootHashes))
	}
	for _, l := range it.Loaders {
		p.loader(depth, l)
	}
	p.root(depth, it)
	for _, b := range it.Boot {
		p.row(depth, "boots", "%s, %s, %s at byte %d %s", b.Platform, b.Media, bytesText(b.Size), b.Start, b.Path)
	}
	for i, f := range it.Files {
		if i == shownFiles {
			break
		}
		p.row(depth, "file", "%s, %s", f.Path, bytesText(f.Size))
	}
	if left := max(len(it.Files)-shownFiles, 0) + it.FilesLeftOff; left > 0 {
		p.row(depth, "file", "and %d more", left)
	}
	for _, text := range it.Problems {
		p.row(depth, "PROBLEM", "%s", text)
	}
	for _, in := range it.Contents {
		p.item(in, depth, heading(in))
	}
}

// heading says where an item is.
func heading(it *inspect.Item) string {
	switch p := it.Partition; {
	case p != nil:
		name := ""
		if p.Name != "" {
			name = fmt.Sprintf(" %q", p.Name)
		}
		return safetext.Clean(fmt.Sprintf("partition %d%s, %s: ", p.Number, name, cmp.Or(p.TypeName, "type "+p.Type)))
	case it.Path != "":
		return safetext.Clean(it.Path) + ": "
	}
	return ""
}

func (p *printer) partition(depth int, part *inspect.Partition) {
	if part == nil {
		return
	}
	active := ""
	if part.Active {
		active = ", active"
	}
	p.row(depth, "starts at", "%s%s", bytesText(part.Start), active)
	p.row(depth, "type", "%s", part.Type)
	p.row(depth, "GUID", "%s", part.GUID)
	p.row(depth, "attributes", "%s", part.Attributes)
}

func (p *printer) fileSystem(depth int, it *inspect.Item) {
	if fs := it.FileSystem; fs != nil {
		p.row(depth, "file system", "%s", fs.Type)
		p.row(depth, "label", "%s", fs.Label)
		p.row(depth, "id", "%s", fs.ID)
		if fs.Size > 0 && fs.Size != it.Size {
			p.row(depth, "size", "%s", bytesText(fs.Size))
		}
	}
	if v := it.Verity; v != nil {
		p.row(depth, "covers", "%s blocks of %d bytes with %s", fmt.Sprint(v.DataBlocks), v.DataBlockSize, v.Algorithm)
		p.row(depth, "salt", "%s", v.Salt)
		named := "no command line in this file has it"
		if v.Named {
			named = "a command line in this file has it"
		}
		if v.RootHash != "" {
			p.row(depth, "root hash", "%s (%s)", v.RootHash, named)
		}
	}
}

func (p *printer) efi(depth int, e *inspect.EFI) {
	if e == nil {
		return
	}
	p.row(depth, "EFI program", "for %s", e.Arch)
	p.row(depth, "stub", "%s", e.Stub)
	p.row(depth, "boot loader", "%s", e.Loader)
	p.row(depth, "uname", "%s", e.Uname)
	for _, s := range e.Sections {
		p.row(depth, "section", "%-9s %12d bytes %s", s.Name, s.Size, s.Digest)
	}
	lines := strings.Split(strings.TrimSpace(e.SBAT), "\n")
	for _, l := range lines[:min(len(lines), shownEntries)] {
		p.row(depth, "SBAT", "%s", l)
	}
	if len(e.Signatures) == 0 {
		p.row(depth, "signature", "none")
	}
	for _, s := range e.Signatures {
		state := "not valid: " + s.Problem
		switch {
		case s.Trusted:
			state = "valid, by a certificate that you gave"
		case s.Valid:
			state = "valid, but not by a certificate that you gave"
		}
		p.row(depth, "signature", "%s (%s), %s", cmp.Or(s.Signer, "unknown signer"), s.Algorithm, state)
	}
}

func (p *printer) loader(depth int, l *inspect.Loader) {
	p.row(depth, "boot loader", "%s, %s (%s)", l.Kind, words.Count(len(l.Entries), "entry", "entries"), l.Path)
	for _, why := range l.Open {
		p.row(depth, "open", "%s", why)
	}
	p.row(depth, "unknown", "%s", l.Unread)
	for i, e := range l.Entries {
		if i == shownEntries {
			p.row(depth, "entry", "and %d more", len(l.Entries)-i)
			break
		}
		p.row(depth, "entry", "%s", e.Title)
	}
}

func (p *printer) root(depth int, it *inspect.Item) {
	if c := it.Container; c != nil {
		p.row(depth, "container", "%s, %s %s", c.Format, words.Count(c.Layers, "layer", "layers"), strings.Join(c.Tags, " "))
	}
	r := it.Root
	if r == nil {
		return
	}
	if r.Entries > 0 {
		p.row(depth, "contains", "%s, %s", words.Count(r.Entries, "entry", "entries"), bytesText(r.Bytes))
	}
	if o := r.OSRelease; o != nil {
		name := cmp.Or(o["PRETTY_NAME"], strings.TrimSpace(o["NAME"]+" "+o["VERSION"]), o["ID"])
		p.row(depth, "os-release", "%s", cmp.Or(name, strings.Join(slices.Sorted(maps.Keys(o)), " ")))
	}
	p.row(depth, "modules for", "%s", words.List(r.Modules))
	for i, f := range r.SBOMs {
		if i == shownEntries {
			p.row(depth, "SBOM", "and %d more", len(r.SBOMs)-i)
			break
		}
		p.row(depth, "SBOM", "%s, %s", f.Path, bytesText(f.Size))
	}
}

// bytesText is a size for people.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return words.Count(n, "byte", "bytes")
}
