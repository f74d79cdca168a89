package scanner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/sbom"
)

// Cache keeps what was found in images: an image is named by the digest of its
// manifest, so what was found in it once is found again. Who can write to its
// folder decides what Recall says; so one that others may write to is not
// used, and nobody but the user may name it.
type Cache struct {
	// Dir is the folder, made when first needed; "" keeps nothing.
	Dir string
	// Program names the scanner itself: another one may find more.
	Program string
}

// maxObservation bounds a file of the cache, in bytes.
const maxObservation = 256 << 20

// key names an observation: the image, and how it was read.
func (how Reading) key(img *system.Image) string {
	return fmt.Sprintf("%s kernel=%q nested=%q devices=%t asked=%q", img.Manifest, how.Kernel, how.Nested, how.Devices, how.Asked)
}

// path is the file of a key; the program and the forms are part of its name.
func (c Cache) path(key string) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %s", c.Program, sbom.SyftVersion, facts.SchemaVersion, key))
	return filepath.Join(c.Dir, hex.EncodeToString(h[:])+".json")
}

// load gives what is kept under a key. A file that is damaged is as good as
// none: its first line is the digest of the rest.
func (c Cache) load(key string) (observation, bool) {
	var found observation
	if c.Dir == "" || !private(c.Dir) {
		return found, false
	}
	f, err := os.Open(c.path(key))
	if err != nil {
		return found, false
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxObservation))
	if err != nil || len(raw) < hex.EncodedLen(sha256.Size)+1 {
		return found, false
	}
	head, body := raw[:hex.EncodedLen(sha256.Size)], raw[hex.EncodedLen(sha256.Size)+1:]
	if sum := sha256.Sum256(body); string(head) != hex.EncodeToString(sum[:]) {
		return found, false
	}
	return found, json.Unmarshal(body, &found) == nil
}

// save keeps an observation. That it cannot be kept is no mistake: it will be
// made again.
func (c Cache) save(key string, found *observation) {
	if c.Dir == "" {
		return
	}
	body, err := json.Marshal(found)
	if err != nil || len(body) > maxObservation/2 {
		return
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil || !private(c.Dir) {
		return
	}
	f, err := os.CreateTemp(c.Dir, ".incoming-")
	if err != nil {
		return
	}
	defer os.Remove(f.Name()) // gone already where all went well
	sum := sha256.Sum256(body)
	_, err = fmt.Fprintf(f, "%x\n%s", sum, body)
	if errors.Join(err, f.Close()) == nil {
		os.Rename(f.Name(), c.path(key))
	}
}
