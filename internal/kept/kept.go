// Package kept stores results of one run for later runs.
package kept

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// Store is a folder of entries. A user who can write to the folder can change
// what is read from it, so a folder that other users may write to is not used.
// With a Secret, write access is not enough: an entry that was made without the
// secret is ignored.
type Store struct {
	// Dir is the folder. It is created at its first use. "" stores nothing.
	Dir string
	// Program identifies the program, because another version may have other
	// results.
	Program string
	// Secret authenticates the entries; see the function Secret. nil stores a
	// checksum only.
	Secret []byte
}

// maxEntry is the largest size of a file in the store, in bytes.
const maxEntry = 256 << 20

// Load returns the entry of a name. A damaged entry, and an entry of another
// name, are ignored.
func (s Store) Load(name string) ([]byte, bool) {
	if s.Dir == "" || !private(s.Dir) {
		return nil, false
	}
	f, err := os.Open(s.path(name))
	if err != nil {
		return nil, false
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxEntry))
	if n := hex.EncodedLen(sha256.Size); err == nil && len(raw) > n && hmac.Equal(raw[:n], []byte(s.sum(name, raw[n+1:]))) {
		return raw[n+1:], true
	}
	return nil, false
}

// Save stores body under a name. A failure is not an error: the result is
// computed again later.
func (s Store) Save(name string, body []byte) {
	if !s.ready() || len(body) > maxEntry/2 {
		return
	}
	_ = atomicfile.Write(s.path(name), fmt.Appendf(nil, "%s\n%s", s.sum(name, body), body), 0o600)
}

// Folder is the path of the files that are stored under a name. The files are
// not authenticated: a reader compares them with a digest from an entry.
func (s Store) Folder(name string) string { return s.path(name) + ".files" }

// Replace calls fill to write the files of a name into an empty folder. That
// folder then replaces the old one.
func (s Store) Replace(name string, fill func(dir string) error) error {
	if !s.ready() {
		return fmt.Errorf("the folder %q for stored results cannot be written", s.Dir)
	}
	s.sweep()
	dir, err := os.MkdirTemp(s.Dir, incoming)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := fill(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(s.Folder(name)); err != nil {
		return err
	}
	return os.Rename(dir, s.Folder(name))
}

// incoming begins the names of folders that are not complete yet.
const incoming = ".incoming-"

// sweep removes folders that killed programs did not complete. A folder that is
// younger than a day may still be in use.
func (s Store) sweep() {
	entries, _ := os.ReadDir(s.Dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), incoming) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(filepath.Join(s.Dir, e.Name()))
		}
	}
}

// ready creates the folder.
func (s Store) ready() bool {
	return s.Dir != "" && os.MkdirAll(s.Dir, 0o700) == nil && private(s.Dir)
}

// path is the file of a name. The file name depends on Program.
func (s Store) path(name string) string {
	return filepath.Join(s.Dir, s.sum("name", fmt.Appendf(nil, "%q %q", s.Program, name))+".json")
}

// sum authenticates body as the entry of a name.
func (s Store) sum(name string, body []byte) string {
	h := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(h, "%q %q\n", s.Program, name)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Secret reads the user's secret, or creates it; nil if that fails. It must not
// lie in a store: caches are often copied between machines, and a user who can
// change the copy must not be able to change results.
func Secret(path string) []byte {
	if secret, err := readSecret(path); !errors.Is(err, fs.ErrNotExist) {
		return secret
	}
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return nil
	}
	var secret [sha256.Size]byte
	rand.Read(secret[:])
	// If two programs start at the same time, one of them creates the file.
	_ = atomicfile.WriteNew(path, secret[:], 0o600)
	made, _ := readSecret(path)
	return made
}

func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !secret(f) || !private(filepath.Dir(path)) {
		return nil, errors.New("other users may read or replace it")
	}
	raw, err := io.ReadAll(io.LimitReader(f, sha256.Size+1))
	if err != nil || len(raw) != sha256.Size {
		return nil, errors.New("the file does not contain a secret")
	}
	return raw, nil
}
