package vuln

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func until(v string) string {
	return `"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"` + v + `"}]}]`
}

// Names are looked up as the package writes them, and as its ecosystem spells
// them.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		purl, have, ecosystem, record string
		want                          bool
	}{
		{"pkg:npm/jsonstream@1.0.0", "JSONStream", "npm", "JSONStream", true},
		{"pkg:npm/jsonstream@1.0.0", "JSONStream", "npm", "jsonstream", false},
		{"pkg:npm/%40s/p@1.0.0", "@s/p", "npm", "@s/p", true},
		{"pkg:golang/github.com/burntsushi/toml@1.0.0", "github.com/BurntSushi/toml", "Go", "github.com/BurntSushi/toml", true},
		{"pkg:composer/symfony/http-kernel@1.0.0", "Symfony/Http-Kernel", "Packagist", "symfony/http-kernel", true},
		{"pkg:composer/symfony/http-kernel@1.0.0", "symfony/http-kernel", "Packagist", "Symfony/Http-Kernel", true},
		{"pkg:pypi/ruamel.yaml@1.0.0", "ruamel.yaml", "PyPI", "Ruamel_YAML", true},
		{"pkg:gem/redcloth@1.0.0", "RedCloth", "RubyGems", "RedCloth", true},
		{"pkg:gem/RedCloth@1.0.0", "RedCloth", "RubyGems", "redcloth", false},
		{"pkg:nuget/Newtonsoft.Json@1.0.0", "Newtonsoft.Json", "NuGet", "newtonsoft.json", true},
		{"pkg:maven/org.a/b@1.0.0", "b", "Maven", "org.a:b", true},
		{"pkg:maven/org.a/b@1.0.0", "b", "Maven", "org.b:b", false},
		{"pkg:cargo/Inflector@1.0.0", "Inflector", "crates.io", "Inflector", true},
	} {
		f := of(c.purl)
		f.Components[0].SBOM.Packages[0].Name = c.have
		if got := match(t, f, Options{Databases: []string{write(t, "db.json", osvOf(c.ecosystem, c.record, until("2.0.0")))}}); (len(got) == 1) != c.want {
			t.Errorf("%s and %s: %+v", c.have, c.record, got)
		}
	}
}

