// Package atomicfile writes files that appear complete or not at all: each is
// written beside its place, and then renamed. Write is for bytes, Create for a
// stream, Unlinked for a temporary file without a name.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a temporary file that is not yet in its place.
type File struct {
	*os.File
	path string
	mode fs.FileMode
	gone bool
}

// Create makes a temporary file beside path. Only its owner can read it until
// it is in its place. Close or one of the commits ends it.
func Create(path string, mode fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp-")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path, mode: mode}, nil
}

// Commit puts the file in its place, and replaces an existing file.
func (f *File) Commit() error {
	return f.rename(false)
}

// commitSynced is Commit, but the content is on the disk before the file is in its place.
func (f *File) commitSynced() error {
	return f.rename(true)
}

func (f *File) rename(sync bool) error {
	if err := f.finish(sync); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// CommitNew puts the file in its place, and fails with fs.ErrExist if a file
// exists there. The file is on the disk when CommitNew returns.
func (f *File) CommitNew() error {
	if err := f.finish(true); err != nil {
		return err
	}
	err := os.Link(f.Name(), f.path)
	return errors.Join(err, os.Remove(f.Name()))
}

func (f *File) finish(sync bool) error {
	f.gone = true
	err := f.Chmod(f.mode)
	if sync {
		err = errors.Join(err, f.Sync())
	}
	if err = errors.Join(err, f.File.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Close removes the file, unless it was committed.
func (f *File) Close() error {
	if f.gone {
		return nil
	}
	f.gone = true
	return errors.Join(f.File.Close(), os.Remove(f.Name()))
}

// Write replaces the content of path with data.
func Write(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, (*File).Commit)
}

// WriteSynced is Write, but data is on the disk before path has it: if the machine loses
// its power, path has the old content or the new one.
func WriteSynced(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, (*File).commitSynced)
}

// WriteNew is Write, but fails with fs.ErrExist if the file exists.
func WriteNew(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, (*File).CommitNew)
}

func write(path string, data []byte, mode fs.FileMode, commit func(*File) error) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return commit(f)
}
