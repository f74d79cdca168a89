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

// forget waits until a part of a file is on the disk, and frees the memory that holds a copy.
// The next bytes then find memory that is warm: a machine that must fetch new memory for each
// byte of a large image takes several times as long. A sync would wait for the disk
// too, at the end.
func forget(f *os.File, at, size int64) {
	if size == 0 { // it would mean the rest of the file
		return
	}
	const written = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	if unix.SyncFileRange(int(f.Fd()), at, size, written) == nil {
		_ = unix.Fadvise(int(f.Fd()), at, size, unix.FADV_DONTNEED)
	}
}
