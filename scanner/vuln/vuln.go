// Package vuln matches the packages of a system with databases of known
// vulnerabilities, and with what VEX documents say about them. It looks at
// facts and never at an image, so stored facts match with today's databases.
//
// Databases and documents are hostile: they are read in a stream, in bounds,
// and only what is about a package of the system is kept.
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
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Options name what is matched with; the zero value matches nothing.
type Options struct {
	// Databases are files, folders of files or zip archives, in the forms of
	// OSV, Debian's security tracker and CISA's catalogue of exploited ones.
	Databases []string
	// VEX are OpenVEX documents.
	VEX []string
	// Now is the time by which what is dated in the future does not count yet;
	// the zero time is the clock's.
	Now time.Time
}

// Match replaces the vulnerabilities in the facts by those that the databases
// know. Without a database it leaves the facts alone. Errors are *system.Error:
// ErrInput for what is malformed, ErrUnusable for what cannot be read.
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
	r := reader{matcher: m, kinds: map[string]bool{}}
	for _, p := range o.Databases {
		if err := r.path(ctx, p); err != nil {
			return err
		}
	}
	if !r.kinds["OSV"] && !r.kinds[tracker] {
		return system.BadInput("the vulnerability databases say what attackers use, and not in which packages it is").
			Suggest("give one in the form of OSV or of Debian's security tracker too")
	}
	m.settle()
	if err := m.unmatched(f); err != nil {
		return err
	}
	return m.fill(f, r.summary(), said)
}

// Check looks whether the files are there, before anything is read.
func (o Options) Check() error {
	if len(o.VEX) > 0 && len(o.Databases) == 0 {
		return system.BadInput("--vex, and no vulnerability database").Suggest("give one: --vuln-db PATH")
	}
	var errs []error
	for _, p := range slices.Concat(o.Databases, o.VEX) {
		if _, err := os.Stat(p); err != nil {
			errs = append(errs, system.NotRead(p, err))
		}
	}
	return errors.Join(errs...)
}

// matcher collects what is known about the packages of a system.
type matcher struct {
	// all are the packages in the order of the facts; wanted finds them by what
	// a database calls them, looked are the ecosystems of these names, and
	// sources the names that Debian's tracker has.
	all     []*target
	wanted  map[name][]*look
	looked  map[string]bool
	sources map[string]bool
	// severities and exploited hold what is known of an id, whatever package
	// it was said of.
	severities map[string]string
	exploited  map[string]bool
	// spoken are the ecosystems that the databases have records of.
	spoken map[string]bool
	// latest is when a record was last changed: of two with one id, the newer
	// one counts.
	latest     map[string]time.Time
	now        time.Time
	err        error
	assertions int
}

var cve = lazyre.New(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// canonical is the CVE where there is just one, else the id itself.
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
func (m *matcher) fill(f *facts.Facts, scan facts.VulnerabilityScan, said *statements) error {
	if m.err != nil {
		return system.Unusable("vulnerability databases").Because(m.err)
	}
	f.Vulnerabilities = scan
	f.Vulnerabilities.VEX = said.digests
	defer func() { f.Vulnerabilities.VEXUnused = said.unused() }()
	for i := range f.Components {
		f.Components[i].SBOM.Vulnerabilities = []facts.Vulnerability{}
	}
	seen := map[string]bool{}
	for _, t := range m.all {
		c := &f.Components[t.component]
		for _, h := range t.hits {
			v := m.vulnerability(t, h)
			v.VEX, v.Justification = said.verdict(&c.Image, &v)
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

// vulnerability is a hit as facts have it: as bad as the worst that any
// database says of one of its names.
func (m *matcher) vulnerability(t *target, h *hit) facts.Vulnerability {
	v := facts.Vulnerability{ID: h.id, Aliases: []string{}, Package: t.pkg.Name, Version: t.pkg.Version, PURL: t.pkg.PURL,
		Paths: append([]string{}, t.pkg.Paths...), Severity: h.severity, Fixed: h.fixed}
	for _, ids := range []map[string]bool{h.ids, h.mends} {
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

// summary says what was read. One file has its own digest; several have that
// of the list of theirs.
func (r *reader) summary() facts.VulnerabilityScan {
	kinds := []string{}
	for k := range r.kinds {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	out := facts.VulnerabilityScan{Scanned: true, Database: strings.Join(kinds, ", "), Records: r.records, Modified: r.modified}
	if len(r.digests) == 1 {
		out.Digest = r.digests[0]
	} else {
		out.Digest = digests.Of([]byte(strings.Join(r.digests, "\n") + "\n"))
	}
	return out
}

func malformed(path string, err error) error {
	return system.BadInput("%s", path).Because(err).Suggest("docs/vulnerabilities.md names the forms that are read")
}
