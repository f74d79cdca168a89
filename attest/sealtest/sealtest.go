// Package sealtest makes small images for tests: a folder of files with bills
// of materials and a decision, ready to be sealed.
package sealtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Image is an image that a test may change before sealing it.
type Image struct {
	Name string
	// Files of the image, and Others in its folder: contents by path.
	Files, Others map[string]string
	System        *system.OS
	Decision      *decision.Decision
	LockDigest    string
	// Epoch is SOURCE_DATE_EPOCH, and Now the time of --now; 0 and "" mean
	// none.
	Epoch int64
	Now   string
}

// New is an image with a kernel, an init, a service and a waived finding. It
// passed policy hardened, and its waiver is valid until 2030-06-30.
func New(name string) *Image {
	img := &Image{
		Name: name,
		Files: map[string]string{
			name + "-kernel":     "kernel of " + name,
			name + "-initrd.img": "initrd of " + name,
			name + "-cmdline":    "console=ttyS0 quiet",
		},
		Others:     map[string]string{"report.html": "<html>" + name + "</html>"},
		LockDigest: Digest("os.lock.json"),
		Now:        "2026-01-02T03:04:05Z",
	}
	img.System = &system.OS{
		Name: name, Arch: "amd64",
		Sources: []system.Source{{Path: "os.yml", Digest: Digest("os.yml")}},
		Components: []*system.Component{
			component(system.SectionKernel, "kernel", 0),
			component(system.SectionInit, "000", 0),
			component(system.SectionServices, "nginx", 0),
		},
		Files: []system.File{
			{Path: "etc/motd", Type: system.TypeFile, Source: "motd", Digest: Digest("motd")},
			{Path: "etc/issue", Type: system.TypeFile, Contents: []byte("hi"), Digest: Digest("hi")},
		},
	}
	img.System.Kernel.Component = img.System.Components[0]
	waiver := &decision.Waiver{
		Rule: "KRN-007", Resource: "kernel:CONFIG_X", Reason: "not in Debian's kernel", Owner: "kernel team",
		Expires: "2030-06-30", Used: true,
	}
	img.Decision = &decision.Decision{
		SchemaVersion: decision.SchemaVersion, Verdict: decision.Pass,
		System: decision.System{
			Name: name, Arch: "amd64", LockDigest: img.LockDigest,
			Sources: []decision.Source{{Path: "os.yml", Digest: Digest("os.yml")}},
		},
		Tool:   decision.Tool{Name: "seaworthy", Version: "test"},
		Policy: decision.Policy{Name: "hardened", Digest: Digest("hardened"), Rules: 3},
		FailOn: "low", Date: "2026-01-02",
		Findings: []decision.Finding{
			{ID: "CAP-001", State: decision.StatePass, Severity: decision.High, Resource: "component:services/nginx", Key: "caps"},
			{ID: "KRN-007", State: decision.StateWaived, Severity: decision.Medium, Resource: "kernel:CONFIG_X", Actual: 3, Waiver: waiver},
			{ID: "SYS-002", State: decision.StateNotApplicable, Severity: decision.Low, Resource: "image:" + name},
		},
		Waivers:       []decision.Waiver{*waiver},
		WaiversDigest: Digest("waivers.yml"),
	}
	for _, c := range img.System.Components {
		img.Decision.System.Components = append(img.Decision.System.Components,
			decision.Component{ID: c.ID(), Image: c.Image.Name, Digest: c.Image.Digest})
	}
	return img
}

func component(section system.Section, name string, index int) *system.Component {
	return &system.Component{Section: section, Name: name, Index: index, Image: &system.Image{
		Reference: "seaworthy/" + name + ":1.0", Name: "docker.io/seaworthy/" + name + ":1.0",
		Digest: Digest("index of " + name), Manifest: Digest("manifest of " + name),
		MediaType: "application/vnd.oci.image.manifest.v1+json",
	}}
}

// Write writes the image's folder into dir and returns the input for its seal.
func (img *Image) Write(t testing.TB, dir string) attest.Input {
	t.Helper()
	in := attest.Input{
		Dir: dir, Name: img.Name, Arch: "amd64", System: img.System, Decision: img.Decision,
		LockDigest: img.LockDigest, BuilderVersion: "test",
		Parameters: statement.Parameters{Format: []string{"kernel+initrd"}, FailOn: img.Decision.FailOn, Locked: img.LockDigest != "",
			SourceDateEpoch: img.Epoch, Now: img.Now},
		SPDXPath: "sbom/" + img.Name + ".spdx.json", CycloneDXPath: "sbom/" + img.Name + ".cdx.json",
	}
	for path, content := range img.Files {
		write(t, filepath.Join(dir, path), content)
		in.Files = append(in.Files, path)
	}
	for path, content := range img.Others {
		write(t, filepath.Join(dir, path), content)
	}
	bom(t, dir, in.SPDXPath, in.CycloneDXPath, img.Name)
	for _, c := range img.System.Components {
		stem := "sbom/components/" + c.FileStem()
		bom(t, dir, stem+".spdx.json", stem+".cdx.json", c.ID())
		in.Documents = append(in.Documents, attest.Document{
			ID: c.ID(), FileStem: c.FileStem(), Digest: c.Image.Manifest,
			SPDXPath: stem + ".spdx.json", CycloneDXPath: stem + ".cdx.json",
		})
	}
	img.Decision.Summary = decision.Count(img.Decision.Findings)
	raw, err := json.MarshalIndent(img.Decision, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "decision.json"), string(raw)+"\n")
	return in
}

// Seal writes the image into a new folder, seals it and returns the folder.
func (img *Image) Seal(t testing.TB, signer attest.Signer) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), img.Name)
	if err := attest.Seal(t.Context(), img.Write(t, dir), signer); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Signer makes a signer with a new key.
func Signer(t testing.TB) *attest.KeySigner {
	t.Helper()
	s, _ := SignerWithKey(t)
	return s
}

// SignerWithKey makes a signer with a new key, and returns both.
func SignerWithKey(t testing.TB) (*attest.KeySigner, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := attest.NewKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := attest.NewSigner(k)
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

// PublicPEM is the file of a public key.
func PublicPEM(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// Digest is sha256:HEX of a text.
func Digest(s string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s))) }

// bom writes two bills of materials, in the layout of their formats.
func bom(t testing.TB, dir, spdx, cyclonedx, name string) {
	t.Helper()
	write(t, filepath.Join(dir, spdx), fmt.Sprintf(`{
 "spdxVersion": "SPDX-2.3",
 "SPDXID": "SPDXRef-DOCUMENT",
 "dataLicense": "CC0-1.0",
 "name": %q,
 "documentNamespace": "https://example.org/%s",
 "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: <test> & co"]},
 "packages": []
}
`, name, strings.ReplaceAll(name, "/", "-")))
	write(t, filepath.Join(dir, cyclonedx), fmt.Sprintf(`{
 "bomFormat": "CycloneDX",
 "specVersion": "1.6",
 "version": 1,
 "metadata": {"component": {"type": "operating-system", "name": %q}}
}
`, name))
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
