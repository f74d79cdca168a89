// Package system holds the types that the steps of the pipeline pass to each
// other: an operating system before it is assembled, and the stream of file
// entries of an image. It imports only the standard library, and every package
// may import it.
package system

import (
	"io"
	"strings"
)

// Section is a list in os.yml that names container images.
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

// OS is a resolved system: the components with their digests, their effective
// OCI runtime specs, and the origin of each value. It does not hold the
// contents of images.
type OS struct {
	// Name is the stem of the first os.yml, or --name.
	Name string
	// Arch is the Go name of the architecture: amd64, arm64, riscv64.
	Arch string
	// Sources are the os.yml files in merge order.
	Sources []Source
	// Kernel holds the kernel section. Its component is Components[0]. If the
	// system has no kernel, Kernel.Component is nil.
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
	// Path is the name of the file in outputs. It is relative to the working
	// directory if the file is below it, else the base name.
	Path string
	// Digest is the digest of the file's bytes, sha256:HEX.
	Digest string
}

// Kernel is the kernel section.
type Kernel struct {
	// Component is nil if the system has no kernel.
	Component *Component
	// Cmdline is the kernel command line, and where it was set.
	Cmdline string
	Origin  Origin
	// Binary is the kernel's path in its image ("kernel").
	Binary string
	// Tar is the path of the tarball in the image that is unpacked into /
	// ("kernel.tar"). "" means none.
	Tar string
	// Ucode is the path of a microcode cpio in the image. "" means none.
	Ucode string
}

// UsersPerContainer is the number of user ids that a container with its own range has,
// and of group ids. They start at 0 in the container.
const UsersPerContainer = 1 << 16

