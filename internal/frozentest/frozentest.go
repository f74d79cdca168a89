// Package frozentest keeps files in the formats of earlier versions, for tests. They are
// in the folder testdata/frozen of the package that is tested. A test accepts all of
// them. After a change of a format, it writes a further one.
package frozentest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Name is the name of the new files, "" if none are written. CONTRIBUTING.md has the
// commands.
var Name = flag.String("freeze", "", "write new files with this name into testdata/frozen; use a new name after each change of a format")

const dir = "testdata/frozen"

// Each runs a test with each frozen file whose name matches a pattern. T is the form of
// the file, and raw its text.
func Each[T any](t *testing.T, pattern string, check func(t *testing.T, f *T, raw []byte)) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(list) == 0 {
		t.Fatalf("no frozen files %s: %v", pattern, err)
	}
	for _, path := range list {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, raw := Read[T](t, filepath.Base(path))
			check(t, f, raw)
		})
	}
}

// Read reads a frozen file.
func Read[T any](t *testing.T, name string) (f *T, raw []byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	f = new(T)
	if err := json.Unmarshal(raw, f); err != nil {
		t.Fatal(err)
	}
	return f, raw
}

// Write writes a new frozen file. It never replaces one.
func Write(t *testing.T, name string, v any) {
	t.Helper()
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s exists: use a new name", path)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := errors.Join(enc.Encode(v), os.MkdirAll(dir, 0o755), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}
