package layer

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// Limits bounds what the layers of an image may cost. The values lie far above
// what real images need; tests lower them.
type Limits struct {
	Entries  int    // tar entries of an image, nested ones included
	Nodes    int    // paths of an image, implied folders included
	Metadata int64  // bytes of names, link targets and extended attributes
	Path     int    // bytes of a path or link target (PATH_MAX)
	Name     int    // bytes of one component of a path (NAME_MAX)
	Xattr    int    // bytes of one extended attribute (XATTR_SIZE_MAX)
	Links    int    // hard links to hard links
	Sparse   int64  // bytes of a sparse file, with its holes
	Nested   int64  // bytes of a tarball within an image
	Inflated int64  // bytes of all layers of an image, or of an archive, inflated
	Free     int64  // bytes that a layer may inflate to, whatever its ratio
	Ratio    int64  // inflated : stored, above Free
	Window   uint64 // bytes of a decompressor's window
}

// DefaultLimits are the limits outside tests.
func DefaultLimits() Limits {
	return Limits{
		Entries: 1_000_000, Nodes: 2_000_000, Metadata: 256 * mib,
		Path: 4096, Name: 255, Xattr: 64 * kib, Links: 32,
		Sparse: gib, Nested: 8 * gib, Inflated: 64 * gib, Free: 4 * gib, Ratio: 250,
		// The largest that zstd's own command accepts without --long.
		Window: 128 * mib,
	}
}
