package sbom

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spdx/tools-golang/spdx"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

// schemas are the official schemas of SPDX 2.3 and CycloneDX 1.6. They are part
// of modules that we use: syft has those of SPDX (Apache-2.0), cyclonedx-go its
// own (Apache-2.0).
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	folder := func(module string) (string, error) {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		return strings.TrimSpace(string(out)), err
	}
	syft, err := folder("github.com/anchore/syft")
	if err != nil {
		return nil, err
	}
	cdx, err := folder("github.com/CycloneDX/cyclonedx-go")
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const at = "http://cyclonedx.org/schema/"
	for url, file := range map[string]string{
		"spdx":                      filepath.Join(syft, "schema/spdx-json/spdx-schema-2.3.json"),
		at + "bom-1.6.schema.json":  filepath.Join(cdx, "schema/bom-1.6.schema.json"),
		at + "spdx.schema.json":     filepath.Join(cdx, "schema/spdx.schema.json"),
		at + "jsf-0.82.schema.json": filepath.Join(cdx, "schema/jsf-0.82.schemax.json"),
	} {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			return nil, err
		}
		f.Close()
		if err := c.AddResource(url, doc); err != nil {
			return nil, err
		}
	}
	out := map[string]*jsonschema.Schema{}
	for name, url := range map[string]string{"SPDX": "spdx", "CycloneDX": at + "bom-1.6.schema.json"} {
		if out[name], err = c.Compile(url); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// valid checks a document against its schema.
func valid(t testing.TB, kind string, data []byte) {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := all[kind].Validate(doc); err != nil {
		t.Errorf("%s: %v", kind, err)
	}
	if kind == "SPDX" {
		declaredLicenses(t, data)
	}
}

// declaredLicenses checks that the document declares each licence to which it
// refers.
func declaredLicenses(t testing.TB, data []byte) {
	t.Helper()
	var doc struct {
		Packages []struct {
			Name, LicenseConcluded, LicenseDeclared, Supplier, Originator, Homepage string
		}
		Others []struct{ LicenseID, ExtractedText string } `json:"hasExtractedLicensingInfos"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, o := range doc.Others {
		if declared[o.LicenseID] || o.ExtractedText == "" {
			t.Errorf("%q is declared twice, or has no text", o.LicenseID)
		}
		declared[o.LicenseID] = true
	}
	for _, p := range doc.Packages {
		for _, s := range []string{p.LicenseConcluded, p.LicenseDeclared} {
			for _, ref := range licenseRef.FindAllString(s, -1) {
				if !declared[ref] {
					t.Errorf("%s: %s is not declared", p.Name, ref)
				}
			}
			if s != noAssertion && s != "NONE" && !isExpression(s) {
				t.Errorf("%s: %q is not a licence expression", p.Name, s)
			}
		}
		for _, s := range []string{p.Supplier, p.Originator, p.Name} {
			if strings.ContainsAny(s, "\n\r\x1b") {
				t.Errorf("%s: %q", p.Name, s)
			}
		}
		if p.Homepage != "" && !isURL(p.Homepage) {
			t.Errorf("%s: homepage %q", p.Name, p.Homepage)
		}
	}
}

// odd are packages with unusual metadata.
func odd(license, text string) []st.Object {
	line := strings.ReplaceAll(text, "\n", " ") // the database consists of lines
	quoted := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	}
	return []st.Object{
		st.File("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\nHOME_URL="+quoted(text)+"\nPRETTY_NAME="+quoted(text)+"\n"),
		st.File("app/node_modules/a/package.json", `{"name":"a","version":"1.0.0","license":`+quoted(license)+`,"homepage":`+quoted(text)+`,"author":`+quoted(text)+`,"repository":`+quoted(text)+`,"description":`+quoted(text)+`}`),
		st.File("app/node_modules/b/package.json", `{"name":`+quoted(text)+`,"version":`+quoted(text)+`,"license":`+quoted(license)+`}`),
		st.File("usr/lib/python3/dist-packages/Foo-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo\nVersion: 1.5\nLicense: "+license+"\nAuthor: "+text+"\nAuthor-email: "+text+"\n"),
		st.File("lib/apk/db/installed", strings.NewReplacer("L:MIT", "L:"+license, "U:https://musl.libc.org/", "U:"+line, "T:the musl c library", "m:"+line).Replace(apkDB)),
		st.File("app/vendor/composer/installed.json", `{"packages":[{"name":"psr/log","version":"1.1.4","type":"library","license":[`+quoted(license)+`],"homepage":`+quoted(text)+`,"dist":{"url":`+quoted(text)+`},"authors":[{"name":`+quoted(text)+`,"email":`+quoted(text)+`}]}]}`),
		st.File("usr/share/gems/specifications/rake-13.0.gemspec", "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.version = \"13.0\"\n  s.homepage = "+quoted(text)+".freeze\n  s.licenses = ["+quoted(license)+".freeze]\n  s.authors = ["+quoted(text)+".freeze]\nend\n"),
	}
}

// documents are all documents of an inventory.
func documents(t testing.TB, inv *Inventory) {
	t.Helper()
	y := &System{Name: "demo", Arch: "amd64", Members: []Member{
		{ID: "services/a", Image: inv.Image, Documents: papers(t, inv)}, {ID: "services/b", Image: inv.Image, Documents: papers(t, inv)},
	}}
	for _, w := range []struct {
		kind string
		by   func(Stamp) ([]byte, error)
	}{{"SPDX", inv.SPDX}, {"CycloneDX", inv.CycloneDX}, {"SPDX", y.SPDX}, {"CycloneDX", y.CycloneDX}} {
		data, err := w.by(Stamp{Version: "1.0"})
		if err != nil {
			t.Fatal(err)
		}
		valid(t, w.kind, data)
	}
}

// Documents match their schemas, whatever metadata packages have.
func TestDocumentsAreValid(t *testing.T) {
	t.Parallel()
	documents(t, catalog(t, mixed()))
	for _, license := range []string{
		"MIT", "LicenseRef-Ours AND MIT", "(LicenseRef-Ours OR LicenseRef-Yours) AND GPL-2.0-only WITH Classpath-exception-2.0", "DocumentRef-x:LicenseRef-y",
		"MIT AND", "AND", "((((MIT", "MIT OR LicenseRef-", "Some odd licence, see \x1b[31m file", "GPL-2.0+", "licenseref-lower", "MIT/Apache-2.0", "SEE LICENSE IN x", "\u202e", "https://example.org/license", "", strings.Repeat("MIT AND ", 2000) + "MIT",
	} {
		documents(t, catalog(t, odd(license, "plain")))
	}
	for _, text := range []string{
		"two\nlines", "a \x1b[31m colour", "bad \xff bytes", "http://", "://x", "ftp://ok.example.org/a", "www.example.org", "https://a b.example.org", "javascript:alert(1)", "https://exa\u00e9mple.org/",
		"<script>", "Someone <a@example.org>", "git+ssh://git@github.com/a/b.git", "a\u2028b", strings.Repeat("x", 5000), "{}", "%zz", "none",
	} {
		documents(t, catalog(t, odd("MIT", text)))
	}
}

// The documents are valid, whatever text the fields of a package contain.
func FuzzTidy(f *testing.F) {
	f.Add("LicenseRef-Ours AND MIT", "two\nlines")
	f.Add("DocumentRef-a:LicenseRef-b", "https://\x00")
	f.Add("MIT OR (Apache-2.0", "git+https://example.org/a.git#main")
	f.Fuzz(func(t *testing.T, license, text string) { tidied(t, license, text) })
}

// The same with texts that combine pieces with a special meaning.
func TestTidyPieces(t *testing.T) {
	t.Parallel()
	pieces := []string{"MIT", "LicenseRef-", "DocumentRef-a:", " AND ", " OR ", " WITH ", "(", ")", "+", "GPL-2.0-only", "\x00", "\n", "\xff", "https://", "a.example", "/", "%", " ", "é", "\u2028", "@", "<", ">", "NONE", noAssertion, "git+", ":", "[", "]", "#"}
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 150 {
		tidied(t, text(), text())
	}
}

func tidied(t testing.TB, license, text string) {
	t.Helper()
	p := &spdx.Package{PackageName: "n" + text, PackageSPDXIdentifier: "A", PackageVersion: text, PackageDownloadLocation: text, PackageHomePage: text,
		PackageLicenseConcluded: license, PackageLicenseDeclared: license, PackageCopyrightText: text, PackageSummary: text,
		PackageSupplier: &spdx.Supplier{SupplierType: "Person", Supplier: text}, PackageOriginator: &spdx.Originator{OriginatorType: "Person", Originator: text},
		PackageExternalReferences: purlReference(text)}
	doc := &spdx.Document{SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: "d", DocumentNamespace: Namespace + "x",
		CreationInfo: &spdx.CreationInfo{Created: Stamp{}.time(), Creators: creators(Stamp{})}, Packages: []*spdx.Package{p}}
	data, err := encodeSPDX(doc)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "SPDX", data)
	bom := cyclonedx.NewBOM()
	bom.Components = &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeLibrary, Name: text, Version: text, Author: text, Description: text, Supplier: &cyclonedx.OrganizationalEntity{Name: text, URL: &[]string{text}},
		Licenses:           &cyclonedx.Licenses{{Expression: license}, {License: &cyclonedx.License{Name: text, URL: text}}},
		ExternalReferences: &[]cyclonedx.ExternalReference{{URL: text, Type: cyclonedx.ERTypeWebsite}}}}
	if data, err = encodeCycloneDX(bom); err != nil {
		t.Fatal(err)
	}
	valid(t, "CycloneDX", data)
}
