package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// only checks that a folder contains exactly these files.
func only(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("%s was left behind", e.Name())
		}
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != content {
			t.Errorf("%s holds %q, want %q; %v", name, got, content, err)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := WriteNew(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteNew(path, []byte("b"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second WriteNew: %v", err)
	}
	only(t, dir, map[string]string{"f": "a"})
	if err := Write(path, []byte("c"), 0o644); err != nil {
		t.Fatal(err)
	}
	only(t, dir, map[string]string{"f": "c"})
	if err := WriteSynced(path, []byte("d"), 0o444); err != nil {
		t.Fatal(err)
	}
	only(t, dir, map[string]string{"f": "d"})
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o444 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := Write(path, []byte("c"), 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), nil, 0o644); err == nil {
		t.Error("a folder was replaced")
	}
	if err := os.Remove(filepath.Join(dir, "d")); err != nil {
		t.Fatal(err)
	}
	only(t, dir, map[string]string{"f": "c"})
}

func TestClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "f"), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Error(err)
	}
	only(t, dir, nil)
}

func TestUnlinked(t *testing.T) {
	dir := t.TempDir()
	f, err := Unlinked(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	only(t, dir, nil)
	if _, err := f.WriteString("x"); err != nil {
		t.Error(err)
	}
	if _, err := Unlinked(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}
