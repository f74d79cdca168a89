package vuln

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/records"
)

// statement is one statement of an OpenVEX document.
type statement struct {
	Vulnerability vexVulnerability `json:"vulnerability"`
	Products      []vexProduct     `json:"products"`
	Status        string           `json:"status"`
	Justification string           `json:"justification"`
	Impact        string           `json:"impact_statement"`
	Notes         string           `json:"status_notes"`
	Timestamp     string           `json:"timestamp"`
	LastUpdated   string           `json:"last_updated"`
	when          time.Time
	used          bool
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

// statements are the statements of all documents.
type statements struct {
	all []*statement
	// byName finds them by each name of the vulnerability.
	byName  map[string][]*statement
	digests []string
	now     time.Time
}

func readVEX(paths []string, now time.Time) (*statements, error) {
	out := &statements{byName: map[string][]*statement{}, now: now}
	for _, p := range paths {
		raw, err := bounded.ReadFile(p, maxVEX)
		if err != nil {
			return nil, system.NotRead(p, err)
		}
		one, err := parseVEX(raw)
		if err != nil {
			return nil, records.Malformed(p, err)
		}
		out.digests = append(out.digests, digests.Of(raw))
		for i := range one {
			out.all = append(out.all, &one[i])
		}
	}
	if len(out.all) > maxStatements {
		return nil, records.Malformed(paths[0], fmt.Errorf("the VEX documents have more than %d statements", maxStatements))
	}
	slices.Sort(out.digests)
	for _, s := range out.all {
		names := append([]string{s.Vulnerability.Name}, s.Vulnerability.Aliases...)
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			out.byName[n] = append(out.byName[n], s)
		}
	}
	return out, nil
}

var vexContext = lazyre.New(`^https://openvex\.dev/ns(/v0\.[0-9]+\.[0-9]+)?$`)

