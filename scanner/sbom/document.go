package sbom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/anchore/packageurl-go"
	"github.com/anchore/syft/syft/format/common/cyclonedxhelpers"
	"github.com/anchore/syft/syft/format/common/spdxhelpers"
	"github.com/anchore/syft/syft/source"
	"github.com/google/uuid"
	"github.com/spdx/tools-golang/spdx"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Namespace is the prefix of the SPDX document namespaces. The URI need not
// exist: SPDX requires a URI that is unique for each document.
const Namespace = "https://github.com/seaworthy-os/seaworthy/sbom/"

// Stamp is the metadata about the creation of documents. Equal stamps and equal
// contents give equal bytes.
type Stamp struct {
	// Created is the creation time in the documents; the zero time is 1970.
	Created time.Time
	// Version of this program.
	Version string
}

func (s Stamp) time() string {
	t := s.Created
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}

// describe is the image as syft's source. It leaves out where the image was
// found, so that two scans of the same bytes are equal.
func describe(img *system.Image) source.Description {
	layers := make([]source.LayerMetadata, 0, len(img.Layers))
	for _, l := range img.Layers {
		layers = append(layers, source.LayerMetadata{MediaType: l.MediaType, Digest: l.DiffID, Size: l.Size})
	}
	return source.Description{
		ID:      digests.Hex(img.Manifest),
		Name:    repository(img.Name),
		Version: img.Manifest,
		Metadata: source.ImageMetadata{
			UserInput: img.Name, ID: img.Config.Digest, ManifestDigest: img.Manifest, MediaType: img.MediaType,
			Size: img.Size, Layers: layers, Architecture: img.Config.Architecture, Variant: img.Config.Variant,
			OS: img.Config.OS, Labels: img.Config.Labels,
		},
	}
}

// repository is a full reference without tag and digest.
func repository(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name
}

// tag is the tag of a full reference, "" without one.
func tag(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[i+1:]
	}
	return ""
}

// imagePURL is the image as a package URL of type "oci": the last element of
// the repository, the digest, and the registry.
func imagePURL(img *system.Image) string {
	repo := repository(img.Name)
	q := map[string]string{"repository_url": repo}
	if img.Config.Architecture != "" {
		q["arch"] = img.Config.Architecture
	}
	if t := tag(img.Name); t != "" {
		q["tag"] = t
	}
	name := repo[strings.LastIndexByte(repo, '/')+1:]
	return packageurl.NewPackageURL(packageurl.TypeOCI, "", strings.ToLower(name), img.Manifest, packageurl.QualifiersFromMap(q), "").ToString()
}

// Documents are the documents of one image, in SPDX 2.3 and CycloneDX 1.6.
type Documents struct {
	SPDX      []byte `json:"spdx"`
	CycloneDX []byte `json:"cycloneDX"`
}

// Documents writes the documents.
func (v *Inventory) Documents(s Stamp) (*Documents, error) {
	var d Documents
	var err error
	if d.SPDX, err = v.SPDX(s); err != nil {
		return nil, err
	}
	d.CycloneDX, err = v.CycloneDX(s)
	return &d, err
}

// spdx and cycloneDX read the documents back.
func (d *Documents) spdx() (*spdx.Document, error) {
	doc := &spdx.Document{}
	if err := json.Unmarshal(d.SPDX, doc); err != nil {
		return nil, fmt.Errorf("the stored SPDX document cannot be read: %w", err)
	}
	return doc, nil
}

func (d *Documents) cycloneDX() (*cyclonedx.BOM, error) {
	bom := cyclonedx.NewBOM()
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(d.CycloneDX), cyclonedx.BOMFileFormatJSON).Decode(bom); err != nil {
		return nil, fmt.Errorf("the stored CycloneDX document cannot be read: %w", err)
	}
	return bom, nil
}

// SPDX is the document of one image in SPDX 2.3.
func (v *Inventory) SPDX(s Stamp) ([]byte, error) { return encodeSPDX(v.spdx(s)) }

