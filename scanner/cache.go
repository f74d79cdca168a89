package scanner

import (
	"encoding/json"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/sbom"
)

// Cache keeps what was found in images: an image is named by the digest of its
// manifest, so what was found in it once is found again. Who can write entries
// decides what Recall says, so only the user may name the folder.
type Cache = kept.Store

// key names an observation: the image, how it was read, and by which forms. The
// documents say more than the image's bytes: its name, and who wrote them.
func (s *Scanner) key(img *system.Image, how Reading) string {
	key := fmt.Sprintf("%s %d %s kernel=%q nested=%q devices=%t root=%t asked=%q",
		sbom.SyftVersion, facts.SchemaVersion, img.Manifest, how.Kernel, how.Nested, how.Devices, how.Root, how.Asked)
	if s.opts.Documents {
		key += fmt.Sprintf(" name=%q created=%d version=%q", img.Name, s.opts.Created.Unix(), s.opts.Version)
	}
	return key
}

// load gives what is kept under a key.
func (s *Scanner) load(key string) (observation, bool) {
	var found observation
	body, ok := s.opts.Cache.Load(key)
	ok = ok && json.Unmarshal(body, &found) == nil
	return found, ok
}

// save keeps an observation.
func (s *Scanner) save(key string, found *observation) {
	if body, err := json.Marshal(found); err == nil {
		s.opts.Cache.Save(key, body)
	}
}
