package image

import (
	"os"

	"golang.org/x/sys/unix"
)

// startSync starts to write a part of a file to the disk, and does not wait. It is only
// a hint, so its error does not matter: the file is synced when it is complete.
func startSync(f *os.File, at, size int64) {
	_ = unix.SyncFileRange(int(f.Fd()), at, size, unix.SYNC_FILE_RANGE_WRITE)
}
