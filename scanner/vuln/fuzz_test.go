package vuln

import (
	"bufio"
	"bytes"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// everyOrder has packages for every order of versions.
func everyOrder() *facts.Facts {
	f := of("pkg:deb/debian/x@1.0-1?distro=debian-12", "pkg:apk/alpine/x@1.0-r1?distro=alpine-3.20.1", "pkg:rpm/rocky/x@1.0-1?distro=rocky-9.4",
		"pkg:golang/x@v1.0.0", "pkg:npm/x@1.0.0", "pkg:pypi/x@1.0", "pkg:gem/x@1.0")
	for i, kind := range []string{"deb", "apk", "rpm", "go-module", "npm", "python", "gem"} {
		f.Components[0].SBOM.Packages[i].Type = kind
	}
	return f
}

// Matching always ends, and its results are about the packages of the system.
func FuzzDatabase(f *testing.F) {
	for _, eco := range []string{"Debian:12", "Alpine:v3.20", "Rocky Linux:9", "Go", "npm", "PyPI", "RubyGems"} {
		f.Add([]byte(osvOf(eco, "x", `"severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N"}],"versions":["1.0"],"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2~a"},{"last_affected":"1"},{"limit":"3"}]}]`)))
	}
	f.Add([]byte(`[{"id":"A","aliases":["B"],"related":["C"],"upstream":["D","E"],"modified":"2026-01-01","affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1.0.0"]}]}]`))
	f.Add([]byte(`{"x":{"CVE-2026-0001":{"releases":{"bookworm":{"status":"resolved","fixed_version":"2","urgency":"high**"}}}}}`))
	f.Add([]byte(`{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-0001"}]}`))
	f.Add([]byte("{\"id\":\"\\ud800\",\"modified\":\"2026-01-01\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sys := everyOrder()
		r := newReader(newMatcher(sys))
		if r.decode(bufio.NewReader(bytes.NewReader(data))) != nil {
			return
		}
		r.combine()
		_ = r.unmatched(sys)
		if err := r.fill(sys, r.summary(), &statements{now: time.Now()}); err != nil {
			t.Fatal(err)
		}
		for _, v := range sys.Components[0].SBOM.Vulnerabilities {
			if v.Package != "x" || v.ID == "" || v.VEX != "" {
				t.Fatalf("%+v", v)
			}
		}
	})
}

func FuzzVEX(f *testing.F) {
	f.Add([]byte(`{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[{"vulnerability":{"name":"A","aliases":["B"]},
		"products":[{"@id":"pkg:npm/x?a=b","identifiers":{"purl":"pkg:oci/x@sha256:aa"},"hashes":{"sha-256":"aa"},"subcomponents":[{"@id":"pkg:npm/x"}]}],"status":"fixed"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseVEX(data)
		if err != nil {
			return
		}
		for _, s := range list {
			if s.Vulnerability.Name == "" || len(s.Products) == 0 || s.Status == "not_affected" && s.Justification == "" && s.Impact == "" {
				t.Fatalf("accepted: %+v", s)
			}
			for _, p := range s.Products {
				p.covers(&facts.Image{Digest: "sha256:aa"}, "pkg:npm/x@1.0.0")
			}
		}
	})
}

// An order is consistent: of two versions, at most one is older, and each
// version equals itself.
func FuzzCompare(f *testing.F) {
	f.Add("1:1.0~rc1-1", "1.0-1+deb12u1")
	f.Add("1.2.3_git20240101-r0", "1.2.3-r10")
	f.Add("1.0rc1", "1!1.0.post1.dev2+local")
	f.Add("go1.22rc1", "1.22.0-0")
	f.Add("1.0-alpha-1.x", "1-rc2.Final_sp")
	f.Add("1.0.0-BETA.2+x", "v1.0-dev")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, eco := range []string{"Debian:12", "Alpine:v3.20", "Rocky Linux:9", "Go", "npm", "PyPI", "RubyGems", "Maven", "NuGet", "Packagist"} {
			x, ok := compare(eco, a, b)
			y, also := compare(eco, b, a)
			if ok != also || ok && x != -y {
				t.Errorf("%s: %q, %q: %d %t, and %d %t", eco, a, b, x, ok, y, also)
			}
			if same, ok := compare(eco, a, a); ok && same != 0 {
				t.Errorf("%s: %q is not as old as itself: %d", eco, a, same)
			}
		}
	})
}
