// Package atomicfile writes files that appear whole or not at all: beside their
// place, and renamed into it. Write is for bytes, Create for a stream, Unlinked for
// a temporary file without a name.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file that is not in its place yet.
type File struct {
	*os.File
	path string
	mode fs.FileMode
	gone bool
}

// Create makes a temporary file beside path, which only its owner can read until
// it is in its place. Close or one of the commits ends it.
func Create(path string, mode fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp-")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path, mode: mode}, nil
}

// Commit puts the file in its place, over one that is there.
func (f *File) Commit() error {
	if err := f.finish(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// CommitNew puts the file in its place, and fails with fs.ErrExist where one is
// there. The file is on the disk then.
func (f *File) CommitNew() error {
	err := f.Sync()
	if err = errors.Join(err, f.finish()); err != nil {
		return err
	}
	err = os.Link(f.Name(), f.path)
	return errors.Join(err, os.Remove(f.Name()))
}

func (f *File) finish() error {
	f.gone = true
	if err := errors.Join(f.Chmod(f.mode), f.File.Close()); err != nil {
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

// Write puts data in place of what path holds.
func Write(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, (*File).Commit)
}

// WriteNew is Write, but fails with fs.ErrExist where a file is there.
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