func parseVEX(raw []byte) ([]statement, error) {
	var doc struct {
		Context     string      `json:"@context"`
		Timestamp   string      `json:"timestamp"`
		LastUpdated string      `json:"last_updated"`
		Statements  []statement `json:"statements"`
	}
	if err := strictjson.Decode(raw, &doc); err != nil {
		return nil, err
	}
	if !vexContext.MatchString(doc.Context) {
		return nil, fmt.Errorf("this is not an OpenVEX document: its @context is %q", doc.Context)
	}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Timestamp == "" {
			s.Timestamp = doc.Timestamp
			s.LastUpdated = cmp.Or(s.LastUpdated, doc.LastUpdated)
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return doc.Statements, nil
}

// vexStatuses are the statuses of OpenVEX, in ascending order of how much they
// excuse.
var vexStatuses = []string{"affected", "under_investigation", "not_affected", "fixed"}

// vexJustifications are the five justifications of OpenVEX 0.2.
var vexJustifications = []string{
	"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
}

func (s *statement) check() error {
	switch {
	case s.Vulnerability.Name == "":
		return errors.New("it names no vulnerability")
	case len(s.Products) == 0:
		return errors.New("it names no product")
	case !slices.Contains(vexStatuses, s.Status):
		return fmt.Errorf("its status %q is not an OpenVEX status", s.Status)
	case s.Justification != "" && !slices.Contains(vexJustifications, s.Justification):
		return fmt.Errorf("its justification %q is not one of %s (use impact_statement for other text)",
			s.Justification, strings.Join(vexJustifications, ", "))
	case s.Status == "not_affected" && s.Justification == "" && strings.TrimSpace(s.Impact) == "":
		return errors.New("its status is not_affected, but it has no justification")
	}
	var err error
	if s.when, err = time.Parse(time.RFC3339, s.Timestamp); err != nil || s.LastUpdated == "" {
		return err
	}
	updated, err := time.Parse(time.RFC3339, s.LastUpdated)
	if err == nil && updated.Before(s.when) {
		return fmt.Errorf("its last_updated (%s) is before its timestamp (%s)", s.LastUpdated, s.Timestamp)
	}
	s.when = updated
	return err
}

// excuses reports whether the status means that the vulnerability does no harm.
func (s *statement) excuses() bool { return s.Status == "not_affected" || s.Status == "fixed" }

// verdict is the newest statement about a vulnerability. If several have the
// same time, the one that excuses least counts, in whichever file it is. A
// statement with a date in the future does not excuse yet.
func (list *statements) verdict(img *facts.Image, v *facts.Vulnerability) (status, why, notes string) {
	var newest *statement
	for _, name := range append([]string{v.ID}, v.Aliases...) {
		for _, s := range list.byName[name] {
			if !slices.ContainsFunc(s.Products, func(p vexProduct) bool { return p.covers(img, v.PURL) }) {
				continue
			}
			s.used = true
			if s.excuses() && s.when.After(list.now) {
				continue
			}
			if newest == nil || s.before(newest) {
				newest = s
			}
		}
	}
	if newest == nil {
		return "", "", ""
	}
	return newest.Status, newest.reason(), newest.notes()
}

func (s *statement) reason() string { return cmp.Or(s.Justification, s.Impact) }

// notes are the notes about the status, truncated.
func (s *statement) notes() string {
	if r := []rune(s.Notes); len(r) > maxNotes {
		return string(r[:maxNotes]) + "…"
	}
	return s.Notes
}

// before reports whether s takes precedence over t.
func (s *statement) before(t *statement) bool {
	return cmp.Or(t.when.Compare(s.when),
		cmp.Compare(slices.Index(vexStatuses, s.Status), slices.Index(vexStatuses, t.Status)),
		cmp.Compare(s.reason(), t.reason()), cmp.Compare(s.Notes, t.Notes)) < 0
}

// unused lists the statements without effect, each with the reason, sorted. A document can
// have a statement about each known vulnerability of a product. If many of them match nothing,
// they are one line.
func (list *statements) unused() []string {
	out := []string{}
	unmatched := map[string][]string{}
	for _, s := range list.all {
		product := s.Products[0].name()
		if n := len(s.Products) - 1; n > 0 {
			product += fmt.Sprintf(" and %d more", n)
		}
		switch {
		case !s.used:
			unmatched[product] = append(unmatched[product], s.Vulnerability.Name)
		case s.excuses() && s.when.After(list.now):
			out = append(out, s.Vulnerability.Name+" of "+product+": its date is in the future ("+s.when.UTC().Format(time.DateOnly)+"), so it is not used yet")
		}
	}
	for product, names := range unmatched {
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > manyUnmatched {
			out = append(out, fmt.Sprintf("%d statements about %s: they match no vulnerability that was found", len(names), product))
			continue
		}
		for _, n := range names {
			out = append(out, n+" of "+product+": it matches no vulnerability that was found")
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if n := len(out); n > maxUnused {
		out = append(out[:maxUnused], fmt.Sprintf("%d more", n-maxUnused))
	}
	return out
}

func (p vexProduct) name() string {
	for _, s := range []string{p.ID, p.Identifiers["purl"]} {
		if s != "" {
			return s
		}
	}
	return "a product without a name"
}

// covers reports whether the product is the package or the image. If the
// product has subcomponents, the package must be one of them.
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
		if p.ID == digest || p.Hashes["sha-256"] == digests.Hex(digest) {
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

// isPackage: parts that are missing from the statement's purl match any value.
func (p vexProduct) isPackage(purl string) bool {
	have, err := packageurl.FromString(purl)
	if err != nil {
		return false
	}
	for _, id := range []string{p.ID, p.Identifiers["purl"]} {
		want, err := packageurl.FromString(id)
		if err != nil || want.Type != have.Type || want.Namespace != have.Namespace || want.Name != have.Name ||
			want.Version != "" && want.Version != have.Version || want.Subpath != "" && want.Subpath != have.Subpath {
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
