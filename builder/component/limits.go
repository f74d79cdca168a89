package component

import "github.com/seaworthy-os/seaworthy/builder/component/layer"

const (
	kib = 1 << 10
	mib = 1 << 20
)

// limits bounds what an image may cost. The values lie far above what real
// images need. They are variables of a Store, so that tests can lower them.
type limits struct {
	layer.Limits
	manifest  int64 // bytes of an index or manifest
	config    int64 // bytes of an image config
	manifests int   // entries of an index
	layers    int   // layers of an image
	depth     int   // indexes within indexes
	archive   int   // files in an archive
}

// maxLock is the most bytes of a lock file.
const maxLock = 8 * mib

func defaultLimits() limits {
	return limits{
		Limits: layer.DefaultLimits(), manifest: 4 * mib, config: 8 * mib,
		manifests: 1000, layers: 1000, depth: 3, archive: 1_000_000,
	}
}