// The fixed version is kept, in every ecosystem.
func TestFixed(t *testing.T) {
	t.Parallel()
	const events = `{"introduced":"0"},{"fixed":"1.4"},{"introduced":"2.0"},{"fixed":"2.5"}`
	for _, c := range []struct{ purl, ecosystem, name, rest, want string }{
		{"pkg:maven/a/b@2.1", "Maven", "a:b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}],"versions":["2.1"]`, "2.5"},
		{"pkg:maven/a/b@2.1", "Maven", "a:b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}]`, "2.5"},
		{"pkg:gem/b@1.3", "RubyGems", "b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}],"versions":["1.3"]`, "1.4"},
		{"pkg:nuget/b@1.3", "NuGet", "b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}],"versions":["1.3"]`, "1.4"},
		{"pkg:composer/a/b@1.3", "Packagist", "a/b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}],"versions":["1.3"]`, "1.4"},
		{"pkg:composer/a/b@dev-x", "Packagist", "a/b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}],"versions":["dev-x"]`, "2.5"},
		{"pkg:gem/b@1.3", "RubyGems", "b", `"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"1.3"}]},{"type":"ECOSYSTEM","events":[{"introduced":"1.0"},{"fixed":"1.9"}]}]`, "1.9"},
		{"pkg:gem/b@1.3", "RubyGems", "b", `"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0","fixed":"1.9"}]}]`, "1.9"},
		{"pkg:maven/a/b@1.9", "Maven", "a:b", `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]},{"type":"ECOSYSTEM","events":[{"introduced":"3"},{"fixed":"3.4"}]}],"versions":["1.9"]`, "2.5"},
		{"pkg:npm/b@1.9.0", "npm", "b", `"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"}]},{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]`, ""},
	} {
		got := match(t, of(c.purl), Options{Databases: []string{write(t, "db.json", osvOf(c.ecosystem, c.name, c.rest))}})
		if len(got) != 1 || got[0].Fixed != c.want {
			t.Errorf("%s: %+v, want %s", c.purl, got, c.want)
		}
	}
}

// A record may be about a distribution without a release. A record of the
// release precedes it, in any order. Of two records with the same id, the newer
// one counts; of two similar records, the higher fixed version counts.
func TestDisagree(t *testing.T) {
	t.Parallel()
	rec := func(id, modified, ecosystem, rest string) string {
		return `{"id":"` + id + `","modified":"` + modified + `","affected":[{"package":{"ecosystem":"` + ecosystem + `","name":"x"},` + rest + `}]}`
	}
	const old, new = "2025-01-01T00:00:00Z", "2025-06-01T00:00:00+02:00"
	withdrawn := `{"id":"CVE-2026-0001","modified":"` + new + `","withdrawn":"2025-06-01T00:00:00Z","affected":[{"package":{"ecosystem":"Debian:12","name":"x"}}]}`
	for name, c := range map[string]struct {
		purl    string
		records []string
		fixed   string
		none    bool
	}{
		"no release":                     {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", old, "Debian", until("3-1"))}, "3-1", false},
		"no release, Alpine":             {"pkg:apk/alpine/x@1-r0?distro=alpine-3.20.1", []string{rec("CVE-2026-0001", old, "Alpine", until("3-r1"))}, "3-r1", false},
		"no release, Ubuntu":             {"pkg:deb/ubuntu/x@1-1?distro=ubuntu-22.04", []string{rec("CVE-2026-0001", old, "Ubuntu", until("3-1"))}, "3-1", false},
		"no release, Rocky":              {"pkg:rpm/rocky/x@1-1?distro=rocky-9.4", []string{rec("CVE-2026-0001", old, "Rocky Linux", until("3-1"))}, "3-1", false},
		"spellings of a release":         {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", old, "Debian:bookworm", until("3-1"))}, "3-1", false},
		"the release counts":             {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", new, "Debian", until("3-1")), rec("CVE-2026-0001", new, "Debian:12", until("1-1+deb12u1"))}, "1-1+deb12u1", false},
		"the release has fixed it":       {"pkg:deb/debian/x@1-1+deb12u1?distro=debian-12", []string{rec("DEBIAN-CVE-2026-0001", new, "Debian", until("3-1")), rec("DEBIAN-CVE-2026-0001", new, "Debian:12", until("1-1+deb12u1"))}, "", true},
		"the release has no fix":         {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", new, "Debian", until("3-1")), rec("CVE-2026-0001", new, "Debian:12", all)}, "", false},
		"another release":                {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", new, "Debian", until("3-1")), rec("CVE-2026-0001", new, "Debian:11", until("0-1"))}, "3-1", false},
		"the newer one":                  {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", old, "Debian:12", until("9-1")), rec("CVE-2026-0001", new, "Debian:12", until("2-1"))}, "2-1", false},
		"the newer one is not a finding": {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", old, "Debian:12", until("9-1")), rec("CVE-2026-0001", new, "Debian:12", until("1-1"))}, "", true},
		"the newer one is withdrawn":     {"pkg:deb/debian/x@1-1?distro=debian-12", []string{rec("CVE-2026-0001", old, "Debian:12", until("9-1")), withdrawn}, "", true},
		"the older one was withdrawn":    {"pkg:deb/debian/x@1-1?distro=debian-12", []string{strings.Replace(withdrawn, new, old, 1), rec("CVE-2026-0001", new, "Debian:12", until("9-1"))}, "9-1", false},
		"subscribers and all others":     {"pkg:deb/ubuntu/x@1-1?distro=ubuntu-22.04", []string{rec("CVE-2026-0001", new, "Ubuntu:Pro:22.04:LTS", until("2-1~esm1")), rec("CVE-2026-0001", new, "Ubuntu:22.04:LTS", until("2-1"))}, "2-1", false},
		"two of a kind":                  {"pkg:npm/x@1.0.0", []string{rec("CVE-2026-0001", new, "npm", until("1.9.0")), `{"id":"GHSA-1","aliases":["CVE-2026-0001"],` + rec("", old, "npm", until("1.10.0"))[9:]}, "1.10.0", false},
	} {
		both := [][]string{c.records, slices.Clone(c.records)}
		slices.Reverse(both[1])
		for _, records := range both {
			kinds := append(slices.Clone(records), rec("CVE-2026-0099", old, "Debian:12", `"versions":["0"]`))
			if !strings.Contains(c.purl, "debian") || strings.HasPrefix(name, "no release") {
				kinds = records
			}
			got := match(t, of(c.purl), Options{Databases: []string{write(t, "db.json", "["+strings.Join(kinds, ",")+"]")}})
			if (len(got) == 0) != c.none || len(got) > 1 || len(got) == 1 && (got[0].Fixed != c.fixed || got[0].ID != "CVE-2026-0001") {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	// A record about the whole distribution covers a release only if the
	// database has no records of releases.
	f := of("pkg:deb/debian/x@1-1?distro=debian-12")
	f.Components[0].SBOM.Packages[0].Type = "deb"
	db := write(t, "db.json", "["+rec("CVE-2026-0001", old, "Debian", until("3-1"))+","+rec("CVE-2026-0002", old, "Debian:11", until("3-1"))+"]")
	if err := Match(t.Context(), f, Options{Databases: []string{db}}); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("a database of another release: %v", err)
	}
}

// The programs of a signed source are found under the name of the original
// source, in both database formats. So is the kernel of such a package.
func TestSignedSources(t *testing.T) {
	t.Parallel()
	osv := write(t, "osv.json", "["+osvID("CVE-2026-0001", "Debian:12", "linux", "", until("6.1.193-1"))+","+osvID("CVE-2026-0003", "Ubuntu:22.04:LTS", "grub2", "", until("2.06-2ubuntu14.5"))+","+osvID("CVE-2026-0004", "Ubuntu:24.04:LTS", "grub2-unsigned", "", until("2.06-2ubuntu14.5"))+"]")
	debian := write(t, "tracker.json", `{"linux":{"CVE-2026-0002":{"releases":{"bookworm":{"status":"resolved","fixed_version":"6.1.193-1"}}}}}`)
	for _, c := range []struct {
		purl, version string
		want          int
	}{
		{"pkg:deb/debian/linux-image-6.1.0-44-amd64@6.1.192-3?distro=debian-12&upstream=linux-signed-amd64%406.1.192%2B3", "6.1.192-3", 2},
		{"pkg:deb/debian/linux-image-6.1.0-44-amd64@6.1.193-1?distro=debian-12&upstream=linux-signed-amd64%406.1.193%2B1", "6.1.193-1", 0},
		{"pkg:deb/debian/linux-image-6.1.0-44-cloud-amd64@6.1.192-3?distro=debian-12&upstream=linux", "6.1.0-44-cloud-amd64", 2},
		{"pkg:deb/debian/linux-image-6.1.0-44-amd64@6.1.193-1%2Bb1?distro=debian-12&upstream=linux", "6.1.193-1+b1", 0},
		{"pkg:deb/ubuntu/grub-efi-amd64-signed@1.187.6%2B2.06-2ubuntu14.4?distro=ubuntu-22.04&upstream=grub2-signed%401.187.6", "1.187.6+2.06-2ubuntu14.4", 1},
		{"pkg:deb/ubuntu/grub-efi-amd64-signed@1.187.6%2B2.06-2ubuntu14.3?distro=ubuntu-24.04&upstream=grub2-signed%401.187.6", "1.187.6+2.06-2ubuntu14.3", 1},
		{"pkg:deb/ubuntu/grub-efi-amd64-signed@1.187.6%2B2.06-2ubuntu14.5?distro=ubuntu-22.04&upstream=grub2-signed%401.187.6", "1.187.6+2.06-2ubuntu14.5", 0},
	} {
		f := of(c.purl)
		f.Components[0].SBOM.Packages[0].Version = c.version
		if got := match(t, f, Options{Databases: []string{osv, debian}}); len(got) != c.want {
			t.Errorf("%s: %+v", c.purl, got)
		}
	}
}

// JSON that two readers could understand differently is neither a database nor
// a statement.
func TestTwice(t *testing.T) {
	t.Parallel()
	good := osvOf("npm", "x", until("2.0.0"))
	for name, db := range map[string]string{
		"a member":             strings.Replace(good, `"modified"`, `"modified":"2026-01-01T00:00:00Z","modified"`, 1),
		"another case":         strings.Replace(good, `"modified"`, `"Withdrawn":"2020-01-01T00:00:00Z","modified"`, 1),
		"a version":            strings.Replace(good, `"fixed":"2.0.0"`, `"fixed":"2.0.0","Fixed":"0.1.0"`, 1),
		"within what is not":   strings.Replace(good, `"modified"`, `"details":{"a":1,"a":2},"modified"`, 1),
		"a package":            `{"x":{"CVE-2026-0001":{"releases":{"bookworm":{"status":"open"}}}},"x":{"CVE-2026-0002":{"releases":{}}}}`,
		"a state":              `{"x":{"CVE-2026-0001":{"releases":{"bookworm":{"status":"open","Status":"undetermined"}}}}}`,
		"a release":            `{"x":{"CVE-2026-0001":{"releases":{"bookworm":{"status":"open"},"bookworm":{"status":"undetermined"}}}}}`,
		"a catalogue's member": `[` + good + `,{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-0001","cveid":"CVE-2026-0002"}]}]`,
		"no date":              strings.Replace(good, "2026-01-02T00:00:00Z", "yesterday", 1),
	} {
		err := Match(t.Context(), of("pkg:npm/x@1.0.0", "pkg:deb/debian/x@1?distro=debian-12"), Options{Databases: []string{write(t, "db.json", db)}})
		if !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Database-specific fields may contain any member.
	if got := match(t, of("pkg:npm/x@1.0.0"), Options{Databases: []string{write(t, "db.json", strings.Replace(good, `"affected"`, `"database_specific":{"Severity":"?","severity":"HIGH"},"affected"`, 1))}}); len(got) != 1 || got[0].Severity != "high" {
		t.Errorf("%+v", got)
	}
}

const notAffected = `"status":"not_affected","justification":"component_not_present"`

func vexOf(head, rest string) string {
	return `{"@context":"https://openvex.dev/ns/v0.2.0",` + head + `"statements":[{"vulnerability":{"name":"X-1"},"products":[{"@id":"pkg:npm/x"}],` + rest + `}]}`
}

// The content of statements decides which one counts, not the order of flags.
func TestStatements(t *testing.T) {
	t.Parallel()
	at := func(s string) string { return `"timestamp":"` + s + `",` }
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		docs []string
		want string
	}{
		"one":                       {[]string{vexOf(at("2026-01-01T00:00:00Z"), notAffected)}, "not_affected"},
		"a tie":                     {[]string{vexOf(at("2026-01-01T00:00:00Z"), notAffected), vexOf(at("2026-01-01T00:00:00Z"), `"status":"affected"`)}, "affected"},
		"a tie across zones":        {[]string{vexOf(at("2026-01-01T02:00:00+02:00"), notAffected), vexOf(at("2025-12-31T19:00:00-05:00"), `"status":"affected"`)}, "affected"},
		"a tie, not settled":        {[]string{vexOf(at("2026-01-01T00:00:00Z"), `"status":"fixed"`), vexOf(at("2026-01-01T00:00:00Z"), `"status":"under_investigation"`)}, "under_investigation"},
		"the newer by its zone":     {[]string{vexOf(at("2026-01-01T01:00:00+02:00"), `"status":"affected"`), vexOf(at("2026-01-01T00:00:00Z"), notAffected)}, "not_affected"},
		"updated":                   {[]string{vexOf(at("2026-01-01T00:00:00Z")+`"last_updated":"2026-03-01T00:00:00Z",`, notAffected), vexOf(at("2026-02-01T00:00:00Z"), `"status":"affected"`)}, "not_affected"},
		"updated, itself":           {[]string{vexOf(at("2026-01-01T00:00:00Z"), notAffected+`,"last_updated":"2026-03-01T00:00:00Z"`), vexOf(at("2026-02-01T00:00:00Z"), `"status":"affected"`)}, "not_affected"},
		"the document was updated":  {[]string{vexOf(at("2026-01-01T00:00:00Z")+`"last_updated":"2026-03-01T00:00:00Z",`, notAffected+`,"timestamp":"2026-01-01T00:00:00Z"`), vexOf(at("2026-02-01T00:00:00Z"), `"status":"affected"`)}, "affected"},
		"in the future":             {[]string{vexOf(at("2026-06-01T12:00:01Z"), notAffected)}, ""},
		"in the future, after one":  {[]string{vexOf(at("2099-01-01T00:00:00Z"), `"status":"fixed"`), vexOf(at("2026-01-01T00:00:00Z"), `"status":"affected"`)}, "affected"},
		"a warning from the future": {[]string{vexOf(at("2099-01-01T00:00:00Z"), `"status":"affected"`), vexOf(at("2026-01-01T00:00:00Z"), notAffected)}, "affected"},
		"now":                       {[]string{vexOf(at("2026-06-01T14:00:00+02:00"), notAffected)}, "not_affected"},
	} {
		paths := []string{}
		for _, d := range c.docs {
			paths = append(paths, write(t, "vex.json", d))
		}
		db := write(t, "db.json", osvOf("npm", "x", all))
		var seen []*facts.Facts
		for range 2 {
			f := of("pkg:npm/x@1.0.0")
			got := match(t, f, Options{Databases: []string{db}, VEX: paths, Now: now})
			if len(got) != 1 || got[0].VEX != c.want {
				t.Errorf("%s: %+v", name, got)
			}
			seen = append(seen, f)
			slices.Reverse(paths)
		}
		if !reflect.DeepEqual(seen[0], seen[1]) {
			t.Errorf("%s: %+v\n%+v", name, seen[0], seen[1])
		}
	}
	for name, doc := range map[string]string{
		"free text":             vexOf(at("2026-01-01T00:00:00Z"), `"status":"not_affected","justification":"because I say so"`),
		"free text, of another": vexOf(at("2026-01-01T00:00:00Z"), `"status":"fixed","justification":"done"`),
		"blank impact":          vexOf(at("2026-01-01T00:00:00Z"), `"status":"not_affected","impact_statement":" "`),
		"status twice":          vexOf(at("2026-01-01T00:00:00Z"), notAffected+`,"Status":"affected"`),
		"status, another case":  vexOf(at("2026-01-01T00:00:00Z"), `"Status":"affected"`),
		"no time":               vexOf("", notAffected),
		"updated before":        vexOf(at("2026-01-01T00:00:00Z")+`"last_updated":"2025-01-01T00:00:00Z",`, notAffected),
		"no OpenVEX":            strings.Replace(vexOf(at("2026-01-01T00:00:00Z"), notAffected), "ns/v0.2.0", "nsv", 1),
	} {
		if err := Match(t.Context(), of("pkg:npm/x@1.0.0"), Options{Databases: []string{write(t, "db.json", osvOf("npm", "x", all))}, VEX: []string{write(t, "vex.json", doc)}}); !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A statement without effect is reported.
func TestUnusedStatements(t *testing.T) {
	t.Parallel()
	doc := vexOf(`"timestamp":"2026-01-01T00:00:00Z",`, notAffected+`},
		{"vulnerability":{"name":"X-1"},"products":[{"@id":"pkg:npm/y"},{"@id":"pkg:npm/z"}],`+notAffected+`},
		{"vulnerability":{"name":"X-2"},"products":[{"@id":"pkg:npm/x"}],`+notAffected+`},
		{"vulnerability":{"name":"X-1"},"products":[{"@id":"pkg:npm/x"}],"timestamp":"2099-01-01T00:00:00Z",`+notAffected)
	f := of("pkg:npm/x@1.0.0")
	match(t, f, Options{Databases: []string{write(t, "db.json", osvOf("npm", "x", all))}, VEX: []string{write(t, "vex.json", doc)}, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	want := []string{
		"X-1 of pkg:npm/x: its date is in the future (2099-01-01), so it is not used yet",
		"X-1 of pkg:npm/y and 1 more: it matches no vulnerability that was found",
		"X-2 of pkg:npm/x: it matches no vulnerability that was found",
	}
	if got := f.Vulnerabilities.VEXUnused; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// The notes of the statement that counts are in the facts, truncated.
func TestNotes(t *testing.T) {
	t.Parallel()
	for notes, want := range map[string]string{"": "", "It was left out.": "It was left out.", strings.Repeat("ä", 600): strings.Repeat("ä", 500) + "…"} {
		doc := vexOf(`"timestamp":"2026-01-01T00:00:00Z",`, notAffected+`,"status_notes":"`+notes+`"`)
		f := of("pkg:npm/x@1.0.0")
		got := match(t, f, Options{Databases: []string{write(t, "db.json", osvOf("npm", "x", all))}, VEX: []string{write(t, "vex.json", doc)}, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
		if len(got) != 1 || got[0].VEXNotes != want || got[0].Justification != "component_not_present" {
			t.Errorf("%+v", got)
		}
	}
}

// A document about all vulnerabilities of a product is not listed statement by statement.
func TestManyUnusedStatements(t *testing.T) {
	t.Parallel()
	doc := vexOf(`"timestamp":"2026-01-01T00:00:00Z",`, notAffected)
	for i := range 30 {
		doc = strings.Replace(doc, `"statements":[`, fmt.Sprintf(`"statements":[{"vulnerability":{"name":"X-%d"},"products":[{"@id":"pkg:npm/x"}],%s},`, i+100, notAffected), 1)
	}
	f := of("pkg:npm/x@1.0.0")
	match(t, f, Options{Databases: []string{write(t, "db.json", osvOf("npm", "x", all))}, VEX: []string{write(t, "vex.json", doc)}, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	if got := f.Vulnerabilities.VEXUnused; len(got) != 1 || got[0] != "30 statements about pkg:npm/x: they match no vulnerability that was found" {
		t.Errorf("%q", got)
	}
}

// A kernel has two records: that of the distribution's package, and its own with the same
// purl. Each vulnerability is found once, with the paths of both.
func TestKernelOnce(t *testing.T) {
	t.Parallel()
	const image = "pkg:deb/debian/linux-image-6.1.0-44-amd64@6.1.192-3?distro=debian-12&upstream=linux-signed-amd64%406.1.192%2B3"
	const source = "pkg:deb/debian/linux-source-6.12@6.12.1-1?distro=debian-12&upstream=linux-6.12"
	deb := func(name, version, purl string) facts.Package {
		return facts.Package{Name: name, Version: version, Type: "deb", PURL: purl, Paths: []string{}}
	}
	kernel := func(purl, path string) facts.Package {
		return facts.Package{Name: "linux-kernel", Version: "6.1.0-44-amd64", Type: "linux-kernel", PURL: purl, Paths: []string{path}}
	}
	db := write(t, "tracker.json", `{"linux":{"CVE-2026-0001":{"releases":{"bookworm":{"status":"resolved","fixed_version":"6.1.193-1"}}}},
		"linux-6.12":{"CVE-2026-0002":{"releases":{"bookworm":{"status":"resolved","fixed_version":"6.12.2-1"}}}}}`)
	for name, c := range map[string]struct {
		packages []facts.Package
		want     []string
	}{
		"debian's kernel":      {[]facts.Package{deb("linux-image-6.1.0-44-amd64", "6.1.192-3", image), kernel(image, "/kernel")}, []string{"CVE-2026-0001 linux-image-6.1.0-44-amd64 6.1.192-3 [/kernel]"}},
		"its own record first": {[]facts.Package{kernel(image, "/kernel"), deb("linux-image-6.1.0-44-amd64", "6.1.192-3", image)}, []string{"CVE-2026-0001 linux-image-6.1.0-44-amd64 6.1.192-3 [/kernel]"}},
		"compiled":             {[]facts.Package{kernel(source, "/kernel"), deb("linux-source-6.12", "6.12.1-1", source)}, []string{"CVE-2026-0002 linux-source-6.12 6.12.1-1 [/kernel]"}},
		"only its own record":  {[]facts.Package{kernel(image, "/kernel")}, []string{"CVE-2026-0001 linux-kernel 6.1.0-44-amd64 [/kernel]"}},
		"two kernels": {[]facts.Package{deb("linux-image-6.1.0-44-amd64", "6.1.192-3", image), deb("linux-source-6.12", "6.12.1-1", source), kernel(image, "/a"), kernel(source, "/b")},
			[]string{"CVE-2026-0001 linux-image-6.1.0-44-amd64 6.1.192-3 [/a]", "CVE-2026-0002 linux-source-6.12 6.12.1-1 [/b]"}},
	} {
		f := of()
		f.Components[0].SBOM.Packages = c.packages
		var got []string
		for _, v := range match(t, f, Options{Databases: []string{db}}) {
			got = append(got, fmt.Sprint(v.ID, " ", v.Package, " ", v.Version, " ", v.Paths))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