func (v *Inventory) spdx(s Stamp) *spdx.Document {
	doc := spdxhelpers.ToFormatModel(*v.SBOM)
	doc.DocumentName = v.Image.Name
	doc.DocumentNamespace = Namespace + "component/" + strings.ReplaceAll(v.Image.Manifest, ":", "-")
	doc.CreationInfo.Created = s.time()
	doc.CreationInfo.Creators = creators(s)
	if paths := v.UnreadablePaths(); len(paths) > 0 {
		doc.DocumentComment = "Files that could not be read: " + strings.Join(paths, " ")
	}
	for _, p := range doc.Packages {
		if strings.HasPrefix(string(p.PackageSPDXIdentifier), rootPrefix) {
			p.PackageExternalReferences = purlReference(imagePURL(v.Image))
		}
		if v.isKernel(p.PackageName, p.PackageVersion) {
			p.PackageChecksums = []spdx.Checksum{{Algorithm: spdx.SHA256, Value: digests.Hex(v.kernel.Digest)}}
		}
	}
	return doc
}

// isKernel reports whether the package is the kernel. The digest of its binary
// is known.
func (v *Inventory) isKernel(name, version string) bool {
	return v.kernel != nil && v.kernel.Digest != "" && name == KernelName && version == v.kernel.Version
}

// rootPrefix begins the id of the package that represents the image.
const rootPrefix = "DocumentRoot-"

func creators(s Stamp) []spdx.Creator {
	return []spdx.Creator{
		{CreatorType: "Tool", Creator: "seaworthy-" + version(s)},
		{CreatorType: "Tool", Creator: "syft-" + SyftVersion},
	}
}

func version(s Stamp) string {
	if s.Version == "" {
		return "unknown"
	}
	return s.Version
}

func purlReference(purl string) []*spdx.PackageExternalReference {
	return []*spdx.PackageExternalReference{{Category: "PACKAGE-MANAGER", RefType: "purl", Locator: purl}}
}

func encodeSPDX(doc *spdx.Document) ([]byte, error) {
	tidySPDX(doc)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("the SPDX document cannot be written: %w", err)
	}
	return b.Bytes(), nil
}

// CycloneDX is the document of one image in CycloneDX 1.6.
func (v *Inventory) CycloneDX(s Stamp) ([]byte, error) { return encodeCycloneDX(v.cycloneDX(s)) }

func (v *Inventory) cycloneDX(s Stamp) *cyclonedx.BOM {
	bom := cyclonedxhelpers.ToFormatModel(*v.SBOM)
	bom.SerialNumber = serial("component", v.Image.Manifest)
	bom.Metadata.Timestamp = s.time()
	bom.Metadata.Tools = tools(s)
	root := bom.Metadata.Component
	root.BOMRef = imagePURL(v.Image)
	root.PackageURL = root.BOMRef
	root.Hashes = hashes(v.Image.Manifest)
	for i, c := range *bom.Components {
		if v.isKernel(c.Name, c.Version) {
			(*bom.Components)[i].Hashes = hashes(v.kernel.Digest)
		}
	}
	return bom
}

// serial is a UUID (version 5), computed from a digest.
func serial(kind, digest string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(Namespace+kind+"/"+digest)).URN()
}

func tools(s Stamp) *cyclonedx.ToolsChoice {
	return &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{
		{Type: cyclonedx.ComponentTypeApplication, Name: "seaworthy", Version: version(s)},
		{Type: cyclonedx.ComponentTypeApplication, Author: "anchore", Name: "syft", Version: SyftVersion},
	}}
}

func hashes(digest string) *[]cyclonedx.Hash {
	if !digests.Valid(digest) {
		return nil
	}
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: digests.Hex(digest)}}
}

func encodeCycloneDX(bom *cyclonedx.BOM) ([]byte, error) {
	tidyCycloneDX(bom)
	var b bytes.Buffer
	enc := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON)
	enc.SetEscapeHTML(false)
	if err := enc.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("the CycloneDX document cannot be written: %w", err)
	}
	return b.Bytes(), nil
}
