package vuln

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// statement is one of an OpenVEX document.
type statement struct {
	Vulnerability vexVulnerability `json:"vulnerability"`
	Products      []vexProduct     `json:"products"`
	Status        string           `json:"status"`
	Justification string           `json:"justification"`
	Impact        string           `json:"impact_statement"`
	Timestamp     string           `json:"timestamp"`
	when          time.Time
	order         int // among all
}

type vexVulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

type vexProduct struct {
	ID            string            `json:"@id"`
	Identifiers   map[string]string `json:"identifiers"`
	Hashes        map[string]string `json:"hashes"`
	Subcomponents []vexProduct      `json:"subcomponents"`
}

// statements are those of all documents.
type statements struct {
	// byName finds them by each name of the vulnerability, the oldest first.
	byName  map[string][]*statement
	digests []string
}

func readVEX(paths []string) (*statements, error) {
	out := &statements{byName: map[string][]*statement{}}
	var all []*statement
	for _, p := range paths {
		raw, err := system.ReadFile(p, maxVEX)
		if err != nil {
			return nil, unreadable(p, err)
		}
		one, err := parseVEX(raw)
		if err != nil {
			return nil, malformed(p, err)
		}
		sum := sha256.Sum256(raw)
		out.digests = append(out.digests, "sha256:"+hex.EncodeToString(sum[:]))
		for i := range one {
			all = append(all, &one[i])
		}
	}
	if len(all) > maxStatements {
		return nil, malformed(paths[0], fmt.Errorf("more than %d statements in all", maxStatements))
	}
	slices.SortStableFunc(all, func(a, b *statement) int { return a.when.Compare(b.when) })
	for i, s := range all {
		s.order = i
		names := append([]string{s.Vulnerability.Name}, s.Vulnerability.Aliases...)
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			out.byName[n] = append(out.byName[n], s)
		}
	}
	return out, nil
}

func parseVEX(raw []byte) ([]statement, error) {
	var doc struct {
		Context    string      `json:"@context"`
		Timestamp  string      `json:"timestamp"`
		Statements []statement `json:"statements"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more follows the document")
	}
	if !strings.HasPrefix(doc.Context, "https://openvex.dev/ns") {
		return nil, fmt.Errorf("@context is %q: no OpenVEX document", doc.Context)
	}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Timestamp == "" {
			s.Timestamp = doc.Timestamp
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return doc.Statements, nil
}

func (s *statement) check() error {
	switch {
	case s.Vulnerability.Name == "":
		return errors.New("names no vulnerability")
	case len(s.Products) == 0:
		return errors.New("names no product")
	case !slices.Contains([]string{"not_affected", "affected", "fixed", "under_investigation"}, s.Status):
		return fmt.Errorf("status is %q", s.Status)
	case s.Status == "not_affected" && s.Justification == "" && s.Impact == "":
		return errors.New("not_affected, and no justification")
	}
	var err error
	s.when, err = time.Parse(time.RFC3339, s.Timestamp)
	return err
}

// verdict is what the newest statement about a vulnerability says.
func (said *statements) verdict(img *facts.Image, v *facts.Vulnerability) (status, why string) {
	var newest *statement
	for _, name := range append([]string{v.ID}, v.Aliases...) {
		for _, s := range slices.Backward(said.byName[name]) {
			if slices.ContainsFunc(s.Products, func(p vexProduct) bool { return p.covers(img, v.PURL) }) {
				if newest == nil || s.order > newest.order {
					newest = s
				}
				break
			}
		}
	}
	if newest == nil {
		return "", ""
	}
	return newest.Status, cmp.Or(newest.Justification, newest.Impact)
}

// covers: the product is the package, or the image. Where it has subcomponents
// it is about these in the image, and the package must be one of them.
func (p vexProduct) covers(img *facts.Image, purl string) bool {
	if len(p.Subcomponents) == 0 {
		return p.isPackage(purl) || p.isImage(img)
	}
	return p.isImage(img) && slices.ContainsFunc(p.Subcomponents, func(s vexProduct) bool { return s.isPackage(purl) })
}

func (p vexProduct) isImage(img *facts.Image) bool {
	for _, digest := range []string{img.Digest, img.Manifest} {
		if digest == "" {
			continue
		}
		if p.ID == digest || p.Hashes["sha-256"] == strings.TrimPrefix(digest, "sha256:") {
			return true
		}
		for _, id := range []string{p.ID, p.Identifiers["purl"]} {
			if u, err := packageurl.FromString(id); err == nil && u.Type == "oci" && u.Version == digest {
				return true
			}
		}
	}
	return false
}

// isPackage: what the statement's purl leaves out may be anything.
func (p vexProduct) isPackage(purl string) bool {
	have, err := packageurl.FromString(purl)
	if err != nil {
		return false
	}
	for _, id := range []string{p.ID, p.Identifiers["purl"]} {
		want, err := packageurl.FromString(id)
		if err != nil || want.Type != have.Type || want.Namespace != have.Namespace || want.Name != have.Name ||
			want.Version != "" && want.Version != have.Version {
			continue
		}
		got := have.Qualifiers.Map()
		same := true
		for k, v := range want.Qualifiers.Map() {
			same = same && got[k] == v
		}
		if same {
			return true
		}
	}
	return false
}
