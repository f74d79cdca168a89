package atomicfile

import (
	"errors"
	"os"
)

// Unlinked makes a temporary file without a name in dir ("" is os.TempDir()).
// Its space is free again when the file is closed, however the program ends.
func Unlinked(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "seaworthy-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
