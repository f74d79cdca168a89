//go:build unix

package kept

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports whether the folder is ours, and only we may write to it.
func private(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o022 == 0 && ours(info)
}

// secret reports whether the file is ours, and only we may read it.
func secret(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 == 0 && ours(info)
}

func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
