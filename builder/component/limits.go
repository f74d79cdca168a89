package component

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// limits bounds what an image may cost us. They lie far above what real images
// need, and are variables of a Store so that tests can lower them.
type limits struct {
	manifest   int64 // bytes of an index or manifest
	config     int64 // bytes of an image config
	lock       int64 // bytes of a lock file
	manifests  int   // entries of an index
	layers     int   // layers of an image
	depth      int   // indexes within indexes
	entries    int   // tar entries of an image, nested ones included
	nodes      int   // paths of an image, implied folders included
	metadata   int64 // bytes of names, link targets and extended attributes
	path       int   // bytes of a path or link target (PATH_MAX)
	name       int   // bytes of one component of a path (NAME_MAX)
	xattr      int   // bytes of one extended attribute (XATTR_SIZE_MAX)
	links      int   // hard links to hard links
	sparse     int64 // bytes of a sparse file, with its holes
	nested     int64 // bytes of a tarball within an image
	inflated   int64 // bytes of all layers of an image, or of an archive, inflated
	free       int64 // bytes that a layer may inflate to whatever its ratio
	ratio      int64 // inflated : stored, above that
	window     uint64
	archive    int // files in an archive
	references int // bytes of a reference
}

func defaultLimits() limits {
	return limits{
		manifest: 4 * mib, config: 8 * mib, lock: 8 * mib,
		manifests: 1000, layers: 1000, depth: 3,
		entries: 1_000_000, nodes: 2_000_000, metadata: 256 * mib,
		path: 4096, name: 255, xattr: 64 * kib, links: 32,
		sparse: gib, nested: 8 * gib, inflated: 64 * gib, free: 4 * gib, ratio: 250,
		// The largest that zstd's own command accepts without --long.
		window:  128 * mib,
		archive: 1_000_000, references: 1024,
	}
}
