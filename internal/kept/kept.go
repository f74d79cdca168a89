// Package kept keeps what one run worked out for the next one.
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

// Store is a folder of entries. Who can write to it decides what is read back,
// so a folder that others may write to is not used. With a Secret, writing to
// the folder is not enough: an entry that was made without it is as good as
// none.
type Store struct {
	// Dir is the folder, made when first needed; "" keeps nothing.
	Dir string
	// Program names the program itself: another one may work out something else.
	Program string
	// Secret authenticates what is kept; see Secret. nil keeps a checksum only.
	Secret []byte
}

// maxEntry bounds a file of the store, in bytes.
const maxEntry = 256 << 20

// Load gives what is kept under a name. One that is damaged, or was made for
// another name, is as good as none.
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

// Save keeps body under a name. That it cannot be kept is no mistake: it will
// be worked out again.
func (s Store) Save(name string, body []byte) {
	if !s.ready() || len(body) > maxEntry/2 {
		return
	}
	_ = atomicfile.Write(s.path(name), fmt.Appendf(nil, "%s\n%s", s.sum(name, body), body), 0o600)
}

// Folder is the place of files that are kept under a name, as they are: whoever
// reads one holds it against a digest from an entry.
func (s Store) Folder(name string) string { return s.path(name) + ".files" }

// Replace has fill write the files of a name into an empty folder, which takes
// the place of what was kept.
func (s Store) Replace(name string, fill func(dir string) error) error {
	if !s.ready() {
		return errors.New("nothing can be kept")
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

// incoming begins the names of folders that are being filled.
const incoming = ".incoming-"

// sweep removes what programs left that were killed while they filled a folder.
// What is younger than a day may still be in work.
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

// ready makes the folder.
func (s Store) ready() bool {
	return s.Dir != "" && os.MkdirAll(s.Dir, 0o700) == nil && private(s.Dir)
}

// path is the file of a name; the program is part of its name.
func (s Store) path(name string) string {
	return filepath.Join(s.Dir, s.sum("name", fmt.Appendf(nil, "%q %q", s.Program, name))+".json")
}

// sum authenticates body as what is kept under a name.
func (s Store) sum(name string, body []byte) string {
	h := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(h, "%q %q\n", s.Program, name)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Secret reads the user's secret, or makes it; nil where there can be none. It
// must lie elsewhere than the stores: a cache is often handed from machine to
// machine, and whoever could fill it on the way could say what is in an image.
func Secret(path string) []byte {
	if secret, err := readSecret(path); !errors.Is(err, fs.ErrNotExist) {
		return secret
	}
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return nil
	}
	var secret [sha256.Size]byte
	rand.Read(secret[:])
	// Of two programs that start at once, one makes it.
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
		return nil, errors.New("others may read or replace it")
	}
	raw, err := io.ReadAll(io.LimitReader(f, sha256.Size+1))
	if err != nil || len(raw) != sha256.Size {
		return nil, errors.New("it is no secret")
	}
	return raw, nil
}
