package secureboot

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := testKeys().Files(t.Context(), testTime)
	if err != nil || len(files) != 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := os.Stat(filepath.Join(dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		private := bytes.Contains(f.Data, []byte("PRIVATE KEY"))
		if private != f.Private || private != (info.Mode().Perm() == 0o600) || f.Use == "" {
			t.Errorf("%s: %v, %q", f.Name, info.Mode(), f.Use)
		}
	}
	again, err := testKeys().Files(t.Context(), testTime)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if !bytes.Equal(files[i].Data, again[i].Data) {
			t.Errorf("%s has other bytes the second time", files[i].Name)
		}
	}
}

// Nothing is replaced, and no part of the files is left behind.
func TestWriteReplacesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "b"), []byte("old"))
	err := Write(dir, []File{{Name: "a", Data: []byte("new")}, {Name: "b", Data: []byte("new")}})
	if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "exists already") {
		t.Error(err)
	}
	err = Write(dir, []File{{Name: "a", Data: []byte("new")}, {Name: "c/d", Data: []byte("new")}})
	if !errors.Is(err, system.ErrUnusable) {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a was left behind: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "b")); err != nil || string(b) != "old" {
		t.Errorf("%q, %v", b, err)
	}
}

// A store in which firmware would start anything is refused.
func TestCheckStore(t *testing.T) {
	t.Parallel()
	vars, err := testKeys().Enrolment().Variables()
	if err != nil {
		t.Fatal(err)
	}
	store := func(vars []Variable) []byte {
		b, err := VariableStore(template(16<<10), vars, testTime)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := store(vars)
	if err := CheckStore(good); err != nil {
		t.Error(err)
	}
	off := bytes.Clone(good)
	name := append(utf16Bytes("SecureBootEnable"), 0, 0)
	off[bytes.Index(off, name)+len(name)] = 0
	deleted := bytes.Clone(good)
	deleted[bytes.Index(deleted, []byte{0xaa, 0x55, variableAdded})+2] = 0x3c
	for text, b := range map[string][]byte{
		"not a variable store": []byte("text"), "no platform key": store(vars[1:]), "turned off": off,
		"key (PK) is enrolled": deleted,
	} {
		if err := CheckStore(b); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzCheckStore: no store makes the check panic.
func FuzzCheckStore(f *testing.F) {
	vars, err := testKeys().Enrolment().Variables()
	if err != nil {
		f.Fatal(err)
	}
	good, err := VariableStore(template(16<<10), vars, testTime)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, uint32(0), byte(0))
	f.Fuzz(func(_ *testing.T, b []byte, at uint32, change byte) {
		if len(b) > 0 {
			b[int(at)%len(b)] ^= change
		}
		_ = CheckStore(b)
	})
}
