package scanner

import (
	"encoding/json"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/sbom"
)

// Cache stores what was found in images. The digest of the manifest identifies
// an image, so its contents are read once. A user who can write entries can
// change what Recall returns, so only the user may choose the folder.
type Cache = kept.Store

// Shared stores what was found in images for several machines. It returns only
// entries that a trusted person or machine made. Its methods may be called
// concurrently. Both may fail: the image is then scanned.
type Shared interface {
	Load(img *system.Image, key string) ([]byte, bool)
	Save(img *system.Image, key string, body []byte)
}

// observed counts the changes of what is found in an image, while SchemaVersion
// stays the same between two releases. A cache can be older than the program.
const observed = 3

// key identifies an observation: the image, and how it was read. Documents
// depend on more than the bytes of the image: on its name and on the program
// version. Recall replaces their time.
func (s *Scanner) key(img *system.Image, how Reading) string {
	key := fmt.Sprintf("%s %d.%d %s kernel=%q nested=%q devices=%t root=%t asked=%q",
		sbom.SyftVersion, facts.SchemaVersion, observed, img.Manifest, how.Kernel, how.Nested, how.Devices, how.Root, how.Asked)
	if s.opts.Documents {
		key += fmt.Sprintf(" name=%q version=%q", img.Name, s.opts.Version)
	}
	return key
}

// load returns the observation that is stored under a key. What comes from the
// shared store is kept in the cache.
func (s *Scanner) load(img *system.Image, key string) (observation, bool) {
	var found observation
	if body, ok := s.opts.Cache.Load(key); ok && json.Unmarshal(body, &found) == nil {
		return found, true
	}
	if s.opts.Shared == nil {
		return found, false
	}
	found = observation{}
	body, ok := s.opts.Shared.Load(img, key)
	if ok = ok && json.Unmarshal(body, &found) == nil; ok {
		s.opts.Cache.Save(key, body)
	}
	return found, ok
}

// save stores an observation.
func (s *Scanner) save(img *system.Image, key string, found *observation) {
	body, err := json.Marshal(found)
	if err != nil {
		return
	}
	s.opts.Cache.Save(key, body)
	if s.opts.Shared != nil {
		s.opts.Shared.Save(img, key, body)
	}
}
