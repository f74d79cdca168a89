package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/spdx/tools-golang/spdx"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// The authors of packages write their metadata, and a hostile image can contain
// any text. All documents pass through here, so that they are valid SPDX 2.3
// and CycloneDX 1.6.

// plainStrings makes every text within v one line of valid UTF-8 without
// control characters.
func plainStrings(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Interface {
			if s, ok := v.Interface().(string); ok && v.CanSet() {
				v.Set(reflect.ValueOf(plain(s)))
				return
			}
		}
		plainStrings(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				plainStrings(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			plainStrings(v.Index(i))
		}
	case reflect.String:
		if v.CanSet() {
			if s := v.String(); plain(s) != s {
				v.SetString(plain(s))
			}
		}
	}
}

// plain is s as one line.
func plain(s string) string {
	bad := func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar || r == '\u2028' || r == '\u2029'
	}
	if strings.IndexFunc(s, bad) < 0 {
		return s // the replacement character also marks invalid UTF-8
	}
	s = strings.Map(func(r rune) rune {
		if r != unicode.ReplacementChar && bad(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(s)
}

// isURL reports whether s is an absolute URL, or a URL with the scheme of a
// version control system.
func isURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || strings.ContainsAny(s, " <>\"{}|\\^`") {
		return false
	}
	for _, r := range s {
		if r > unicode.MaxASCII || unicode.IsControl(r) {
			return false
		}
	}
	if strings.HasPrefix(u.Scheme, "git") || u.Scheme == "ssh" || u.Scheme == "file" {
		return u.Host != "" || u.Path != ""
	}
	return slices.Contains([]string{"http", "https", "ftp", "svn", "hg", "bzr"}, u.Scheme) && u.Host != ""
}

// tidySPDX makes a document valid SPDX 2.3.
func tidySPDX(doc *spdx.Document) {
	plainStrings(reflect.ValueOf(doc))
	l := licenses{doc: doc, declared: map[string]bool{}}
	for _, o := range doc.OtherLicenses {
		l.declared[o.LicenseIdentifier] = true
		if strings.TrimSpace(o.ExtractedText) == "" {
			o.ExtractedText = noAssertion
		}
		o.LicenseCrossReferences = slices.DeleteFunc(o.LicenseCrossReferences, func(s string) bool { return !isURL(s) })
	}
	for _, p := range doc.Packages {
		p.PackageLicenseConcluded = l.expression(p.PackageLicenseConcluded)
		p.PackageLicenseDeclared = l.expression(p.PackageLicenseDeclared)
		for i, s := range p.PackageLicenseInfoFromFiles {
			p.PackageLicenseInfoFromFiles[i] = l.expression(s)
		}
		if !isURL(p.PackageHomePage) {
			p.PackageHomePage = ""
		}
		if d := p.PackageDownloadLocation; d != "NONE" && !isURL(d) {
			p.PackageDownloadLocation = noAssertion
		}
		if p.PackageSupplier != nil && strings.TrimSpace(p.PackageSupplier.Supplier) == "" {
			p.PackageSupplier = &spdx.Supplier{Supplier: noAssertion}
		}
		if p.PackageOriginator != nil && strings.TrimSpace(p.PackageOriginator.Originator) == "" {
			p.PackageOriginator = nil
		}
		// SPDX's JSON schema requires this spelling.
		p.PrimaryPackagePurpose = strings.ReplaceAll(p.PrimaryPackagePurpose, "-", "_")
		p.PackageExternalReferences = slices.DeleteFunc(p.PackageExternalReferences, func(r *spdx.PackageExternalReference) bool {
			return r.Locator == "" || strings.ContainsFunc(r.Locator, unicode.IsSpace)
		})
	}
	for _, f := range doc.Files {
		f.LicenseConcluded = l.expression(f.LicenseConcluded)
		for i, s := range f.LicenseInfoInFiles {
			f.LicenseInfoInFiles[i] = l.expression(s)
		}
	}
	slices.SortFunc(doc.OtherLicenses, func(a, b *spdx.OtherLicense) int {
		return strings.Compare(a.LicenseIdentifier, b.LicenseIdentifier)
	})
}

// licenses declares the licences of a document that SPDX does not list.
type licenses struct {
	doc      *spdx.Document
	declared map[string]bool
}

var (
	licenseRef = lazyre.New(`(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+`)
	notID      = lazyre.New(`[^A-Za-z0-9.-]+`)
)

// expression returns s if it is a licence expression, and declares the licences
// in it. Otherwise it returns a reference to a licence with the name s.
func (l *licenses) expression(s string) string {
	switch s = strings.TrimSpace(s); s {
	case "", noAssertion:
		return noAssertion
	case "NONE":
		return s
	}
	if !isExpression(s) {
		return l.declare("LicenseRef-"+strings.Trim(notID.ReplaceAllString(strings.ReplaceAll(s, "LicenseRef-", ""), "-"), "-"), s)
	}
	return licenseRef.ReplaceAllStringFunc(s, func(ref string) string {
		// References to other documents are not used: their licence is declared
		// here.
		return l.declare("LicenseRef-"+notID.ReplaceAllString(strings.Replace(strings.TrimPrefix(ref, "LicenseRef-"), ":LicenseRef-", "-", 1), "-"), ref)
	})
}

// maxExpression is the longest text that is parsed as an expression. A longer
// one is the text of a licence.
const maxExpression = 4 << 10

func isExpression(s string) (ok bool) {
	if len(s) > maxExpression || strings.Count(s, "(") > 100 {
		return false
	}
	defer func() {
		if recover() != nil { // the parser is not ours
			ok = false
		}
	}()
	_, err := spdxexp.ExtractLicenses(s)
	return err == nil
}

// maxLicenseID is the longest licence id. The rest of a longer one is replaced
// by a digest.
const maxLicenseID = 200

func (l *licenses) declare(id, name string) string {
	if id == "LicenseRef-" {
		return noAssertion
	}
	if len(id) > maxLicenseID {
		sum := sha256.Sum256([]byte(id))
		id = id[:maxLicenseID/2] + "-" + hex.EncodeToString(sum[:8])
	}
	if !l.declared[id] {
		l.declared[id] = true
		l.doc.OtherLicenses = append(l.doc.OtherLicenses, &spdx.OtherLicense{LicenseIdentifier: id, LicenseName: name, ExtractedText: noAssertion})
	}
	return id
}

// tidyCycloneDX makes a document valid CycloneDX 1.6.
func tidyCycloneDX(bom *cyclonedx.BOM) {
	plainStrings(reflect.ValueOf(bom))
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		tidyComponent(bom.Metadata.Component)
	}
	tidyComponents(bom.Components)
}

