// Package whence writes and reads the index of a built system: which component,
// package and layer each file comes from, and the digest of its content.
//
// The index is text. Each line has fields with a tab between them; in a field, a
// backslash, a tab and a line break are written as \\, \t and \n. The first field says
// what the line is:
//
//	seaworthy-whence  1  NAME  ARCH
//	component  ID  FOLDER  ROOT  REFERENCE  MANIFEST
//	layer      DIGEST
//	package    NAME  VERSION  PURL
//	folder     PATH
//	=DIGEST    PACKAGE  LAYER  FILE
//
// Layers, packages, folders and files belong to the component above them; its layers
// and packages are counted from 1, and 0 means none. PATH is relative to ROOT, and FILE
// is a name in the folder above it. FOLDER is the component's own folder, for example
// containers/services/nginx, and ROOT the folder with the files of its image; both are
// relative to the root of the system. The digest of a file is a SHA-256 in base64 without
// padding, because most of the index consists of digests, and base64 is shorter than
// hexadecimal digits. Equal systems have equal indexes.
package whence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Path is the place of the index in a system, relative to its root.
const Path = "usr/share/sbom/whence.index"

// version is the version of the format.
const version = "1"

// Builder and Files are the IDs of what is not an image: files that the builder makes,
// and the files section of os.yml.
const (
	Builder = "builder"
	Files   = "files"
)

// Component is a component of a system.
type Component struct {
	// ID is "services/nginx".
	ID string
	// Folder is the component's own folder; "" for the kernel and init images. Root
	// is the folder that has the files of its image, "" for the system's root.
	Folder, Root string
	// Reference is the name of the image, Manifest the digest of its manifest.
	Reference, Manifest string
}

// Package is a piece of software.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// File is a file of a component. Path is relative to the component's Root. Package and
// Layer are numbers from 1, or 0 for none.
type File struct {
	Path string `json:"path"`
	// Archive is the archive in the image that the file is from, "" for none. It is not
	// in the index.
	Archive string `json:"archive,omitempty"`
	Digest  Digest `json:"digest"`
	Package int    `json:"package,omitempty"`
	Layer   int    `json:"layer,omitempty"`
}

// Digest is the SHA-256 of a file.
type Digest [sha256.Size]byte

// MarshalText writes the digest as in an index.
func (d Digest) MarshalText() ([]byte, error) {
	return base64.RawStdEncoding.AppendEncode(nil, d[:]), nil
}

// UnmarshalText reads a digest.
func (d *Digest) UnmarshalText(text []byte) error {
	b, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil || len(b) != len(d) {
		return errors.New("the digest is not a SHA-256 digest")
	}
	copy(d[:], b)
	return nil
}

// String is the usual form: sha256:HEX.
func (d Digest) String() string { return digests.FromHex(hex.EncodeToString(d[:])) }

// Parse reads the form that String writes.
func Parse(digest string) (d Digest, err error) {
	if !digests.Valid(digest) {
		return d, fmt.Errorf("%q is not a SHA-256 digest", digest)
	}
	_, err = hex.Decode(d[:], []byte(digests.Hex(digest)))
	return d, err
}

// Listing lists the regular files of an image, sorted by archive and path.
type Listing struct {
	Packages []Package `json:"packages"`
	Files    []File    `json:"files"`
}

// Writer writes an index.
type Writer struct {
	b      bytes.Buffer
	folder string
}

// NewWriter begins the index of a system.
func NewWriter(name, arch string) *Writer {
	w := &Writer{}
	w.line("seaworthy-whence", version, name, arch)
	return w
}

// Component begins a component, with the digests of its layers from the lowest to the
// highest, and with its packages.
func (w *Writer) Component(c Component, layers []string, packages []Package) {
	w.line("component", c.ID, c.Folder, c.Root, c.Reference, c.Manifest)
	for _, l := range layers {
		w.line("layer", l)
	}
	for _, p := range packages {
		w.line("package", p.Name, p.Version, p.PURL)
	}
	w.folder = ""
}

// File adds a file of the last component.
func (w *Writer) File(f File) {
	folder, name := path.Split(f.Path)
	if folder = strings.TrimSuffix(folder, "/"); folder != w.folder {
		w.line("folder", folder)
		w.folder = folder
	}
	digest, _ := f.Digest.MarshalText() // has no errors
	w.line("="+string(digest), strconv.Itoa(f.Package), strconv.Itoa(f.Layer), name)
}

// Bytes are the index so far.
func (w *Writer) Bytes() []byte { return w.b.Bytes() }

var escape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)

func (w *Writer) line(fields ...string) {
	for i, f := range fields {
		if i > 0 {
			w.b.WriteByte('\t')
		}
		_, _ = escape.WriteString(&w.b, f) // a buffer has no errors
	}
	w.b.WriteByte('\n')
}
