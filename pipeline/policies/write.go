package policies

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy"
)

// Write writes the files of a bundle into dir, which must not exist. It writes a
// temporary folder next to dir and renames it, so dir is complete if it exists.
func Write(dir string, b *policy.Bundle) error {
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".rules-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, path := range slices.Sorted(maps.Keys(b.Files)) {
		if err := root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(path, b.Files[path], 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}
