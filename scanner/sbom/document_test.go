package sbom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anchore/syft/syft/format/cyclonedxjson"
	"github.com/anchore/syft/syft/format/spdxjson"
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/sbom"

	"github.com/seaworthy-os/seaworthy/builder/system"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func mixed() []st.Object {
	return append(st.Debian(map[string][]string{"libfoo": {"usr/lib/libfoo.so.1"}, "tool": {"usr/bin/tool"}, "zed": nil}),
		st.File("usr/lib/python3/dist-packages/Foo-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo\nVersion: 1.5\nLicense: Some odd licence\nRequires-Dist: bar\n"),
		st.File("usr/lib/python3/dist-packages/Bar-2.dist-info/METADATA", "Metadata-Version: 2.1\nName: bar\nVersion: 2\nLicense: MIT\n"),
		st.File("app/node_modules/left-pad/package.json", `{"name":"left-pad","version":"1.3.0","license":"WTFPL"}`),
		st.File("usr/share/doc/zed/copyright", "Redistribution of anything is forbidden, <b>really</b>.\n"),
	)
}

func papers(t testing.TB, inv *Inventory) *Documents {
	t.Helper()
	d, err := inv.Documents(Stamp{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func decodeSPDX(t *testing.T, data []byte) *sbom.SBOM {
	t.Helper()
	s, id, version, err := spdxjson.NewFormatDecoder().Decode(bytes.NewReader(data))
	if err != nil || id != spdxjson.ID || version != "2.3" {
		t.Fatalf("SPDX: %s %s, %v", id, version, err)
	}
	return s
}

func decodeCycloneDX(t *testing.T, data []byte) *sbom.SBOM {
	t.Helper()
	s, id, version, err := cyclonedxjson.NewFormatDecoder().Decode(bytes.NewReader(data))
	if err != nil || id != cyclonedxjson.ID || version != "1.6" {
		t.Fatalf("CycloneDX: %s %s, %v", id, version, err)
	}
	return s
}

func decoded(s *sbom.SBOM) []string {
	var out []string
	for _, p := range s.Artifacts.Packages.Sorted() {
		if p.Type == pkg.UnknownPkg || strings.HasPrefix(p.PURL, "pkg:oci/") {
			continue // the image itself is a component
		}
		out = append(out, p.Name+" "+p.Version+" "+p.PURL)
	}
	slices.Sort(out)
	return out
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	stamp := Stamp{Created: time.Unix(1700000000, 0), Version: "1.0"}
	inv := catalog(t, mixed())
	var want []string
	for _, p := range inv.Packages {
		want = append(want, p.Name+" "+p.Version+" "+p.PURL)
	}
	slices.Sort(want)
	if len(want) != 6 {
		t.Fatalf("packages %q", want)
	}
	spdx, err := inv.SPDX(stamp)
	if err != nil {
		t.Fatal(err)
	}
	if got := decoded(decodeSPDX(t, spdx)); !slices.Equal(got, want) {
		t.Errorf("SPDX contains %q, want %q", got, want)
	}
	cdx, err := inv.CycloneDX(stamp)
	if err != nil {
		t.Fatal(err)
	}
	if got := decoded(decodeCycloneDX(t, cdx)); !slices.Equal(got, want) {
		t.Errorf("CycloneDX contains %q, want %q", got, want)
	}
	hex := strings.TrimPrefix(inv.Image.Manifest, "sha256:")
	for _, s := range []string{
		`"documentNamespace":"` + Namespace + "component/sha256-" + hex + `"`, `"created":"2023-11-14T22:13:20Z"`,
		`"Tool: seaworthy-1.0"`, `"Tool: syft-` + SyftVersion + `"`, `"checksumValue":"` + hex + `"`, `"primaryPackagePurpose":"CONTAINER"`,
		`pkg:oci/web@sha256%3A` + hex,
	} {
		if !bytes.Contains(spdx, []byte(s)) {
			t.Errorf("SPDX has no %s", s)
		}
	}
	for _, s := range []string{`"timestamp":"2023-11-14T22:13:20Z"`, `"serialNumber":"urn:uuid:`, `"specVersion":"1.6"`, `"content":"` + hex + `"`} {
		if !bytes.Contains(cdx, []byte(s)) {
			t.Errorf("CycloneDX has no %s", s)
		}
	}
	if bytes.Contains(spdx, []byte("forbidden")) || bytes.Contains(cdx, []byte("forbidden")) {
		t.Error("the documents contain the text of a licence")
	}
}

// Two scans of the same bytes give the same bytes, whatever the order of maps.
// Another image has another namespace and serial number.
func TestDocumentsAreTheSame(t *testing.T) {
	t.Parallel()
	var first [2][]byte
	for i := range 5 {
		inv := catalog(t, mixed())
		spdx, err := inv.SPDX(Stamp{})
		if err != nil {
			t.Fatal(err)
		}
		cdx, err := inv.CycloneDX(Stamp{})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = [2][]byte{spdx, cdx}
		}
		if !bytes.Equal(spdx, first[0]) || !bytes.Equal(cdx, first[1]) {
			t.Fatal("documents differ between two scans")
		}
	}
	a, b := serial("component", "sha256:1"), serial("component", "sha256:2")
	if a == b || a != serial("component", "sha256:1") || a == serial("system", "sha256:1") {
		t.Error("serial numbers do not depend on the digest")
	}
}

type spdxDoc struct {
	Packages []struct {
		ID        string `json:"SPDXID"`
		Name      string `json:"name"`
		Checksums []struct {
			Value string `json:"checksumValue"`
		} `json:"checksums"`
	} `json:"packages"`
	Raw []struct {
		A    string `json:"spdxElementId"`
		B    string `json:"relatedSpdxElement"`
		Type string `json:"relationshipType"`
	} `json:"relationships"`
}

func TestSystemDocuments(t *testing.T) {
	t.Parallel()
	web := catalog(t, mixed())
	plain, err := collect(t, []st.Object{st.File("bin/x", "y")}).Catalog(t.Context(),
		Request{Image: st.Image("docker.io/library/plain:1", "c3"), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	y := &System{Name: "demo", Arch: "amd64", Members: []Member{
		{ID: "init/000", Image: plain.Image, Documents: papers(t, plain)},
		{ID: "services/web", Image: web.Image, Documents: papers(t, web)},
		{ID: "services/web_2", Image: web.Image, Documents: papers(t, web)},
		{ID: "services/web.5f2", Image: web.Image, Documents: papers(t, web)},
	}}
	spdx, err := y.SPDX(Stamp{})
	if err != nil {
		t.Fatal(err)
	}
	var doc spdxDoc
	if err := json.Unmarshal(spdx, &doc); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, p := range doc.Packages {
		if ids[p.ID] != "" {
			t.Errorf("id %s is a duplicate", p.ID)
		}
		ids[p.ID] = p.Name
	}
	contains := map[string][]string{}
	for _, r := range doc.Raw {
		if ids[r.B] == "" || ids[r.A] == "" && r.A != "SPDXRef-DOCUMENT" {
			t.Errorf("a relation refers to a missing element: %+v", r)
		}
		if r.Type == "CONTAINS" {
			contains[r.A] = append(contains[r.A], r.B)
		}
	}
	if got := len(contains["SPDXRef-System"]); got != 4 {
		t.Errorf("the system contains %d components", got)
	}
	for _, id := range []string{"SPDXRef-Component-services-web", "SPDXRef-Component-services-web.5f2", "SPDXRef-Component-services-web.2e5f2"} {
		if len(contains[id]) != 6 {
			t.Errorf("%s contains %d packages", id, len(contains[id]))
		}
	}
	if got := len(decoded(decodeSPDX(t, spdx))); got < 6 {
		t.Errorf("%d packages when read back", got)
	}
	for _, m := range y.Members {
		if !bytes.Contains(spdx, []byte(strings.TrimPrefix(m.Image.Manifest, "sha256:"))) {
			t.Errorf("no digest of %s", m.ID)
		}
	}

	cdx, err := y.CycloneDX(Stamp{})
	if err != nil {
		t.Fatal(err)
	}
	decodeCycloneDX(t, cdx)
	refs := map[string]bool{}
	var bom struct {
		Components []cdxComponent `json:"components"`
	}
	if err := json.Unmarshal(cdx, &bom); err != nil {
		t.Fatal(err)
	}
	for _, c := range bom.Components {
		for _, r := range append(c.Components, c) {
			if refs[r.Ref] {
				t.Errorf("bom-ref %q is a duplicate", r.Ref)
			}
			refs[r.Ref] = true
		}
	}
	if len(bom.Components) != 4 || len(bom.Components[1].Components) != 7 { // six packages and the operating system
		t.Errorf("components: %d", len(bom.Components))
	}
	again, err := y.CycloneDX(Stamp{})
	if err != nil || !bytes.Equal(again, cdx) {
		t.Errorf("a second document differs, %v", err)
	}
	if again, err := y.SPDX(Stamp{}); err != nil || !bytes.Equal(again, spdx) {
		t.Errorf("a second document differs, %v", err)
	}
}

type cdxComponent struct {
	Ref        string         `json:"bom-ref"`
	Components []cdxComponent `json:"components"`
}

// Documents contain the version of syft that is linked.
func TestSyftVersion(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("github.com/anchore/syft v"+SyftVersion+"\n")) {
		t.Errorf("go.mod has another version of syft than %s", SyftVersion)
	}
	if bridge, err := os.ReadFile("syftbridge/go.mod"); err != nil || !bytes.Contains(bridge, []byte("github.com/anchore/syft v"+SyftVersion+"\n")) {
		t.Errorf("the bridge requires another version, %v", err)
	}
}

func TestImageNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, repository, tag string }{
		{"docker.io/library/nginx:1.25", "docker.io/library/nginx", "1.25"},
		{"localhost:5000/a/b", "localhost:5000/a/b", ""},
		{"localhost:5000/a/b:x@sha256:00", "localhost:5000/a/b", "x"},
	} {
		if repository(c.name) != c.repository || tag(c.name) != c.tag {
			t.Errorf("%s: %s, %s", c.name, repository(c.name), tag(c.name))
		}
	}
	img := &system.Image{Name: "ghcr.io/Org/App:v1", Manifest: "sha256:ab", Config: system.ImageConfig{Architecture: "arm64"}}
	if got, want := imagePURL(img), "pkg:oci/app@sha256%3Aab?arch=arm64&repository_url=ghcr.io%2FOrg%2FApp&tag=v1"; got != want && got != strings.ReplaceAll(want, "%2F", "/") {
		t.Errorf("purl %s", got)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	mit := "Permission is hereby granted, free of charge, to any\n .\n * person obtaining a copy of this software ... to deal in the Software without\n# restriction, including without limitation the rights to use, copy, modify, merge, publish,\ndistribute, sublicense ... this permission notice shall be included in all copies or substantial portions of the Software."
	bsd := "Redistribution and use in source and binary forms, with or without modification, are permitted provided ... 2. Redistributions in binary form must reproduce the above ... %s THIS SOFTWARE IS PROVIDED ``AS IS'' AND"
	for _, c := range []struct {
		text string
		want []string
	}{
		{mit, []string{"MIT"}},
		{fmt.Sprintf(bsd, ""), []string{"BSD-2-Clause"}},
		{fmt.Sprintf(bsd, "3. Neither the name of X nor the names of its contributors may be used to endorse or promote products"), []string{"BSD-3-Clause"}},
		{"You may redistribute it under the terms of the GNU General Public License as published by the FSF; either version 2 of the License, or (at your option) any later version.", []string{"GPL-2.0-or-later"}},
		{mit + strings.Repeat(" filler", 1000) + fmt.Sprintf(bsd, ""), []string{"MIT", "BSD-2-Clause"}},
		{"permission is hereby granted, free of charge, to any person obtaining a copy" + strings.Repeat(" filler", 2000) + "without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense", nil},
		{"All rights reserved.", nil}, {"", nil},
	} {
		var got []string
		for _, l := range classify([]byte(c.text)) {
			got = append(got, l.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("classify(%.60q) = %q, want %q", c.text, got, c.want)
		}
	}
}
