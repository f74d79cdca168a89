// Package system holds the types that the steps of the pipeline pass to each
// other: an operating system before it is assembled, and the stream of file
// entries that one pass over an image gives. Types only; it imports the
// standard library alone, and anyone may import it.
package system

import (
	"fmt"
	"io"
	"strings"
)

// Section is a top-level list of os.yml that names container images.
type Section string

// The sections, in the order in which the tree is laid out.
const (
	SectionKernel     Section = "kernel"
	SectionInit       Section = "init"
	SectionVolumes    Section = "volumes"
	SectionOnboot     Section = "onboot"
	SectionOnshutdown Section = "onshutdown"
	SectionServices   Section = "services"
)

// OS is a resolved system: every component by digest, its effective OCI
// runtime spec, and where each value came from. It holds no file contents of
// images.
type OS struct {
	// Name is the stem of the first os.yml, or --name.
	Name string
	// Arch is the Go name of the architecture: amd64, arm64, riscv64.
	Arch string
	// Sources are the os.yml files in merge order.
	Sources []Source
	// Kernel holds the kernel section; its component is Components[0] unless
	// the kernel is "none", where Kernel.Component is nil.
	Kernel Kernel
	// Components are all components in tree order: kernel, init, volumes,
	// onboot, onshutdown, services.
	Components []*Component
	// Files is the files section in order, one entry per path.
	Files []File
}

// InSection returns the components of one section, in order.
func (o *OS) InSection(s Section) []*Component {
	var out []*Component
	for _, c := range o.Components {
		if c.Section == s {
			out = append(out, c)
		}
	}
	return out
}

// Source is one os.yml that was read.
type Source struct {
	// Path is how outputs name the file: relative to the working directory
	// where it lies below it, else its base name.
	Path string
	// Digest is sha256:HEX of its bytes.
	Digest string
}

// Kernel is the kernel section.
type Kernel struct {
	// Component is nil where os.yml asks for no kernel.
	Component *Component
	// Cmdline is the kernel command line, and where it was set.
	Cmdline string
	Origin  Origin
	// Binary is the kernel's path in its image ("kernel").
	Binary string
	// Tar is the path of the tarball that is unpacked into / ("kernel.tar"),
	// "" for none.
	Tar string
	// Ucode is the path of a microcode cpio in the image, "" for none.
	Ucode string
}

// Component is one container image named in os.yml.
type Component struct {
	Section Section
	// Name as in os.yml; the three-digit position for init ("000"), and
	// "kernel" for the kernel.
	Name string
	// Index is the position in its section.
	Index int
	Image *Image
	// Pos is the place of the image reference.
	Pos Position
	// Signed asks for a valid signature (the trust section).
	Signed bool

	// Dir is the component's folder in the tree, without a leading slash
	// ("containers/services/nginx"); "" for kernel and init, which unpack
	// into /.
	Dir string
	// FilesDir is the folder that the image's files go to ("" is /): Dir +
	// "/rootfs" or "/lower". It is shared: see SharesFiles.
	FilesDir string
	// SharesFiles: another component, earlier in the tree, has the same image
	// and its FilesDir already holds the files; this one writes none.
	SharesFiles bool
	// ReadOnly: the root filesystem (or the volume) is mounted read-only;
	// where it is not, Dir also has tmp/ and the overlay's mount point.
	ReadOnly bool

	// Spec is config.json, the effective OCI runtime spec: the very bytes
	// that boot. nil for kernel, init and volumes.
	Spec []byte
	// Runtime is runtime.json, LinuxKit's instructions to init. nil as above.
	Runtime []byte
	// Origins says, by JSON pointer into Spec ("/process/capabilities",
	// "/mounts/3"), which layer set a value. A pointer that is missing has
	// the origin of its longest prefix; "" is always there. Pointers into
	// Runtime are prefixed with "runtime:".
	Origins map[string]Origin

	// Volume holds what only volumes have; nil elsewhere.
	Volume *Volume
	// Entry is what os.yml says about the component, as JSON: its keys as
	// written, aliases followed; for init a text.
	Entry []byte
}

// ID is the component's name in findings: "services/nginx", "init/000",
// "kernel".
func (c *Component) ID() string {
	if c.Section == SectionKernel {
		return "kernel"
	}
	return string(c.Section) + "/" + c.Name
}

// FileStem is the ID as part of a file name: "services-nginx".
func (c *Component) FileStem() string { return strings.ReplaceAll(c.ID(), "/", "-") }

// Volume is what a volumes entry says beside its image.
type Volume struct {
	// Format is "filesystem" or "oci".
	Format string
	// Platforms of an oci volume, as OS/ARCH[/VARIANT]; empty: all.
	Platforms []string
}

// Layer names who set a value. Precedence: default < image < label < os.yml.
type Layer string

const (
	LayerDefault Layer = "default"
	LayerImage   Layer = "image"
	LayerLabel   Layer = "label"
	LayerOSYML   Layer = "os.yml"
)

// Origin is the layer that set a value, and for os.yml its place. The same
// fields stand in scanner/facts and policy/decision, so that values convert.
type Origin struct {
	Layer  Layer
	File   string
	Line   int
	Column int
}

