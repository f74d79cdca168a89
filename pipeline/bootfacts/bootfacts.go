// Package bootfacts turns the description of an image file into the facts that
// rules about booting read: who starts what, who signed it, and with which command
// line.
package bootfacts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Of are the facts of one file. at is the path of what r describes in the file, "" for the
// file itself.
func Of(name, at string, r *inspect.Report) facts.BootFile {
	w := &walk{file: facts.BootFile{Path: name}}
	w.item(r.Item, at)
	w.starts()
	return w.file
}

// OfCmdline are the facts of a file that contains only a kernel command line.
func OfCmdline(name string, content []byte) facts.BootFile {
	w := &walk{file: facts.BootFile{Path: name}}
	w.line(name, "file", strings.TrimSpace(string(content)))
	return w.file
}

type walk struct {
	file facts.BootFile
	// esp: a program is in a FAT file system, where UEFI firmware finds it.
	esp, bios bool
}

// unsearchable are kinds whose files are not read, or not all of them, so a boot loader in
// them stays unknown.
var unsearchable = map[string]bool{"ext": true, "xfs": true, "btrfs": true, "luks": true, "lvm": true}

// IsRoot reports whether a Linux system can run from a file system of this kind.
func IsRoot(kind string) bool {
	return unsearchable[kind] || kind == "squashfs" || kind == "erofs"
}

func (w *walk) item(it *inspect.Item, at string) {
	for _, p := range it.Problems {
		w.unread("%s: %s", cmp.Or(at, "the file"), p)
	}
	w.program(it, at)
	for _, l := range it.Loaders {
		w.loader(l, at)
	}
	if n := it.FilesLeftOff; n > 0 {
		w.unread("%s: %s not looked into", cmp.Or(at, "the file"), words.Count(n, "file was", "files were"))
	}
	if it.EFI == nil { // the line of a program belongs to it
		for _, c := range it.Cmdlines {
			w.line(join(at, c.Path), "loader", c.Text)
		}
	}
	if it.Verity != nil {
		w.file.Trees = append(w.file.Trees, facts.BootTree{Path: at, RootHash: it.Verity.RootHash})
	}
	if it.Partition != nil {
		w.partition(it)
	}
	for _, b := range it.Boot {
		w.bios = w.bios || b.Platform == "BIOS" && b.Bootable
		w.esp = w.esp || b.Platform == "EFI"
	}
	if it.Kind == "uki" || it.Kind == "kernel" {
		return
	}
	for _, in := range it.Contents {
		w.item(in, join(at, place(in)))
	}
}

// partition adds what the table says about a partition.
func (w *walk) partition(it *inspect.Item) {
	const biosBoot, esp = "21686148-6449-6E6F-744E-656564454649", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	w.bios = w.bios || it.Partition.Active || it.Partition.Type == biosBoot
	w.esp = w.esp || it.Partition.Type == esp || it.Partition.Type == "ef"
	where := place(it)
	if IsRoot(it.Kind) {
		kind := it.Kind
		if it.FileSystem != nil {
			kind = it.FileSystem.Type
		}
		w.file.Roots = append(w.file.Roots, fmt.Sprintf("%s (%s)", where, kind))
	}
	switch {
	case it.Kind == "ext":
		w.unread("%s: of an ext file system, only the folders are read that boot loaders usually have, and a boot loader can use others", where)
	case unsearchable[it.Kind]:
		w.unread("%s: files of %s are not read, and a boot loader can have its configuration there", where, it.Kind)
	}
}

func (w *walk) unread(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(w.file.Unread, text) {
		w.file.Unread = append(w.file.Unread, text)
	}
}

// program adds an EFI program.
func (w *walk) program(it *inspect.Item, at string) {
	if it.EFI == nil {
		return
	}
	has := func(name string) bool {
		return slices.ContainsFunc(it.EFI.Sections, func(s uki.Section) bool { return s.Name == name })
	}
	p := facts.BootProgram{Path: at, Kind: "program", Cmdline: has(".cmdline"), Initrd: has(".initrd"), OSRelease: it.EFI.OSRelease, Uname: it.EFI.Uname}
	p.SBAT, p.Generations, p.SBATProblem = SBAT(it.EFI.SBAT)
	switch {
	case it.Kind == "uki" || it.Kind == "kernel":
		p.Kind = it.Kind
	case p.Cmdline || p.Initrd || has(".ucode") || strings.HasSuffix(strings.ToLower(at), ".addon.efi"):
		p.Kind = "addon"
	case it.EFI.Loader == "shell":
		p.Kind = "shell"
	case it.EFI.Loader != "":
		p.Kind = "loader"
	}
	for _, s := range it.EFI.Signatures {
		p.Signers = append(p.Signers, facts.BootSigner{Name: s.Signer, Certificate: s.Certificate, Valid: s.Valid, Problem: s.Problem})
	}
	w.file.Programs = append(w.file.Programs, p)
	if !p.Cmdline {
		return
	}
	from := "addon"
	if p.Kind == "uki" {
		from = "uki"
	}
	for _, c := range it.Cmdlines {
		w.line(at, from, c.Text)
	}
}

// SBAT are the facts of a section .sbat.
func SBAT(text string) (present bool, all []facts.BootGeneration, problem string) {
	if strings.TrimSpace(text) == "" {
		return false, nil, ""
	}
	lines, err := uki.ParseSBAT(text)
	if err != nil {
		return true, nil, err.Error()
	}
	for i, g := range lines {
		all = append(all, facts.BootGeneration{Line: i + 1, Component: g.Component, Generation: g.Generation, Vendor: g.Vendor, Package: g.Package, Version: g.Version, URL: g.URL})
	}
	return true, all, ""
}

func (w *walk) loader(l *inspect.Loader, at string) {
	out := facts.BootLoader{Kind: l.Kind, Path: join(at, l.Path), Open: l.Open, Unread: l.Unread}
	for _, e := range l.Entries {
		out.Entries = append(out.Entries, e.Title)
	}
	w.file.Loaders = append(w.file.Loaders, out)
}

func (w *walk) line(at, from, text string) {
	w.file.Lines = append(w.file.Lines, facts.BootLine{Path: at, From: from, Raw: text, Params: scanner.Cmdline(text)})
}

// starts finds who starts the file.
func (w *walk) starts() {
	if w.bios || slices.ContainsFunc(w.file.Loaders, func(l facts.BootLoader) bool { return l.Kind == "syslinux" }) {
		w.file.Starts = append(w.file.Starts, "bios")
	}
	firmware := slices.ContainsFunc(w.file.Programs, func(p facts.BootProgram) bool { return p.Kind != "kernel" })
	if firmware || w.esp {
		w.file.Starts = append(w.file.Starts, "uefi")
	}
}

// place is the name of an item in what contains it.
func place(it *inspect.Item) string {
	if it.Partition != nil {
		return fmt.Sprintf("partition %d", it.Partition.Number)
	}
	return it.Path
}

func join(at, name string) string {
	return strings.Trim(at+"/"+name, "/")
}
