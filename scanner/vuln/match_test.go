package vuln

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func osvID(id, ecosystem, name, record, rest string) string {
	return `{"id":"` + id + `","modified":"2026-01-02T00:00:00Z",` + record + `"affected":[{"package":{"ecosystem":"` + ecosystem + `","name":"` + name + `"},` + rest + `}]}`
}

const (
	all      = `"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]`
	upTo2    = `"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]`
	critical = `"database_specific":{"severity":"CRITICAL"},`
)

// Two records of one vulnerability have no name in common, and a third record
// connects them. No data is lost, in any order of the records.
func TestJoinsThree(t *testing.T) {
	t.Parallel()
	records := []string{
		osvID("GHSA-1", "npm", "x", critical, all),
		osvID("CVE-2026-0009", "npm", "x", "", all),
		osvID("SNYK-1", "npm", "x", `"aliases":["GHSA-1","CVE-2026-0009"],`, upTo2),
	}
	want := []facts.Vulnerability{{ID: "CVE-2026-0009", Aliases: []string{"GHSA-1", "SNYK-1"}, Package: "x", Version: "1.0.0",
		PURL: "pkg:npm/x@1.0.0", Paths: []string{}, Severity: "critical", Fixed: "2.0.0"}}
	for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {2, 1, 0}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}} {
		var db []string
		for _, i := range order {
			db = append(db, records[i])
		}
		got := match(t, of("pkg:npm/x@1.0.0"), Options{Databases: []string{write(t, "db.json", "["+strings.Join(db, ",")+"]")}})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v", order, got)
		}
	}
}

// An advisory of a distribution fixes several CVEs. The exploitation and
// severity of one of them count for the package. A statement that another one
// is harmless does not.
func TestAdvisoryOfSeveral(t *testing.T) {
	t.Parallel()
	kev := write(t, "kev.json", `{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-0002"}]}`)
	vex := write(t, "vex.json", `{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[
		{"vulnerability":{"name":"CVE-2026-0001"},"products":[{"@id":"pkg:rpm/almalinux/x"}],"status":"not_affected","justification":"component_not_present"}]}`)
	nvd := osvID("CVE-2026-0001", "npm", "other", critical, all)
	for name, c := range map[string]struct{ purl, record string }{
		"related":  {"pkg:rpm/almalinux/x@1.0?distro=almalinux-9.4", osvID("ALSA-1", "AlmaLinux:9", "x", `"related":["CVE-2026-0001","CVE-2026-0002"],`, upTo2)},
		"upstream": {"pkg:deb/debian/x@1.0?distro=debian-12", osvID("DSA-1", "Debian:12", "x", `"upstream":["CVE-2026-0001","CVE-2026-0002"],`, upTo2)},
	} {
		got := match(t, of(c.purl), Options{Databases: []string{write(t, "db.json", "["+c.record+","+nvd+"]"), kev}, VEX: []string{vex}})
		if len(got) != 1 || !got[0].Exploited || got[0].Severity != "critical" || got[0].VEX != "" || len(got[0].Aliases) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// Only CVEs count as vulnerabilities that it fixes, not other advisories.
	got := match(t, of("pkg:rpm/almalinux/x@1.0?distro=almalinux-9.4"), Options{Databases: []string{write(t, "db.json", osvID("ALSA-1", "AlmaLinux:9", "x", `"related":["RHSA-1","CVE-2026-0001"],`, upTo2))}})
	if len(got) != 1 || got[0].ID != "CVE-2026-0001" || !slices.Equal(got[0].Aliases, []string{"ALSA-1"}) {
		t.Errorf("one CVE: %+v", got)
	}
	// Related vulnerabilities of another ecosystem are separate.
	got = match(t, of("pkg:npm/x@1.0.0"), Options{Databases: []string{write(t, "db.json", osvID("GHSA-1", "npm", "x", `"related":["CVE-2026-0002","CVE-2026-0003"],`, all)), kev}})
	if len(got) != 1 || got[0].Exploited {
		t.Errorf("related, npm: %+v", got)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	span := func(kind, events string) string {
		return `"ranges":[{"type":"` + kind + `","events":[` + events + `]}]`
	}
	for name, c := range map[string]struct {
		purl, record string
		want         bool
	}{
		"below the limit":          {"pkg:npm/x@1.5.0", osvOf("npm", "x", span("SEMVER", `{"introduced":"0"},{"limit":"2.0.0"}`)), true},
		"at the limit":             {"pkg:npm/x@2.0.0", osvOf("npm", "x", span("SEMVER", `{"introduced":"0"},{"limit":"2.0.0"}`)), false},
		"below one of two limits":  {"pkg:npm/x@2.5.0", osvOf("npm", "x", span("SEMVER", `{"introduced":"0"},{"limit":"2.0.0"},{"limit":"3.0.0"}`)), true},
		"no limit":                 {"pkg:npm/x@2.5.0", osvOf("npm", "x", span("SEMVER", `{"introduced":"0"},{"limit":"*"}`)), true},
		"epoch":                    {"pkg:deb/debian/x@1:1.0?distro=debian-12", osvOf("Debian:12", "x", span("ECOSYSTEM", `{"introduced":"0"},{"fixed":"9.0"}`)), false},
		"epoch of rpm":             {"pkg:rpm/rocky/x@1.0-1?distro=rocky-9.4", osvOf("Rocky Linux:9", "x", span("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1:0.5-1"}`)), true},
		"red hat":                  {"pkg:rpm/redhat/x@1.0-1.el9?distro=rhel-9.4", osvOf("Red Hat:enterprise_linux:9::appstream", "x", span("ECOSYSTEM", `{"introduced":"0"},{"fixed":"0:1.0-2.el9"}`)), true},
		"red hat 10":               {"pkg:rpm/redhat/x@1.0-1.el10?distro=rhel-10.1", osvOf("Red Hat:enterprise_linux:10.0", "x", span("ECOSYSTEM", `{"introduced":"0"},{"fixed":"0:1.0-2.el10"}`)), true},
		"ubuntu, for subscribers":  {"pkg:deb/ubuntu/x@1.0-1?distro=ubuntu-22.04", osvOf("Ubuntu:Pro:22.04:LTS", "x", span("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1.0-1ubuntu0.1~esm1"}`)), true},
		"a distribution in quotes": {"pkg:deb/%27Debian%27/x@1.0?distro=%27Debian%27-%2712%27", osvOf("Debian:12", "x", span("ECOSYSTEM", `{"introduced":"0"},{"fixed":"9.0"}`)), true},
		"go itself, a candidate":   {"pkg:golang/stdlib@go1.22rc1", osvOf("Go", "stdlib", span("SEMVER", `{"introduced":"0"},{"fixed":"1.22.0-rc.2"}`)), true},
		"go itself, as was built":  {"pkg:golang/stdlib@go1.22.1%20X:boringcrypto", osvOf("Go", "stdlib", span("SEMVER", `{"introduced":"1.22.0-0"},{"fixed":"1.22.2"}`)), true},
		"go itself, fixed":         {"pkg:golang/stdlib@go1.22.2%20X:boringcrypto", osvOf("Go", "stdlib", span("SEMVER", `{"introduced":"1.22.0-0"},{"fixed":"1.22.2"}`)), false},
		"nuget, another spelling":  {"pkg:nuget/Newtonsoft.Json@12.0.1", osvOf("NuGet", "newtonsoft.json", `"versions":["12.0.1"]`), true},
		"composer, semantic range": {"pkg:composer/a/b@1.2.3", osvOf("Packagist", "a/b", span("SEMVER", `{"introduced":"0"},{"fixed":"1.2.4"}`)), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := of(c.purl)
			f.Components[0].SBOM.Packages[0].Version = strings.ReplaceAll(f.Components[0].SBOM.Packages[0].Version, "%20", " ")
			got := match(t, f, Options{Databases: []string{write(t, "db.json", c.record)}})
			if (len(got) == 1) != c.want || len(f.Components[0].SBOM.Unmatched) != 0 {
				t.Errorf("%s: %+v %+v, want a match: %v", c.purl, got, f.Components[0].SBOM.Unmatched, c.want)
			}
		})
	}
}

