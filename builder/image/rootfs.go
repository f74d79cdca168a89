package image

import (
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/image/filesystem"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// rootMark is guest.RootKinds: an init with this text can boot these roots.
const rootMark = "the root is not a squashfs, an EROFS or an ISO 9660 file system"

const erofsEnding = "-erofs.img"

// erofsFormat and isoFormat have LinuxKit's names. The files of an ISO 9660 have no
// extended attributes.
var (
	erofsFormat = verifiedFormat("kernel+erofs", rootKind{ending: erofsEnding, mark: rootMark, xattrs: true, options: []rootOption{{"CONFIG_EROFS_FS", "erofs"}},
		start: startRoot(func(o Options, f *os.File) (filesystem.Writer, error) { return filesystem.NewEROFS(f, o.Time) })})
	isoFormat = verifiedFormat("kernel+iso", rootKind{ending: isoBIOSEnding, mark: rootMark, smallBlocks: true, options: []rootOption{{"CONFIG_ISO9660_FS", "isofs"}},
		start: startRoot(func(o Options, f *os.File) (filesystem.Writer, error) {
			return filesystem.NewISO(f, "SEAWORTHY", o.Time)
		})})
)

// ownRoot is a root that the package filesystem writes.
type ownRoot struct{ filesystem.Writer }

func startRoot(open func(Options, *os.File) (filesystem.Writer, error)) func(Options, *os.File) (rootWriter, error) {
	return func(o Options, image *os.File) (rootWriter, error) {
		w, err := open(o, image)
		if err != nil {
			return nil, system.BadInput("%v", err).Suggest("set SOURCE_DATE_EPOCH to another time")
		}
		return ownRoot{w}, nil
	}
}

func (r ownRoot) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	w, err := r.Writer.Entry(&e.Entry)
	if err != nil {
		err = system.BadInput("%v", err).Suggest("use another --format")
	}
	return w, err
}

func (r ownRoot) abort() {}
