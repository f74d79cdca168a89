package kept_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/kept"
)

// An entry is returned only if it is complete, and if it was stored under that
// name, by that program, with the same secret.
func TestStore(t *testing.T) {
	t.Parallel()
	mine := kept.Store{Dir: filepath.Join(t.TempDir(), "store"), Program: "1", Secret: []byte("mine")}
	if _, ok := mine.Load("a"); ok {
		t.Fatal("an empty store returns an entry")
	}
	mine.Save("a", []byte("one"))
	entry := only(t, mine.Dir)
	honest := read(t, entry)
	if got, ok := mine.Load("a"); !ok || string(got) != "one" {
		t.Fatalf("%q, %t", got, ok)
	}
	if _, ok := (kept.Store{Dir: mine.Dir, Program: "2", Secret: mine.Secret}).Load("a"); ok {
		t.Error("another program reads it")
	}
	mine.Save("b", []byte("two"))
	forged := map[string][]byte{"cut": honest[:40], "empty": nil, "changed": bytes.Replace(honest, []byte("one"), []byte("eno"), 1)}
	for _, name := range all(t, mine.Dir) {
		if name != entry {
			forged["of another name"] = read(t, name)
		}
	}
	for name, secret := range map[string][]byte{"without a secret": nil, "of another secret": []byte("yours")} {
		other := kept.Store{Dir: filepath.Join(t.TempDir(), "store"), Program: "1", Secret: secret}
		other.Save("a", []byte("bad"))
		forged[name] = read(t, only(t, other.Dir))
	}
	for name, raw := range forged {
		if err := os.WriteFile(entry, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := mine.Load("a"); ok {
			t.Errorf("%s: loaded %q", name, got)
		}
	}
	if err := os.WriteFile(entry, honest, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := mine.Load("a"); !ok {
		t.Error("the loaded entry differs from the stored one")
	}
	if err := os.Chmod(mine.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, ok := mine.Load("a"); ok {
		t.Error("an entry is loaded from a folder that all users may write to")
	}
}

// A secret stays the same, and only its user can read it. A killed program
// leaves a folder behind, which a later program removes. A folder that is being
// filled stays.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	s := kept.Store{Dir: t.TempDir()}
	if err := os.Chmod(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{".incoming-old": 48 * time.Hour, ".incoming-new": 0, "other": 48 * time.Hour} {
		dir, at := filepath.Join(s.Dir, name), time.Now().Add(-age)
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "x"), 0o700), os.Chtimes(dir, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Replace("a", func(dir string) error { return os.WriteFile(filepath.Join(dir, "f"), nil, 0o600) }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{".incoming-old": false, ".incoming-new": true, "other": true, filepath.Base(s.Folder("a")): true} {
		if _, err := os.Stat(filepath.Join(s.Dir, name)); (err == nil) != want {
			t.Errorf("%s: %v, want %t", name, err, want)
		}
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "settings", "secret")
	made := kept.Secret(path)
	if len(made) != 32 || !bytes.Equal(made, kept.Secret(path)) || bytes.Equal(made, kept.Secret(path+"2")) {
		t.Fatal("a secret must be created once, and each must be different")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if kept.Secret(path) != nil {
		t.Error("all users can read the secret")
	}
	if err := os.WriteFile(path+"3", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if kept.Secret(path+"3") != nil {
		t.Error("an empty file is accepted as a secret")
	}
}

func all(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func only(t *testing.T, dir string) string {
	t.Helper()
	names := all(t, dir)
	if len(names) != 1 {
		t.Fatalf("entries %q", names)
	}
	return names[0]
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
