package vuln

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// of returns the facts of one component with packages of these purls.
func of(purls ...string) *facts.Facts {
	c := facts.Component{ID: "services/web", Image: facts.Image{Digest: "sha256:aa", Manifest: "sha256:bb"}}
	for _, p := range purls {
		name, version, _ := strings.Cut(strings.TrimPrefix(p[strings.LastIndexByte(strings.SplitN(p, "@", 2)[0], '/')+1:], "/"), "@")
		version, _, _ = strings.Cut(version, "?")
		c.SBOM.Packages = append(c.SBOM.Packages, facts.Package{Name: name, Version: version, PURL: p})
	}
	return &facts.Facts{Components: []facts.Component{c}}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func match(t *testing.T, f *facts.Facts, o Options) []facts.Vulnerability {
	t.Helper()
	if err := Match(context.Background(), f, o); err != nil {
		t.Fatal(err)
	}
	return f.Components[0].SBOM.Vulnerabilities
}

func osvOf(ecosystem, name, rest string) string {
	return `{"id":"X-1","modified":"2026-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"` + ecosystem + `","name":"` + name + `"},` + rest + `}]}`
}

func TestMatchesByEcosystem(t *testing.T) {
	t.Parallel()
	span := func(events string) string { return `"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}]` }
	upTo := func(v string) string { return span(`{"introduced":"0"},{"fixed":"` + v + `"}`) }
	for name, c := range map[string]struct {
		purl, record string
		want         bool
	}{
		"debian, source package":      {"pkg:deb/debian/libc6@2.36-9?distro=debian-12&upstream=glibc", osvOf("Debian:12", "glibc", upTo("2.36-9+deb12u1")), true},
		"debian, source version":      {"pkg:deb/debian/libx@9:1?distro=debian-12&upstream=x%401.0", osvOf("Debian:12", "x", upTo("2.0")), true},
		"debian, tilde is older":      {"pkg:deb/debian/x@1.0~rc1?distro=debian-12", osvOf("Debian:12", "x", upTo("1.0")), true},
		"debian, another release":     {"pkg:deb/debian/x@1.0?distro=debian-11", osvOf("Debian:12", "x", upTo("2.0")), false},
		"debian, the fixed one":       {"pkg:deb/debian/x@2.0?distro=debian-12", osvOf("Debian:12", "x", upTo("2.0")), false},
		"ubuntu LTS":                  {"pkg:deb/ubuntu/x@1.0?distro=ubuntu-22.04", osvOf("Ubuntu:22.04:LTS", "x", upTo("2.0")), true},
		"alpine, origin":              {"pkg:apk/alpine/libssl3@3.1.4-r2?distro=alpine-3.20.3&upstream=openssl", osvOf("Alpine:v3.20", "openssl", upTo("3.1.4-r10")), true},
		"alpine, another release":     {"pkg:apk/alpine/x@1-r0?distro=alpine-3.19.1", osvOf("Alpine:v3.20", "x", upTo("2-r0")), false},
		"rocky":                       {"pkg:rpm/rocky/x@1.0-1.el9?distro=rocky-9.4", osvOf("Rocky Linux:9", "x", upTo("1.0-2.el9")), true},
		"go":                          {"pkg:golang/golang.org/x/net@v0.9.0", osvOf("Go", "golang.org/x/net", upTo("0.10.0")), true},
		"go, newer":                   {"pkg:golang/golang.org/x/net@v0.10.0", osvOf("Go", "golang.org/x/net", upTo("0.10.0")), false},
		"go, no version":              {"pkg:golang/golang.org/x/net@(devel)", osvOf("Go", "golang.org/x/net", upTo("0.10.0")), false},
		"npm scope":                   {"pkg:npm/%40a/b@1.2.3", osvOf("npm", "@a/b", upTo("1.2.4")), true},
		"pypi, another spelling":      {"pkg:pypi/a-b@1.0rc1", osvOf("PyPI", "A_b", upTo("1.0")), true},
		"last affected, inside":       {"pkg:npm/x@1.2.3", osvOf("npm", "x", span(`{"introduced":"1.0.0"},{"last_affected":"1.2.3"}`)), true},
		"last affected, after":        {"pkg:npm/x@1.2.4", osvOf("npm", "x", span(`{"introduced":"1.0.0"},{"last_affected":"1.2.3"}`)), false},
		"between two ranges":          {"pkg:npm/x@1.5.0", osvOf("npm", "x", span(`{"introduced":"2.0.0"},{"fixed":"1.4.0"},{"introduced":"0"},{"fixed":"2.1.0"}`)), false},
		"in the second range":         {"pkg:npm/x@2.0.5", osvOf("npm", "x", span(`{"introduced":"2.0.0"},{"fixed":"1.4.0"},{"introduced":"0"},{"fixed":"2.1.0"}`)), true},
		"before it was introduced":    {"pkg:npm/x@0.9.0", osvOf("npm", "x", span(`{"introduced":"1.0.0"}`)), false},
		"by a list of versions":       {"pkg:maven/g/a@1.0.Final", osvOf("Maven", "g:a", `"versions":["1.0.Final"]`), true},
		"not in the list of versions": {"pkg:maven/g/a@1.1.Final", osvOf("Maven", "g:a", `"versions":["1.0.Final"]`), false},
		"commits say nothing":         {"pkg:npm/x@1.0.0", osvOf("npm", "x", `"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]`), false},
		"withdrawn":                   {"pkg:npm/x@1.0.0", strings.Replace(osvOf("npm", "x", upTo("2.0.0")), `"modified"`, `"withdrawn":"2026-01-03T00:00:00Z","modified"`, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := match(t, of(c.purl), Options{Databases: []string{write(t, "db.json", c.record)}})
			if (len(got) == 1) != c.want {
				t.Errorf("%s: %+v, want a match: %v", c.purl, got, c.want)
			}
		})
	}
}

func TestTracker(t *testing.T) {
	t.Parallel()
	db := write(t, "tracker.json", `{"glibc":{
		"CVE-2026-0001":{"releases":{"bookworm":{"status":"resolved","fixed_version":"2.36-9+deb12u1","urgency":"high**"}}},
		"CVE-2026-0002":{"releases":{"bookworm":{"status":"resolved","fixed_version":"0","urgency":"unimportant"}}},
		"CVE-2026-0003":{"releases":{"bookworm":{"status":"open","urgency":"not yet assigned"}}},
		"CVE-2026-0004":{"releases":{"bookworm":{"status":"undetermined"}}},
		"CVE-2026-0005":{"releases":{"trixie":{"status":"open"}}}},
		"other":{"CVE-2026-0006":{"releases":{"bookworm":{"status":"open"}}}}}`)
	kev := write(t, "kev.json", `{"catalogVersion":"1","dateReleased":"2026-02-03T00:00:00Z","vulnerabilities":[{"cveID":"CVE-2026-0003"}]}`)
	f := of("pkg:deb/debian/libc6@2.36-9?distro=debian-12&upstream=glibc")
	got := match(t, f, Options{Databases: []string{db, kev}})
	want := []facts.Vulnerability{
		{ID: "CVE-2026-0001", Severity: "high", Fixed: "2.36-9+deb12u1"},
		{ID: "CVE-2026-0003", Exploited: true},
	}
	for i := range want {
		want[i].Aliases, want[i].Paths, want[i].Package, want[i].Version, want[i].PURL = []string{}, []string{}, "libc6", "2.36-9", f.Components[0].SBOM.Packages[0].PURL
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	s := f.Vulnerabilities
	if !s.Scanned || s.Database != "CISA KEV, Debian security tracker" || s.Records != 7 || s.Modified != "2026-02-03" || !strings.HasPrefix(s.Digest, "sha256:") {
		t.Errorf("scan: %+v", s)
	}
}

// Two databases with one vulnerability: the zip's two records are joined.
func TestArchiveJoinsAliases(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range map[string]string{
		"GHSA-1.json": `{"id":"GHSA-1","aliases":["CVE-2026-0009"],"modified":"2026-01-01T00:00:00Z","database_specific":{"severity":"CRITICAL","exploited":true},
			"affected":[{"package":{"ecosystem":"Go","name":"a.b/c"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]}]}`,
		"GO-1.json": `{"id":"GO-1","aliases":["GHSA-1"],"modified":"2026-01-05T00:00:00Z",
			"affected":[{"package":{"ecosystem":"Go","name":"a.b/c"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(body))
	}
	z.Close()
	got := match(t, of("pkg:golang/a.b/c@v1.0.0"), Options{Databases: []string{write(t, "all.zip", b.String())}})
	if len(got) != 1 || got[0].ID != "CVE-2026-0009" || got[0].Severity != "critical" || got[0].Fixed != "1.2.0" || !got[0].Exploited ||
		!reflect.DeepEqual(got[0].Aliases, []string{"GHSA-1", "GO-1"}) {
		t.Errorf("%+v", got)
	}
}

func TestVEX(t *testing.T) {
	t.Parallel()
	db := write(t, "db.json", osvOf("npm", "x", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]`))
	doc := func(statements string) string {
		return write(t, "vex.json", `{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[`+statements+`]}`)
	}
	say := func(product, rest string) string {
		return `{"vulnerability":{"name":"X-1"},"products":[` + product + `],` + rest + `}`
	}
	const not = `"status":"not_affected","justification":"component_not_present"`
	for name, c := range map[string]struct{ statements, want string }{
		"package":                 {say(`{"@id":"pkg:npm/x@1.0.0"}`, not), "not_affected"},
		"any version":             {say(`{"@id":"pkg:npm/x"}`, not), "not_affected"},
		"another version":         {say(`{"@id":"pkg:npm/x@2.0.0"}`, not), ""},
		"image":                   {say(`{"@id":"pkg:oci/web@sha256%3Aaa"}`, not), "not_affected"},
		"image's manifest":        {say(`{"@id":"sha256:bb"}`, not), "not_affected"},
		"another image":           {say(`{"@id":"pkg:oci/web@sha256%3Acc"}`, not), ""},
		"subcomponent":            {say(`{"@id":"sha256:aa","subcomponents":[{"@id":"pkg:npm/x"}]}`, not), "not_affected"},
		"another subcomponent":    {say(`{"@id":"sha256:aa","subcomponents":[{"@id":"pkg:npm/y"}]}`, not), ""},
		"the newest counts":       {say(`{"@id":"pkg:npm/x"}`, not+`,"timestamp":"2026-03-01T00:00:00Z"`) + "," + say(`{"@id":"pkg:npm/x"}`, `"status":"affected","timestamp":"2026-02-01T00:00:00Z"`), "not_affected"},
		"another vulnerability":   {strings.Replace(say(`{"@id":"pkg:npm/x"}`, not), "X-1", "X-2", 1), ""},
		"still being looked into": {say(`{"@id":"pkg:npm/x"}`, `"status":"under_investigation"`), "under_investigation"},
	} {
		t.Run(name, func(t *testing.T) {
			got := match(t, of("pkg:npm/x@1.0.0"), Options{Databases: []string{db}, VEX: []string{doc(c.statements)}})
			if len(got) != 1 || got[0].VEX != c.want {
				t.Errorf("%+v, want %q", got, c.want)
			}
		})
	}
	for name, s := range map[string]string{
		"unknown status": say(`{"@id":"pkg:npm/x"}`, `"status":"harmless"`),
		"no reason":      say(`{"@id":"pkg:npm/x"}`, `"status":"not_affected"`),
		"no product":     say(``, not),
	} {
		if err := Match(context.Background(), of("pkg:npm/x@1.0.0"), Options{Databases: []string{db}, VEX: []string{doc(s)}}); !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":           ``,
		"no JSON":           `hello`,
		"no form":           `{"name":"x"}`,
		"empty list":        `[]`,
		"cut off":           `{"nginx":{"CVE-2026-1":{"releases":`,
		"not the tracker":   `{"nginx":{"version":{}}}`,
		"more follows":      osvOf("npm", "x", `"versions":[]`) + `{}`,
		"no date":           `{"id":"X-1"}`,
		"another kind":      `{"id":"X-1","modified":"2026-01-01","affected":{}}`,
		"deep":              strings.Repeat("[", 100_000),
		"broken archive":    "PK\x03\x04 and no more",
		"catalogue alone":   `{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-0001"}]}`,
		"catalogue, no CVE": `{"catalogVersion":"1","vulnerabilities":[{"cveID":"x"}]}`,
	} {
		p := write(t, "db.json", body)
		err := Match(context.Background(), of("pkg:npm/x@1.0.0"), Options{Databases: []string{p}})
		if !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Match(context.Background(), of(), Options{Databases: []string{t.TempDir()}}); !errors.Is(err, system.ErrInput) {
		t.Errorf("empty folder: %v", err)
	}
}

// If the databases do not cover a distribution's packages, an empty result does
// not mean that they have no vulnerabilities.
func TestUncovered(t *testing.T) {
	t.Parallel()
	pypi := osvOf("PyPI", "requests", `"versions":["1.0"]`)
	debian := osvOf("Debian:12", "openssl", `"versions":["1.0"]`)
	const bookworm = `{"openssl":{"CVE-2026-1":{"releases":{"bookworm":{"status":"open"}}}}}`
	for name, c := range map[string]struct {
		purl, kind, database string
		covered              bool
	}{
		"another ecosystem":         {"pkg:apk/alpine/musl@1.2.4?distro=alpine-3.20.1", "apk", pypi, false},
		"another distribution":      {"pkg:apk/alpine/musl@1.2.4?distro=alpine-3.20.1", "apk", debian, false},
		"another release":           {"pkg:deb/debian/libc6@2.31?distro=debian-11", "deb", debian, false},
		"a distribution unknown":    {"pkg:rpm/fedora/bash@5.2?distro=fedora-40", "rpm", debian, false},
		"another package of it":     {"pkg:deb/debian/libc6@2.36?distro=debian-12", "deb", debian, true},
		"the tracker":               {"pkg:deb/debian/libc6@2.36?distro=debian-12", "deb", bookworm, true},
		"the tracker, no longer":    {"pkg:deb/debian/libc6@2.28?distro=debian-10", "deb", bookworm, false},
		"the tracker, unstable":     {"pkg:deb/debian/libc6@2.40?distro=debian", "deb", bookworm, false},
		"only the longer support":   {"pkg:rpm/redhat/bash@5?distro=rhel-9.4", "rpm", osvOf("Red Hat:rhel_eus:9.2::baseos", "bash", `"versions":["1"]`), false},
		"only the hardened variant": {"pkg:deb/ubuntu/bash@5?distro=ubuntu-22.04", "deb", osvOf("Ubuntu:Pro:FIPS-updates:22.04:LTS", "bash", `"versions":["1"]`), false},
		"an unknown package format": {"pkg:alpm/arch/bash@5.2?distro=arch", "alpm", debian, false},
		"no package of its own":     {"pkg:pypi/requests@2.0", "python", pypi, true},
		"a package with no address": {"", "deb", debian, false},
	} {
		f := of("pkg:generic/x@1")
		f.Components[0].SBOM.Packages[0] = facts.Package{Name: "x", Version: "1", Type: c.kind, PURL: c.purl}
		err := Match(context.Background(), f, Options{Databases: []string{write(t, "db.json", c.database)}})
		if (err == nil) != c.covered {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "component services/web: no vulnerability database covers")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
