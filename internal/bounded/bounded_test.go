package bounded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte(strings.Repeat("x", 1024)), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(name, 1024); err != nil || len(data) != 1024 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	for _, c := range []struct {
		path  string
		limit int64
		want  string
	}{
		{name, 1023, "larger than 1023 bytes"},
		{"/dev/zero", 1 << 20, "larger than 1 MiB"},
		{"/dev/zero", 3 << 10, "larger than 3 KiB"},
		{dir, 10, "is a directory"},
		{filepath.Join(dir, "none"), 10, "no such file or directory"},
	} {
		if _, err := ReadFile(c.path, c.limit); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.path, err, c.want)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none"), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}
