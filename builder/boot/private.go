package boot

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Private copies a file into memory that can no longer be changed, and wants it
// to have that digest (sha256:HEX). An open descriptor alone does not do: who
// may write to the file can rewrite it after it was verified, and before QEMU
// reads it. Where the bytes are others by now, the error is system.ErrMismatch.
func Private(name, digest string, from *os.File) (*os.File, error) {
	failed := func(err error) error {
		return system.Unusable("memory for %s", name).Because(err)
	}
	fd, err := unix.MemfdCreate("seaworthy", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, failed(err)
	}
	to := os.NewFile(uintptr(fd), name)
	sum := sha256.New()
	buf := make([]byte, 1<<20)
	// The wrapper keeps io from a copy within the kernel, which is not hashed.
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(to, sum)}, io.NewSectionReader(from, 0, 1<<62), buf); err != nil {
		return nil, errors.Join(failed(err), to.Close())
	}
	if got := digests.Sum(sum); got != digest {
		return nil, errors.Join(system.Mismatch("%s was changed after it was verified: digest %s, verified %s", name, got, digest).
			Suggest("let nobody write to the image while it boots"), to.Close())
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(to.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, errors.Join(failed(err), to.Close())
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(failed(err), to.Close())
	}
	return to, nil
}
