package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// canHold tells before any work whether a file can be written at path.
func canHold(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return system.BadInput("%s is a folder", path).Suggest("name a file")
	case err != nil && isLink(path):
		return system.BadInput("cannot write %s: the link leads nowhere", path).Suggest("name a file, or mend the link")
	}
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case err != nil:
		return system.BadInput("cannot write %s", path).Because(cause(err)).Suggest("make the folder %s, or name another file", dir)
	case !info.IsDir():
		return system.BadInput("cannot write %s: %s is no folder", path, dir).Suggest("name another file")
	}
	return nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == fs.ModeSymlink
}

// writeWhole writes a file beside its place and renames it there. What is
// there and is no regular file (/dev/null, /dev/stdout, a pipe) is written to:
// a rename would put a file in the device's place, for the whole machine. A
// link stays one, and a file's mode what it is.
func writeWhole(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	failed := func(err error) error {
		return system.Unusable("cannot write %s", path).Because(cause(err)).Suggest("name a file that can be written")
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

// holdFolder lets no other run that asks for it change files of a file's folder
// before release, so that what is read and written again loses nothing. Where
// the file system cannot lock, nobody is held.
func holdFolder(path string) (release func()) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return func() {}
	}
	_ = unix.Flock(int(dir.Fd()), unix.LOCK_EX)
	return func() { dir.Close() }
}

// writeInto writes to what is there, and never makes or empties a file.
func writeInto(path string, data []byte, failed func(error) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return failed(err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return failed(err)
	}
	return nil
}

// cause leaves out the path, which may be that of a temporary file.
func cause(err error) error {
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
