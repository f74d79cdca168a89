package bounded

import (
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// notFile says why something cannot be read as a file. It is an fs.ErrInvalid.
type notFile string

func (e notFile) Error() string { return string(e) }

func (e notFile) Is(target error) bool { return target == fs.ErrInvalid }

const (
	namedPipe   notFile = "it is a named pipe, which may never have a writer: give a file, or the output of a command, as in <(cat PIPE)"
	notRegular  notFile = "it is not a regular file"
	notSeekable notFile = "it is not a file or a disk: copy it to a file, because it is read at several places"
)

// Open opens a file for reading, and never waits. To open a named pipe waits for a
// writer, which may never come, so it is refused. The pipe that a shell passes as
// <(command) or as /dev/stdin has a writer. Interrupt ends a wait for its data.
func Open(path string) (*os.File, error) { return open(path, os.O_RDONLY) }

func open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Type() == fs.ModeNamedPipe && !unnamed(f) {
		err = &fs.PathError{Op: "open", Path: path, Err: namedPipe}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		opened.add(f)
	}
	return f, nil
}

// OpenImage opens a file that is read at several places: a regular file or a block
// device. It returns its size.
func OpenImage(path string) (*os.File, int64, error) { return openSeekable(path, os.O_RDONLY) }

// OpenDisk is OpenImage for reading and writing.
func OpenDisk(path string) (*os.File, int64, error) { return openSeekable(path, os.O_RDWR) }

func openSeekable(path string, flag int) (*os.File, int64, error) {
	f, err := open(path, flag)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeDevice {
		err = &fs.PathError{Op: "open", Path: path, Err: notSeekable}
	}
	var size int64
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd) // a block device has no size in its metadata
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}

// OpenIn opens a regular file in a folder.
func OpenIn(root *os.Root, path string) (*os.File, error) {
	f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: notRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// opened are the open pipes and devices.
var opened waiting

type waiting struct {
	sync.Mutex
	files       []*os.File
	interrupted bool
}

func (w *waiting) add(f *os.File) {
	w.Lock()
	defer w.Unlock()
	w.files = append(w.files, f)
	if w.interrupted {
		end(f)
	}
}

// Interrupt ends each wait for the data of a pipe or a device: such a read, now or later,
// returns os.ErrDeadlineExceeded. The program is about to end.
func Interrupt() {
	opened.Lock()
	defer opened.Unlock()
	opened.interrupted = true
	for _, f := range opened.files {
		end(f)
	}
}

// end is without effect if the file is closed, or is a device whose data never waits.
func end(f *os.File) { _ = f.SetReadDeadline(time.Unix(1, 0)) }
