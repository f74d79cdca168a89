package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/spdx/tools-golang/spdx"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// System is the subject of the merged documents: every component of os.yml, in
// order, with the contents of its image.
type System struct {
	Name, Arch string
	Members    []Member
}

// Member is one component, with the documents of its image. The merged
// documents are made of these alone, so new documents and stored ones give the
// same result.
type Member struct {
	ID        string
	Image     *system.Image
	Documents *Documents
}

// digest depends on the system's name, its components and their images.
func (y *System) digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q\n", y.Name, y.Arch)
	for _, m := range y.Members {
		fmt.Fprintf(h, "%q %q\n", m.ID, m.Image.Manifest)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SPDX is the merged document in SPDX 2.3: the system CONTAINS a package for
// each component, and that package CONTAINS the packages of its image. A
// package that is completely equal in two images is one element for both.
func (y *System) SPDX(s Stamp) ([]byte, error) {
	root := &spdx.Package{
		PackageName: y.Name, PackageSPDXIdentifier: "System", PackageVersion: y.digest()[:12],
		PrimaryPackagePurpose:   "OPERATING_SYSTEM",
		PackageSupplier:         &spdx.Supplier{Supplier: noAssertion},
		PackageDownloadLocation: noAssertion, PackageCopyrightText: noAssertion,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: noAssertion,
	}
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: y.Name, DocumentNamespace: Namespace + "system/sha256-" + y.digest(),
		CreationInfo: &spdx.CreationInfo{Created: s.time(), Creators: creators(s)},
		Packages:     []*spdx.Package{root},
	}
	m := merger{doc: doc, packages: map[spdx.ElementID]bool{}, licenses: map[string]bool{}, relations: map[string]bool{}}
	m.relate("DOCUMENT", "DESCRIBES", root.PackageSPDXIdentifier)
	for _, c := range y.Members {
		if err := m.add(root.PackageSPDXIdentifier, c); err != nil {
			return nil, err
		}
	}
	return encodeSPDX(doc)
}

const noAssertion = "NOASSERTION"

type merger struct {
	doc       *spdx.Document
	packages  map[spdx.ElementID]bool
	licenses  map[string]bool
	relations map[string]bool
}

func (m *merger) relate(a spdx.ElementID, kind string, b spdx.ElementID) {
	key := string(a) + " " + kind + " " + string(b)
	if m.relations[key] {
		return
	}
	m.relations[key] = true
	m.doc.Relationships = append(m.doc.Relationships, &spdx.Relationship{
		RefA: spdx.DocElementID{ElementRefID: a}, Relationship: kind, RefB: spdx.DocElementID{ElementRefID: b},
	})
}

// add adds one component: the root package of its image under the component's
// name, and the other packages unchanged.
func (m *merger) add(root spdx.ElementID, c Member) error {
	part, err := c.Documents.spdx()
	if err != nil {
		return err
	}
	self := spdx.ElementID("Component-" + elementID(c.ID))
	var old spdx.ElementID
	for _, p := range part.Packages {
		if strings.HasPrefix(string(p.PackageSPDXIdentifier), rootPrefix) {
			old = p.PackageSPDXIdentifier
			p.PackageSPDXIdentifier = self
			p.PackageComment = "component " + c.ID
			p.PackageExternalReferences = purlReference(imagePURL(c.Image))
		}
		if !m.packages[p.PackageSPDXIdentifier] {
			m.packages[p.PackageSPDXIdentifier] = true
			m.doc.Packages = append(m.doc.Packages, p)
		}
	}
	m.relate(root, "CONTAINS", self)
	for _, r := range part.Relationships {
		a, b := r.RefA.ElementRefID, r.RefB.ElementRefID
		if a == "DOCUMENT" {
			continue
		}
		if a == old {
			a = self
		}
		if b == old {
			b = self
		}
		m.relate(a, r.Relationship, b)
	}
	for _, l := range part.OtherLicenses {
		if !m.licenses[l.LicenseIdentifier] {
			m.licenses[l.LicenseIdentifier] = true
			m.doc.OtherLicenses = append(m.doc.OtherLicenses, l)
		}
	}
	return nil
}

// elementID writes a component's id with the characters that SPDX allows.
// Different ids give different results: the section ends at the first slash,
// and other characters are written as their codes.
func elementID(id string) string {
	var b strings.Builder
	section, name, _ := strings.Cut(id, "/")
	b.WriteString(section)
	if name != "" {
		b.WriteByte('-')
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, ".%02x", c)
		}
	}
	return b.String()
}

// CycloneDX is the merged document in CycloneDX 1.6: a component for each
// component of the system, with its packages nested in it.
func (y *System) CycloneDX(s Stamp) ([]byte, error) {
	bom := cyclonedx.NewBOM()
	bom.SerialNumber = serial("system", y.digest())
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: s.time(), Tools: tools(s),
		Component: &cyclonedx.Component{
			BOMRef: "system", Type: cyclonedx.ComponentTypeOS, Name: y.Name, Version: y.digest()[:12],
			Properties: &[]cyclonedx.Property{{Name: "seaworthy:arch", Value: y.Arch}},
		},
	}
	components := []cyclonedx.Component{}
	dependencies := []cyclonedx.Dependency{{Ref: "system", Dependencies: &[]string{}}}
	for _, m := range y.Members {
		part, err := m.Documents.cycloneDX()
		if err != nil {
			return nil, err
		}
		// A reference must be unique in the document, but two components may
		// contain the same package.
		prefix := m.ID + "/"
		self := *part.Metadata.Component
		self.BOMRef = "component:" + m.ID
		self.PackageURL = imagePURL(m.Image)
		self.Properties = &[]cyclonedx.Property{{Name: "seaworthy:component", Value: m.ID}}
		nested := []cyclonedx.Component{}
		if part.Components != nil {
			for _, c := range *part.Components {
				c.BOMRef = prefix + c.BOMRef
				nested = append(nested, c)
			}
		}
		self.Components = &nested
		components = append(components, self)
		*dependencies[0].Dependencies = append(*dependencies[0].Dependencies, self.BOMRef)
		if part.Dependencies == nil {
			continue
		}
		for _, d := range *part.Dependencies {
			to := []string{}
			if d.Dependencies != nil {
				for _, r := range *d.Dependencies {
					to = append(to, prefix+r)
				}
			}
			dependencies = append(dependencies, cyclonedx.Dependency{Ref: prefix + d.Ref, Dependencies: &to})
		}
	}
	bom.Components = &components
	bom.Dependencies = &dependencies
	return encodeCycloneDX(bom)
}