func tidyComponents(list *[]cyclonedx.Component) {
	if list == nil {
		return
	}
	for i := range *list {
		tidyComponent(&(*list)[i])
	}
}

// maxVersion is the longest version that the schema allows, in characters.
const maxVersion = 1024

func tidyComponent(c *cyclonedx.Component) {
	if r := []rune(c.Version); len(r) > maxVersion {
		c.Version = string(r[:maxVersion])
	}
	if c.ExternalReferences != nil {
		kept := slices.DeleteFunc(*c.ExternalReferences, func(r cyclonedx.ExternalReference) bool { return !isURL(r.URL) })
		if c.ExternalReferences = &kept; len(kept) == 0 {
			c.ExternalReferences = nil
		}
	}
	if c.Supplier != nil && c.Supplier.URL != nil {
		kept := slices.DeleteFunc(*c.Supplier.URL, func(s string) bool { return !isURL(s) })
		c.Supplier.URL = &kept
	}
	if c.Licenses != nil {
		kept := cyclonedx.Licenses{}
		for _, l := range *c.Licenses {
			if l, ok := tidyChoice(l); ok {
				kept = append(kept, l)
			}
		}
		// An expression must be the only entry. With others, it becomes one of
		// several names.
		if len(kept) > 1 {
			for i, l := range kept {
				if l.Expression != "" {
					kept[i] = cyclonedx.LicenseChoice{License: &cyclonedx.License{Name: l.Expression}}
				}
			}
		}
		if c.Licenses = &kept; len(kept) == 0 {
			c.Licenses = nil
		}
	}
	tidyComponents(c.Components)
}

func tidyChoice(l cyclonedx.LicenseChoice) (cyclonedx.LicenseChoice, bool) {
	if l.Expression != "" && !isExpression(l.Expression) {
		l = cyclonedx.LicenseChoice{License: &cyclonedx.License{Name: l.Expression}}
	}
	if l.License == nil {
		return l, l.Expression != ""
	}
	if !isURL(l.License.URL) {
		l.License.URL = ""
	}
	if l.License.ID == "" && strings.TrimSpace(l.License.Name) == "" {
		return l, false
	}
	return l, true
}
