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

// Private copies a file into sealed memory, and checks that the copy has the
// digest (sha256:HEX). An open descriptor is not enough: a user who can write to
// the file could change it after it was verified and before QEMU reads it. If
// the bytes have changed, the error is system.ErrMismatch.
func Private(name, digest string, from *os.File) (*os.File, error) {
	sum := sha256.New()
	to, err := Sealed(name, func(to *os.File) error {
		// The wrapper hides the ReadFrom method. Otherwise io would let the kernel
		// copy the bytes, and they would not be hashed.
		_, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(to, sum)}, io.NewSectionReader(from, 0, 1<<62), make([]byte, 1<<20))
		return err
	})
	if err != nil {
		return nil, err
	}
	if got := digests.Sum(sum); got != digest {
		return nil, errors.Join(system.Mismatch("%s changed after it was verified: its digest is %s, the verified digest is %s", name, got, digest).
			Suggest("do not write to the image while it boots"), to.Close())
	}
	return to, nil
}

// Sealed is a file in memory with what write has written. It cannot change.
func Sealed(name string, write func(*os.File) error) (*os.File, error) {
	failed := func(err error) error {
		return system.Unusable("cannot allocate memory for %s", name).Because(err)
	}
	fd, err := unix.MemfdCreate("seaworthy", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, failed(err)
	}
	to := os.NewFile(uintptr(fd), name)
	if err := write(to); err != nil {
		return nil, errors.Join(failed(err), to.Close())
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