// Packages that no database covers, or that cannot be compared, are listed.
func TestUnmatched(t *testing.T) {
	t.Parallel()
	npm := osvOf("npm", "x", upTo2)
	for name, c := range map[string]struct {
		packages []facts.Package
		distro   *facts.Distro
		db       string
		want     []facts.Unmatched
	}{
		"all covered": {[]facts.Package{{Name: "y", Version: "1.0.0", Type: "npm", PURL: "pkg:npm/y@1.0.0"}}, nil, npm, []facts.Unmatched{}},
		"another ecosystem": {[]facts.Package{{Name: "a", Version: "1.0", Type: "python", PURL: "pkg:pypi/a@1.0"}, {Name: "b", Version: "1.0", Type: "python", PURL: "pkg:pypi/b@1.0"}}, nil, npm,
			[]facts.Unmatched{{Type: "python", Packages: 2, Ecosystem: "PyPI", Reason: "no database covers PyPI"}}},
		"no ecosystem": {[]facts.Package{{Name: "busybox", Version: "1.0", Type: "binary", PURL: "pkg:generic/busybox@1.0"}}, nil, npm,
			[]facts.Unmatched{{Type: "binary", Packages: 1, Reason: "vulnerability databases have no packages of this type"}}},
		"no version": {[]facts.Package{{Name: "x", Version: "(devel)", Type: "npm", PURL: "pkg:npm/x"}}, nil, npm,
			[]facts.Unmatched{{Type: "npm", Packages: 1, Ecosystem: "npm", Reason: "these versions cannot be compared with the databases: x (devel)"}}},
		"no version, not covered": {[]facts.Package{{Name: "y", Version: "", Type: "npm", PURL: "pkg:npm/y"}}, nil, npm, []facts.Unmatched{}},
		"a range that cannot be read": {[]facts.Package{{Name: "x", Version: "1.0.0", Type: "npm", PURL: "pkg:npm/x@1.0.0"}}, nil, strings.Replace(npm, "2.0.0", "two", 1),
			[]facts.Unmatched{{Type: "npm", Packages: 1, Ecosystem: "npm", Reason: "these versions cannot be compared with the databases: x 1.0.0"}}},
		"a range without a start": {[]facts.Package{{Name: "x", Version: "1.0.0", Type: "npm", PURL: "pkg:npm/x@1.0.0"}}, nil, osvOf("npm", "x", `"ranges":[{"type":"SEMVER","events":[{"fixed":"2.0.0"}]}]`),
			[]facts.Unmatched{{Type: "npm", Packages: 1, Ecosystem: "npm", Reason: "these versions cannot be compared with the databases: x 1.0.0"}}},
		"a version of no order": {[]facts.Package{{Name: "a", Version: "dev-main", Type: "php-composer", PURL: "pkg:composer/v/a@dev-main"}}, nil, osvOf("Packagist", "v/a", upTo2),
			[]facts.Unmatched{{Type: "php-composer", Packages: 1, Ecosystem: "Packagist", Reason: "these versions cannot be compared with the databases: a dev-main"}}},
		"commits alone": {[]facts.Package{{Name: "x", Version: "1.0.0", Type: "npm", PURL: "pkg:npm/x@1.0.0"}}, nil, osvOf("npm", "x", `"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}]`),
			[]facts.Unmatched{{Type: "npm", Packages: 1, Ecosystem: "npm", Reason: "these versions cannot be compared with the databases: x 1.0.0"}}},
		"the packages' database is gone": {nil, &facts.Distro{ID: "debian", VersionID: "12", PrettyName: "Debian GNU/Linux 12 (bookworm)"}, npm,
			[]facts.Unmatched{{Ecosystem: "debian", Reason: "/etc/os-release names Debian GNU/Linux 12 (bookworm), but none of its packages was found"}}},
		"a distribution that is claimed": {
			[]facts.Package{{Name: "a", Version: "1", Type: "apk", PURL: "pkg:apk/alpine/a@1?distro=alpine-3.22"}, {Name: "x", Version: "1", Type: "deb", PURL: "pkg:deb/alpine/x@1?distro=alpine-3.22"}},
			&facts.Distro{ID: "alpine", VersionID: "3.22"}, osvOf("Alpine:v3.22", "x", upTo2),
			[]facts.Unmatched{{Type: "deb", Packages: 1, Ecosystem: "alpine", Reason: "/etc/os-release names alpine, but packages of that distribution have another type"}},
		},
		"a package of another distribution": {
			[]facts.Package{{Name: "a", Version: "1", Type: "deb", PURL: "pkg:deb/debian/a@1?distro=debian-12"}, {Name: "b", Version: "1", Type: "rpm", PURL: "pkg:rpm/fedora/b@1?distro=fedora-40"}},
			&facts.Distro{ID: "debian", VersionID: "12"}, osvOf("Debian:12", "x", upTo2), []facts.Unmatched{{Type: "rpm", Packages: 1, Reason: "vulnerability databases have no packages of this type"}},
		},
	} {
		f := of()
		f.Components[0].SBOM.Packages, f.Components[0].SBOM.Distro = c.packages, c.distro
		if got := match(t, f, Options{Databases: []string{write(t, "db.json", c.db)}}); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if got := f.Components[0].SBOM.Unmatched; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	for vector, want := range map[string]string{
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                        "critical",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H":                        "high",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     "critical",
		"CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N/E:U": "low",
		"CVSS:4.0/AV:N":                      "",
		"AV:N/AC:L/Au:N/C:C/I:C/A:C":         "",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C": "",
		"Important":                          "high",
	} {
		if got := scored([]score{{Type: "CVSS_V3", Score: vector}}); got != want {
			t.Errorf("%s: %q, want %q", vector, got, want)
		}
	}
}

// The facts contain the digests of the documents that changed a vulnerability's
// status.
func TestVEXDigest(t *testing.T) {
	t.Parallel()
	vex := write(t, "vex.json", `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}`)
	f := of("pkg:npm/x@1.0.0")
	match(t, f, Options{Databases: []string{write(t, "db.json", osvOf("npm", "x", all))}, VEX: []string{vex, vex}})
	got := f.Vulnerabilities.VEX
	if len(got) != 2 || !slices.Equal(got[:1], got[1:]) || !strings.HasPrefix(got[0], "sha256:") {
		t.Errorf("%q", got)
	}
}

// All files of a folder are read: a link counts as its target.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	elsewhere := write(t, "kev.json", `{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-0001"}]}`)
	if err := os.WriteFile(filepath.Join(dir, "osv.json"), []byte(osvID("CVE-2026-0001", "npm", "x", "", all)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "kev.json")); err != nil {
		t.Fatal(err)
	}
	if got := match(t, of("pkg:npm/x@1.0.0"), Options{Databases: []string{dir}}); len(got) != 1 || !got[0].Exploited {
		t.Errorf("%+v", got)
	}
	for name, target := range map[string]string{"gone.json": "nowhere", "folder.json": dir} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if err := Match(t.Context(), of("pkg:npm/x@1.0.0"), Options{Databases: []string{dir}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
}
