// Package vuln matches the packages of a system with vulnerability databases
// and with VEX documents. It reads facts and never an image, so that stored
// facts can be matched with new databases.
//
// Databases and documents are hostile. They are read as streams, with limits,
// and only records about packages of the system are kept.
package vuln

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Options list the databases and documents; the zero value matches nothing.
type Options struct {
	// Databases are files, folders of files or zip archives, in the formats of
	// OSV, Debian's security tracker, and CISA's catalogue of exploited
	// vulnerabilities.
	Databases []string
	// VEX are OpenVEX documents.
	VEX []string
	// Now is the current time for dates in the future; the zero time means the
	// clock.
	Now time.Time
}

// Match replaces the vulnerabilities in the facts with those in the databases.
// Without a database it leaves the facts unchanged. Errors are *system.Error:
// ErrInput for malformed files, ErrUnusable for files that cannot be read.
func Match(ctx context.Context, f *facts.Facts, o Options) error {
	if err := o.Check(); err != nil || len(o.Databases) == 0 {
		return err
	}
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	said, err := readVEX(o.VEX, now)
	if err != nil {
		return err
	}
	m := newMatcher(f)
	m.now = now
	r := newReader(m)
	for _, p := range o.Databases {
		if err := r.files.Path(ctx, p); err != nil {
			return err
		}
	}
	if !r.kinds["OSV"] && !r.kinds[tracker] {
		return system.BadInput("the given databases list exploited vulnerabilities, but not which packages they affect").
			Suggest("add a database in the format of OSV or of Debian's security tracker")
	}
	m.combine()
	if err := m.unmatched(f); err != nil {
		return err
	}
	return m.fill(f, r.summary(), said)
}

// Check checks that the files exist, before anything is read.
func (o Options) Check() error {
	if len(o.VEX) > 0 && len(o.Databases) == 0 {
		return system.BadInput("--vex is given without a vulnerability database").Suggest("add --vuln-db PATH")
	}
	var errs []error
	for _, p := range slices.Concat(o.Databases, o.VEX) {
		if _, err := os.Stat(p); err != nil {
			errs = append(errs, system.NotRead(p, err))
		}
	}
	return errors.Join(errs...)
}

// matcher collects the records about the packages of a system.
type matcher struct {
	// all are the packages in the order of the facts. wanted finds them by
	// their names in databases. wantedEcosystems are the ecosystems of these
	// names. sources are the names in Debian's tracker.
	all              []*target
	wanted           map[name][]*candidate
	wantedEcosystems map[string]bool
	sources          map[string]bool
	// severities and exploited hold data by id, from records of any package.
	severities map[string]string
	exploited  map[string]bool
	// inDatabases are the ecosystems of the records in the databases.
	inDatabases map[string]bool
	// latest is the time of a record's last change. Of two records with the
	// same id, the newer one counts.
	latest     map[string]time.Time
	now        time.Time
	err        error
	assertions int
}

var cve = lazyre.New(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// canonical is the CVE if there is exactly one, else the id itself.
func canonical(id string, ids map[string]bool) string {
	found := ""
	for other := range ids {
		if !cve.MatchString(other) {
			continue
		}
		if found != "" {
			return id
		}
		found = other
	}
	return cmp.Or(found, id)
}

// fill writes the facts.
func (m *matcher) fill(f *facts.Facts, scan facts.VulnerabilityScan, vex *statements) error {
	if m.err != nil {
		return system.Unusable("the vulnerability databases cannot be used").Because(m.err)
	}
	f.Vulnerabilities = scan
	f.Vulnerabilities.VEX = vex.digests
	defer func() { f.Vulnerabilities.VEXUnused = vex.unused() }()
	for i := range f.Components {
		f.Components[i].SBOM.Vulnerabilities = []facts.Vulnerability{}
	}
	seen := map[string]bool{}
	for _, t := range m.all {
		c := &f.Components[t.component]
		for _, h := range t.hits {
			v := m.vulnerability(t, h)
			v.VEX, v.Justification, v.VEXNotes = vex.verdict(&c.Image, &v)
			key := fmt.Sprint(t.component, "\x00", v.ID, "\x00", v.Package, "\x00", v.Version, "\x00", v.PURL)
			if !seen[key] {
				seen[key] = true
				c.SBOM.Vulnerabilities = append(c.SBOM.Vulnerabilities, v)
			}
		}
	}
	for i := range f.Components {
		slices.SortFunc(f.Components[i].SBOM.Vulnerabilities, func(a, b facts.Vulnerability) int {
			return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version), cmp.Compare(a.PURL, b.PURL))
		})
	}
	return nil
}

// vulnerability is a hit in the form of the facts. Its severity is the worst
// one in any database, for any of its names.
func (m *matcher) vulnerability(t *target, h *hit) facts.Vulnerability {
	v := facts.Vulnerability{ID: h.id, Aliases: []string{}, Package: t.pkg.Name, Version: t.pkg.Version, PURL: t.pkg.PURL,
		Paths: append([]string{}, t.paths...), Severity: h.severity, Fixed: h.fixed}
	for _, ids := range []map[string]bool{h.ids, h.fixes} {
		for id := range ids {
			v.Severity = worse(v.Severity, m.severities[id])
			v.Exploited = v.Exploited || m.exploited[id]
		}
	}
	for id := range h.ids {
		if id != h.id {
			v.Aliases = append(v.Aliases, id)
		}
	}
	slices.Sort(v.Aliases)
	return v
}

// summary describes the databases.
func (r *reader) summary() facts.VulnerabilityScan {
	kinds := []string{}
	for k := range r.kinds {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return facts.VulnerabilityScan{Scanned: true, Database: strings.Join(kinds, ", "), Digest: r.files.Digest(), Records: r.records, Modified: r.modified}
}
