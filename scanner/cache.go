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

// key identifies an observation: the image, and how it was read. Documents
// depend on more than the bytes of the image: on its name, and on the time and
// program version of the documents.
func (s *Scanner) key(img *system.Image, how Reading) string {
	key := fmt.Sprintf("%s %d %s kernel=%q nested=%q devices=%t root=%t asked=%q",
		sbom.SyftVersion, facts.SchemaVersion, img.Manifest, how.Kernel, how.Nested, how.Devices, how.Root, how.Asked)
	if s.opts.Documents {
		key += fmt.Sprintf(" name=%q created=%d version=%q", img.Name, s.opts.Created.Unix(), s.opts.Version)
	}
	return key
}

// load returns the observation that is stored under a key.
func (s *Scanner) load(key string) (observation, bool) {
	var found observation
	body, ok := s.opts.Cache.Load(key)
	ok = ok && json.Unmarshal(body, &found) == nil
	return found, ok
}

// save stores an observation.
func (s *Scanner) save(key string, found *observation) {
	if body, err := json.Marshal(found); err == nil {
		s.opts.Cache.Save(key, body)
	}
}
