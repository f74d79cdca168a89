// Package outputfile writes the files that a user names, whole or not at all.
package outputfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/failure"
)

// Check checks, before any work, that a file can be written at path.
func Check(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return failure.BadInput("cannot write %s: it is a folder", path).Suggest("give the path of a file")
	case err != nil && isLink(path):
		return failure.BadInput("cannot write %s: the target of the link does not exist", path).Suggest("give another file, or correct the link")
	}
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case err != nil:
		return failure.BadInput("cannot write %s", path).Because(Cause(err)).Suggest("make the folder %s, or give another file", dir)
	case !info.IsDir():
		return failure.BadInput("cannot write %s: %s is not a folder", path, dir).Suggest("give another file")
	}
	return nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == fs.ModeSymlink
}

// Write writes a temporary file beside path, and renames it to path. If path
// is not a regular file (/dev/null, /dev/stdout, a pipe), it writes into it: a
// rename would replace the device for the whole machine. A symbolic link is
// followed and stays. An existing file keeps its mode.
func Write(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	failed := func(err error) error {
		return failure.Unusable("cannot write %s", path).Because(Cause(err)).Suggest("give a file that can be written")
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
		if !info.Mode().IsRegular() {
			return writeInto(path, b.Bytes(), failed)
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return failed(err)
		}
	}
	if err := atomicfile.Write(path, b.Bytes(), mode); err != nil {
		return failed(err)
	}
	return nil
}

// LockFolder locks the folder of a file until release. Without it, two runs that
// read and rewrite the file could lose an entry. Where the file system has no
// locks, it does nothing.
func LockFolder(path string) (release func()) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return func() {}
	}
	_ = unix.Flock(int(dir.Fd()), unix.LOCK_EX)
	return func() { dir.Close() }
}

// writeInto writes to an existing device or pipe. It never creates or truncates a
// file, and does not wait until a program reads a named pipe.
func writeInto(path string, data []byte, failed func(error) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENXIO) {
		return failed(errors.New("no program reads this pipe"))
	}
	if err != nil {
		return failed(err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return failed(err)
	}
	return nil
}

// Cause removes the path from an error: it may be the path of a temporary file.
func Cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}
