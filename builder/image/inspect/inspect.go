// Package inspect describes image files: disks, ISO files, kernels, initrds,
// Unified Kernel Images, file systems and archives, ours and those of other
// projects. It looks into what it finds: a disk has partitions, a partition has a
// file system, and the file system has a kernel.
//
// All input is hostile. Nothing is written to a disk, no path of an image is
// opened, and reads are bounded: memory does not grow with the image. What is
// found is not verified: an image can contain any text and any name.
//
// Each kind of content is one file of this package and one entry in kinds.
package inspect

import (
	"crypto/x509"
	"fmt"
	"io"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SchemaVersion is the version of the JSON form: docs/inspect.schema.json.
const SchemaVersion = 1

// Report describes an image file.
type Report struct {
	SchemaVersion int `json:"schemaVersion"`
	// File is the path that the user gave.
	File string `json:"file"`
	*Item
}

// Item describes a file, or something inside it.
type Item struct {
	// Kind is a name in Kinds, or "" if the content is not understood.
	Kind string `json:"kind,omitempty"`
	// Path is the name of a file in the item that contains it.
	Path string `json:"path,omitempty"`
	Size int64  `json:"size"`
	// Digest is sha256:HEX. Only files and sections have one.
	Digest string `json:"digest,omitempty"`
	// About says more about the kind: a version, a variant.
	About string `json:"about,omitempty"`

	// Compression of an initrd, a kernel or a file system: "gzip", "zstd+none".
	Compression string      `json:"compression,omitempty"`
	DiskSize    int64       `json:"diskSize,omitempty"`
	Table       *Table      `json:"table,omitempty"`
	Partition   *Partition  `json:"partition,omitempty"`
	FileSystem  *FileSystem `json:"fileSystem,omitempty"`
	Verity      *Verity     `json:"verity,omitempty"`
	Kernel      *Kernel     `json:"kernel,omitempty"`
	EFI         *EFI        `json:"efi,omitempty"`
	Boot        []BootEntry `json:"boot,omitempty"`
	Container   *Container  `json:"container,omitempty"`
	Root        *Root       `json:"root,omitempty"`
	// Files are the files of a boot file system, and FilesLeftOff the number that
	// is not listed.
	Files        []File `json:"files,omitempty"`
	FilesLeftOff int    `json:"filesLeftOff,omitempty"`
	// Cmdlines are kernel command lines that boot loaders pass on.
	Cmdlines []Cmdline `json:"cmdlines,omitempty"`
	Loaders  []*Loader `json:"loaders,omitempty"`

	Contents []*Item `json:"contents,omitempty"`
	// Problems say what is damaged, or was not read.
	Problems []string `json:"problems,omitempty"`
}

// File is a file of an image.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	Digest string `json:"digest,omitempty"`
}

// Cmdline is a kernel command line.
type Cmdline struct {
	// Path is the file that contains it.
	Path string `json:"path"`
	Text string `json:"text"`
	// RootHashes are the dm-verity root hashes in it.
	RootHashes []string `json:"rootHashes,omitempty"`
}

// problem adds a problem. Equal problems are added once.
func (it *Item) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, p := range it.Problems {
		if p == text {
			return
		}
	}
	if len(it.Problems) < maxProblems {
		it.Problems = append(it.Problems, text)
	}
}

// Options say what to compare with.
type Options struct {
	// Certificates are compared with those of signers.
	Certificates []*x509.Certificate
	// NoDigests leaves out all digests but those of SBOMs.
	NoDigests bool
	// BootOnly describes only what firmware and boot loaders read: no digests, and
	// nothing of initrds and root file systems.
	BootOnly bool
	// Visit is called for each item, after what is inside, with its content. The
	// content is valid during the call.
	Visit func(it *Item, s *io.SectionReader)
}

// Describe describes the file name, with this content.
func Describe(name string, r io.ReaderAt, size int64, o Options) (*Report, error) {
	s := io.NewSectionReader(r, 0, size)
	w := newWalker(o)
	it := w.look(name, s)
	if it == nil || it.Kind == "" {
		return nil, notUnderstood(name, s)
	}
	if !w.o.NoDigests {
		var err error
		if it.Digest, err = sum(s); err != nil {
			return nil, system.NotRead(name, err)
		}
	}
	it.Path = ""
	it.name(it.rootHashes())
	return &Report{SchemaVersion: SchemaVersion, File: name, Item: it}, nil
}

// Recognise returns the kind of a file, "" if it is not understood. It reads only
// what kinds are recognised by.
func Recognise(r io.ReaderAt, size int64) string {
	c, _ := contentOf(io.NewSectionReader(r, 0, size), headSize) // what is missing is not recognised
	return c.kind(kinds()).name
}

// rootHashes are those in all command lines.
func (it *Item) rootHashes() []string {
	var out []string
	for _, c := range it.Cmdlines {
		out = append(out, c.RootHashes...)
	}
	for _, in := range it.Contents {
		out = append(out, in.rootHashes()...)
	}
	return out
}

// name marks the hash trees whose root hash is one of these.
func (it *Item) name(hashes []string) {
	if it.Verity != nil {
		it.Verity.Named = slices.Contains(hashes, it.Verity.RootHash)
	}
	for _, in := range it.Contents {
		in.name(hashes)
	}
}

// notUnderstood is the error for a file of no known kind.
func notUnderstood(name string, s *io.SectionReader) error {
	if s.Size() == 0 {
		return system.Unusable("%s is empty", name).Suggest("give an image file")
	}
	head, err := read(s, 0, int(min(s.Size(), 16)))
	if err != nil {
		return system.NotRead(name, err)
	}
	return system.Unusable("%s is not an image that is understood: it has %d bytes and begins with %x (%q)", name, s.Size(), head, head).
		Suggest("give a disk, an ISO file, a kernel, an initrd, an EFI program, a file system or a tar")
}