// Position is a place in an input file. Line and Column count from 1.
type Position struct {
	File   string
	Line   int
	Column int
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Origin is the os.yml origin at p.
func (p Position) Origin() Origin {
	return Origin{Layer: LayerOSYML, File: p.File, Line: p.Line, Column: p.Column}
}

// Image is a component image as found: all that its index, manifest and
// config say, each verified against its digest. No layer has been read.
type Image struct {
	// Reference as written in os.yml.
	Reference string
	// Name is the full reference: docker.io/library/nginx:1.25.
	Name string
	// Digest (sha256:HEX) is what Name resolved to: an index's digest where
	// the image has one, else the manifest's. It is what a lock pins.
	Digest string
	// Manifest is the digest of the platform's manifest: two images with the
	// same Manifest have the same bytes and need one pass.
	Manifest string
	// Pinned: the reference in os.yml names a digest.
	Pinned bool
	// Locked: os.lock.json names a digest, and it matched.
	Locked bool
	// From says where it was found: "layout", "archive", "cache", "registry".
	From string
	// MediaType, Size and Raw are those of the manifest.
	MediaType string
	Size      int64
	Raw       []byte
	Config    ImageConfig
	// Layers bottom first.
	Layers []LayerBlob
}

// LayerBlob is one layer, in both digests that the pass checks.
type LayerBlob struct {
	// Digest and Size of the blob as stored (compressed).
	Digest    string
	Size      int64
	MediaType string
	// DiffID is the digest of the uncompressed tar.
	DiffID string
}

// ImageConfig is the part of an OCI image config that specs and rules use.
type ImageConfig struct {
	// Digest of the config blob.
	Digest                 string
	Architecture, OS       string
	Variant                string
	User                   string
	Env, Entrypoint, Cmd   []string
	WorkingDir, StopSignal string
	Labels                 map[string]string
	ExposedPorts           []string
	Created                string
	// History is the created_by line of each step.
	History []string
}

// File is one entry of the files section, ready to be written.
type File struct {
	// Path is clean and relative to the root.
	Path string
	Type EntryType // TypeFile, TypeDir or TypeSymlink
	// Mode has permission bits, setuid, setgid and sticky as in POSIX.
	Mode     uint32
	UID, GID int
	Link     string
	// Contents of a file that os.yml holds; a file that comes from Source has
	// none here and is read when it is written.
	Contents []byte
	// Source is the path on the build machine, "" for inline contents.
	Source string
	// SourceText is the source as os.yml writes it, for findings.
	SourceText string
	// Metadata is "yaml" or "json" for a dump of the configuration.
	Metadata string
	// Size in bytes.
	Size int64
	// Digest is sha256:HEX of the contents as Resolve saw them; what is
	// written must match.
	Digest string
	Pos    Position
}

// Reserved names the place of the tree that only the builder writes to and
// that path p is, or lies in: what a decision was about must be what boots. ""
// where anyone may write. p is clean and relative to the root.
func Reserved(p string) string {
	for _, place := range []string{"containers", "boot/kernel", "boot/cmdline", "boot/ucode.cpio"} {
		if p == place || strings.HasPrefix(p, place+"/") {
			return place
		}
	}
	return ""
}

// InVolume is the volume that p lies in, "" for none. Files may be added to a
// volume, but not where its changes go at run time (tmp), and not in place of
// its own folders.
func InVolume(p string) string {
	rest, ok := strings.CutPrefix(p, "containers/volumes/")
	name, inside, _ := strings.Cut(rest, "/")
	top, below, _ := strings.Cut(inside, "/")
	if !ok || top == "" || top == "tmp" || below == "" && (top == "lower" || top == "merged") {
		return ""
	}
	return name
}

// EntryType is the kind of a file system object.
type EntryType byte

// The kinds.
const (
	TypeFile EntryType = iota + 1
	TypeDir
	TypeSymlink
	TypeHardlink
	TypeChar
	TypeBlock
	TypeFifo
)

func (t EntryType) String() string {
	switch t {
	case TypeFile:
		return "file"
	case TypeDir:
		return "dir"
	case TypeSymlink:
		return "symlink"
	case TypeHardlink:
		return "hardlink"
	case TypeChar:
		return "char"
	case TypeBlock:
		return "block"
	case TypeFifo:
		return "fifo"
	}
	return "unknown"
}

// Entry is one file system object of an image.
type Entry struct {
	// Path is clean, relative and slash-separated: "etc/passwd"; never "" or
	// "..", never below a link.
	Path string
	Type EntryType
	// Mode has permission bits, setuid, setgid and sticky as in POSIX.
	Mode     uint32
	UID, GID int
	// Size of the content; 0 unless TypeFile.
	Size int64
	// Link is the target of a symlink as written, or the clean Path of the
	// file that a hard link names.
	Link               string
	DevMajor, DevMinor int64
	// Xattrs by full name ("security.capability"); nil mostly.
	Xattrs map[string]string
	// Archive is "" for the image's own entries, or the path of the nested
	// tarball that holds this entry (kernel.tar).
	Archive string
	// Layer counts from 0, the bottom.
	Layer int
	// Shadowed: the entry is in the image's bytes but not in its file system.
	// Another entry removes or replaces it, or the pass leaves it out.
	Shadowed bool
	// LeftOut: it is a device node that the pass leaves out; Shadowed is set too.
	LeftOut bool
}

// Sink takes what one pass over an image gives. The pass calls it from one
// goroutine, entries in stream order: layers top to bottom, so that a path is
// announced unshadowed once, a folder before what is in it, a hard link after
// its file. Nothing is to be trusted before Finish.
type Sink interface {
	// Entry announces the next object. For a TypeFile a sink that wants the
	// content returns a writer, which gets exactly Entry.Size bytes in
	// streamed pieces and is then closed, before the next call; nil means not
	// wanted. The Entry is the sink's to keep, but it must not change it.
	Entry(*Entry) (io.WriteCloser, error)
	// Finish is called once, when every blob's digest and every diff ID has
	// matched.
	Finish() error
}

// RootEntry is one object of the system that is built, in output order:
// parents first, each path once.
type RootEntry struct {
	Entry
	// Component is the ID of the component that it comes from, "" for what
	// the builder makes itself and "files" for the files section.
	Component string
}