// Component is one container image named in os.yml.
type Component struct {
	Section Section
	// Name is the name in os.yml. For init it is the three-digit position
	// ("000"), and for the kernel it is "kernel".
	Name string
	// Index is the position in its section.
	Index int
	Image *Image
	// Pos is the place of the image reference.
	Pos Position
	// Signed: the trust section asks for a valid signature.
	Signed bool

	// Dir is the component's folder in the tree, without a leading slash
	// ("containers/services/nginx"). It is "" for kernel and init, which are
	// unpacked into /.
	Dir string
	// FilesDir is the folder for the image's files: Dir + "/rootfs" or Dir +
	// "/lower". "" means /. Another component may use the same folder: see
	// SharesFiles.
	FilesDir string
	// SharesFiles: an earlier component in the tree has the same image, and its
	// FilesDir holds the files. This component writes none.
	SharesFiles bool
	// ReadOnly: the root file system (or the volume) is mounted read-only. If
	// it is not, Dir also contains tmp/ and the mount point of the overlay.
	ReadOnly bool
	// Users is the first of the user and group ids on the host that the container
	// alone has (`userns: auto`), or 0. The owners of its files are shifted by it. See
	// UsersPerContainer.
	Users uint32

	// Spec is config.json, the effective OCI runtime spec, exactly as it is
	// written to the system. It is nil for kernel, init and volumes.
	Spec []byte
	// Runtime is runtime.json, LinuxKit's instructions to init. It is nil where
	// Spec is.
	Runtime []byte
	// Origins says which layer set a value. The keys are JSON pointers into
	// Spec ("/process/capabilities", "/mounts/3"), or into Runtime with the
	// prefix "runtime:". A pointer without an entry has the origin of its
	// longest prefix. The key "" always exists.
	Origins map[string]Origin

	// Volume holds the fields of volumes. It is nil for other components.
	Volume *Volume
	// Entry is the component's entry in os.yml as JSON, with the keys as
	// written and aliases followed. For init it is a string.
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

// Volume holds the fields of a volumes entry other than its image.
type Volume struct {
	// Format is "filesystem" or "oci".
	Format string
	// Platforms are the platforms of an oci volume, as OS/ARCH[/VARIANT]. If it
	// is empty, the volume has all platforms.
	Platforms []string
}

// Layer says who set a value. Precedence: default < image < label < os.yml.
type Layer string

const (
	LayerDefault Layer = "default"
	LayerImage   Layer = "image"
	LayerLabel   Layer = "label"
	LayerOSYML   Layer = "os.yml"
)

// Origin is the layer that set a value, and its place if the layer is os.yml.
// scanner/facts and policy/decision have types with the same fields, so that
// values can be converted.
type Origin struct {
	Layer  Layer
	File   string
	Line   int
	Column int
}

// OriginAt is the origin os.yml at p.
func OriginAt(p Position) Origin {
	return Origin{Layer: LayerOSYML, File: p.File, Line: p.Line, Column: p.Column}
}

// Image is a component's image: the contents of its index, manifest and config,
// each verified against its digest. No layer has been read.
type Image struct {
	// Reference as written in os.yml.
	Reference string
	// Name is the full reference: docker.io/library/nginx:1.25.
	Name string
	// Digest (sha256:HEX) is what Name refers to: the digest of the index, or
	// of the manifest if the image has no index. A lock pins this digest.
	Digest string
	// Manifest is the digest of the platform's manifest. Two images with the
	// same Manifest have the same bytes, so one pass is enough.
	Manifest string
	// Pinned: the reference in os.yml names a digest.
	Pinned bool
	// Locked: os.lock.json has a digest for the image, and it matched.
	Locked bool
	// From says where the image was found: "layout", "archive", "cache" or
	// "registry".
	From string
	// MediaType, Size and Raw describe the manifest.
	MediaType string
	Size      int64
	Raw       []byte
	Config    ImageConfig
	// Layers are the layers, lowest first.
	Layers []LayerBlob
}

// LayerBlob is one layer, with both digests that a pass verifies.
type LayerBlob struct {
	// Digest and Size describe the blob as stored, that is, compressed.
	Digest    string
	Size      int64
	MediaType string
	// DiffID is the digest of the uncompressed tar.
	DiffID string
}

// ImageConfig holds the fields of an OCI image config that specs and rules use.
type ImageConfig struct {
	// Digest is the digest of the config blob.
	Digest                 string
	Architecture, OS       string
	Variant                string
	User                   string
	Env, Entrypoint, Cmd   []string
	WorkingDir, StopSignal string
	Labels                 map[string]string
	ExposedPorts           []string
	Created                string
	// History holds the created_by line of each step.
	History []string
}

// File is one entry of the files section, ready to be written.
type File struct {
	// Path is clean and relative to the root.
	Path string
	Type EntryType // TypeFile, TypeDir or TypeSymlink
	// Mode holds the permission bits, setuid, setgid and sticky, as in POSIX.
	Mode     uint32
	UID, GID int
	Link     string
	// Contents are the contents that os.yml holds. It is empty for a file with
	// a Source, which is read when it is written.
	Contents []byte
	// Source is the path on the build machine. "" means that the contents are
	// in os.yml.
	Source string
	// SourceText is the source as written in os.yml, for findings.
	SourceText string
	// Metadata is "yaml" or "json" if the file contains the merged
	// configuration.
	Metadata string
	// Size is the size in bytes.
	Size int64
	// Digest is the digest of the contents when Resolve read them, sha256:HEX.
	// The written contents must match it.
	Digest string
	Pos    Position
}

// Reserved returns the reserved path that contains p, or "" if p is not
// reserved. Only the builder may write there, because the system that boots
// must be the one that the policy evaluated. p must be clean and relative to
// the root.
func Reserved(p string) string {
	for _, place := range []string{"containers", "boot/kernel", "boot/cmdline", "boot/ucode.cpio", "boot/data.ext4", "usr/share/sbom/whence.index"} {
		if p == place || strings.HasPrefix(p, place+"/") {
			return place
		}
	}
	return ""
}

// InVolume returns the name of the volume that contains p, or "". The files
// section may add files to a volume, but not to its tmp folder, which holds
// changes at run time. It must not replace the volume's own folders either.
func InVolume(p string) string {
	rest, ok := strings.CutPrefix(p, "containers/volumes/")
	name, inside, _ := strings.Cut(rest, "/")
	top, below, _ := strings.Cut(inside, "/")
	if !ok || top == "" || top == "tmp" || below == "" && (top == "lower" || top == "merged") {
		return ""
	}
	return name
}

// EntryType is the type of a file system entry.
type EntryType byte

// The entry types.
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

// Entry is one file system entry of an image.
type Entry struct {
	// Path is clean, relative and slash-separated: "etc/passwd". It is never ""
	// or "..", and no parent folder is a symlink.
	Path string
	Type EntryType
	// Mode holds the permission bits, setuid, setgid and sticky, as in POSIX.
	Mode     uint32
	UID, GID int
	// Size is the size of the content. It is 0 unless Type is TypeFile.
	Size int64
	// Link is the target of a symlink as written. For a hard link it is the
	// clean Path of the target file.
	Link               string
	DevMajor, DevMinor int64
	// Xattrs holds the extended attributes by full name
	// ("security.capability"). It is nil for most entries.
	Xattrs map[string]string
	// Archive is "" for an entry of the image itself. For an entry of a nested
	// tarball it is the tarball's path (kernel.tar).
	Archive string
	// Layer is the index of the layer. The lowest layer has index 0.
	Layer int
	// Shadowed: the entry is in the image's bytes but not in its file system.
	// Another entry removes or replaces it, or the pass leaves it out.
	Shadowed bool
	// LeftOut: the entry is a device node that the pass leaves out. Shadowed is
	// then also true.
	LeftOut bool
}

// Sink receives the entries of one pass over an image. All calls come from one
// goroutine. Layers come from top to bottom. Each path comes unshadowed at most
// once, a folder comes before its entries, and a hard link after its file. The
// data must not be trusted before Finish is called.
type Sink interface {
	// Entry receives the next entry. For a TypeFile, a sink that needs the
	// content returns a writer, else nil. The writer gets exactly Entry.Size
	// bytes in several pieces, and is closed before the next call. The sink may
	// keep the Entry, but must not change it.
	Entry(*Entry) (io.WriteCloser, error)
	// Finish is called once, after all digests of blobs and all diff IDs have
	// matched.
	Finish() error
}

// NopCloser is a writer for Sink.Entry whose Close has no effect.
type NopCloser struct{ io.Writer }

// Close implements io.Closer.
func (NopCloser) Close() error { return nil }

// RootEntry is one entry of the built system. The entries come in output order:
// parent folders first, each path once.
type RootEntry struct {
	Entry
	// Component is the ID of the component that the entry comes from. It is ""
	// for entries that the builder makes, and "files" for the files section.
	Component string
	// Implied: the folder exists only because the builder writes files of its own
	// below it. An archive can leave it out: programs that unpack archives make
	// missing folders.
	Implied bool
}
