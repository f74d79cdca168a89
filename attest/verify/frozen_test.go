package verify_test

import (
	"crypto"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/frozentest"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

var freezeKind = flag.String("freeze-kind", "countersigned", "kind of the new seals: countersigned, policies or keyless")

// frozen is a sealed folder as one text file, with what must be found in it.
type frozen struct {
	// Keys are the public keys in PEM form, by name.
	Keys map[string]string `json:"keys,omitempty"`
	// TrustedRoot and Identity are those of a seal that an identity signed.
	TrustedRoot string            `json:"trustedRoot,omitempty"`
	Identity    *keyless.Identity `json:"identity,omitempty"`
	// Refused is part of the reason if today's verifier refuses this seal.
	Refused string `json:"refused,omitempty"`
	// Signers is how many signers the seal has, and Policy the passed policy. Registers
	// are the predicted registers of a TPM.
	Signers   int               `json:"signers,omitempty"`
	Policy    string            `json:"policy,omitempty"`
	Registers map[string]string `json:"registers,omitempty"`
	// Files are texts by path. Links are paths of other files with the same bytes.
	Files map[string]string `json:"files"`
	Links map[string]string `json:"links"`
	// Opinion is a second opinion by the key "second", "" if there is none.
	Opinion string `json:"opinion,omitempty"`
	// Folder is the manifest that push writes for the folder, "" if it is unknown.
	Folder string `json:"folder,omitempty"`
}

// TestFrozen verifies the seals of each format that was ever written. A
// person who has such an image can verify it with each later version.
func TestFrozen(t *testing.T) {
	t.Parallel()
	if *frozentest.Name != "" {
		frozentest.Write(t, *frozentest.Name+".json", newFrozen(t))
	}
	frozentest.Each(t, "*.json", func(t *testing.T, f *frozen, _ []byte) {
		t.Parallel()
		f.verify(t)
	})
}

func (f *frozen) verify(t *testing.T) {
	dir := t.TempDir()
	for path, text := range f.Files {
		put(t, filepath.Join(dir, path), []byte(text))
	}
	for path, to := range f.Links {
		put(t, filepath.Join(dir, path), []byte(f.Files[to]))
	}
	keys := map[string]crypto.PublicKey{}
	p := verify.Policy{Now: now}
	for name, text := range f.Keys {
		key, err := verify.ParseKey([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
		p.Keys = append(p.Keys, key)
	}
	if f.Identity != nil {
		k, err := keyless.New([]byte(f.TrustedRoot), *f.Identity)
		if err != nil {
			t.Fatal(err)
		}
		// It was signed when it was frozen, and verify refuses what was signed later than now.
		p.Authorities, p.Now = []verify.Authority{{Name: "ci", Keyless: k}}, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	v, err := verify.New(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Dir(dir)
	if f.Refused != "" {
		if err == nil || !errors.Is(err, verify.ErrRefused) || !strings.Contains(err.Error(), f.Refused) {
			t.Errorf("error %v, want refused with %q", err, f.Refused)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Signers) != f.Signers || r.Summary.Policy != f.Policy || !maps.Equal(r.Registers, f.Registers) {
		t.Errorf("signers %q, policy %s, registers %v", r.Signers, r.Summary.Policy, r.Registers)
	}
	one, err := v.File(filepath.Join(dir, "demo-kernel"), "")
	if err != nil {
		t.Fatal(err)
	}
	one.Close()
	if f.Opinion != "" {
		path := filepath.Join(t.TempDir(), "opinion.sigstore.json")
		put(t, path, []byte(f.Opinion))
		second, err := verify.New(verify.Policy{Keys: []crypto.PublicKey{keys["opinion"]}, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := second.Opinion(path, r); err != nil {
			t.Errorf("second opinion: %v", err)
		}
	}
	if f.Folder != "" {
		artifact, err := os.ReadFile(filepath.Join(dir, layout.Dir, "blobs/sha256", digests.Hex(r.Artifact)))
		if err != nil {
			t.Fatal(err)
		}
		list, err := layout.ParseArtifact(artifact)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := layout.ParseFolder([]byte(f.Folder), r.Artifact, list); err != nil {
			t.Errorf("manifest of the folder: %v", err)
		}
	}
}

// newFrozen freezes a new seal, by default one with all kinds of files.
func newFrozen(t *testing.T) *frozen {
	t.Helper()
	switch *freezeKind {
	case "policies":
		return newPolicies(t)
	case "keyless":
		return newKeyless(t)
	}
	first, second, third := sealtest.Signer(t), sealtest.Signer(t), sealtest.Signer(t)
	from, dir := sealtest.New("demo").Seal(t, first), t.TempDir()
	payload := readBundle(t, from, "provenance").DSSEEnvelope.Payload
	if err := attest.Countersign(t.Context(), from, dir, payload, second); err != nil {
		t.Fatal(err)
	}
	f := &frozen{Keys: map[string]string{"build": sealtest.PublicPEM(t, first.PublicKey()), "second": sealtest.PublicPEM(t, second.PublicKey()), "opinion": sealtest.PublicPEM(t, third.PublicKey())},
		Signers: 2, Policy: "hardened", Files: map[string]string{}, Links: map[string]string{}}
	f.read(t, dir)

	v := verifier(t, first)
	p, err := v.Provenance(filepath.Join(dir, statement.BundlePath("provenance")))
	if err != nil {
		t.Fatal(err)
	}
	predicate, err := statement.Opinion("test", p.Name, p.Artifact, p.Digest, "2026-01-03T00:00:00Z", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	opinion, err := attest.SignOpinion(t.Context(), p.Subject, predicate, third)
	if err != nil {
		t.Fatal(err)
	}
	f.Opinion = string(opinion)

	sealed, _, err := layout.Parse(func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, layout.Dir, path)) })
	if err != nil {
		t.Fatal(err)
	}
	sealed.Decided = "2026-01-02"
	for path, digest := range p.Byproducts {
		sealed.Others = append(sealed.Others, layout.File{Path: path, Digest: digest, Size: int64(len(f.Files[path]))})
	}
	folder, err := sealed.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	f.Folder = string(folder)
	return f
}

// newPolicies freezes a seal that passed several policies, with predicted registers.
func newPolicies(t *testing.T) *frozen {
	t.Helper()
	img, dir, s := sealtest.New("demo"), filepath.Join(t.TempDir(), "demo"), sealtest.Signer(t)
	img.Decision.Policy.Name, img.Decision.Policy.Digest = "hardened+dir:ours", sealtest.Digest("both")
	img.Decision.Policy.Parts = []decision.PolicyPart{
		{Name: "hardened", Source: decision.SourceBuiltin, Digest: sealtest.Digest("hardened")},
		{Name: "dir:ours", Source: decision.SourceDir, Digest: sealtest.Digest("ours")},
	}
	registers := map[string]string{"pcr4": strings.Repeat("04", 32), "pcr11": strings.Repeat("11", 32)}
	img.Others[statement.MeasurementsFile] = "{}\n"
	in := img.Write(t, dir)
	in.Registers = registers
	if err := attest.Seal(t.Context(), in, s); err != nil {
		t.Fatal(err)
	}
	f := &frozen{Keys: map[string]string{"build": sealtest.PublicPEM(t, s.PublicKey())}, Signers: 1, Policy: img.Decision.Policy.Name, Registers: registers,
		Files: map[string]string{}, Links: map[string]string{}}
	f.read(t, dir)
	return f
}

// newKeyless freezes a seal that an identity signed.
func newKeyless(t *testing.T) *frozen {
	t.Helper()
	dir, root := keylessImage(t)
	f := &frozen{TrustedRoot: string(root), Identity: &keyless.Identity{Issuer: sigstoretest.Issuer, Subject: sigstoretest.Person}, Signers: 1, Policy: "hardened",
		Files: map[string]string{}, Links: map[string]string{}}
	f.read(t, dir)
	return f
}

// read reads a folder. Files with the same bytes are links.
func (f *frozen) read(t *testing.T, dir string) {
	t.Helper()
	seen := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		if old, ok := seen[string(raw)]; ok {
			f.Links[path] = old
			return nil
		}
		seen[string(raw)] = path
		f.Files[path] = string(raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFreezeOld writes a frozen seal from a folder of an older version:
// SEAWORTHY_FREEZE=DIR with DIR.pub beside it, and -freeze NAME.
func TestFreezeOld(t *testing.T) {
	dir := os.Getenv("SEAWORTHY_FREEZE")
	if dir == "" {
		t.Skip("skipped: it writes a fixture, and is used once for each old format")
	}
	pub, err := os.ReadFile(dir + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	f := &frozen{Keys: map[string]string{"build": string(pub)}, Signers: 1, Policy: "hardened", Files: map[string]string{}, Links: map[string]string{}}
	f.read(t, dir)
	if text := os.Getenv("SEAWORTHY_REFUSED"); text != "" {
		f.Refused, f.Signers, f.Policy = text, 0, ""
	}
	frozentest.Write(t, *frozentest.Name+".json", f)
}

// Each version of a format is frozen: a new one needs a new file in testdata/frozen.
func TestFormatsAreFrozen(t *testing.T) {
	t.Parallel()
	var all, types []string
	frozentest.Each(t, "*.json", func(t *testing.T, f *frozen, raw []byte) {
		all = append(all, string(raw))
		for path, text := range f.Files {
			if payload, _, err := verify.OpenBundle([]byte(text)); err == nil {
				s, err := statement.Parse(payload)
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				types = append(types, s.PredicateType) // payloads are base64
			}
		}
	})
	text := strings.Join(all, "\n")
	for _, format := range []string{
		statement.BundleMediaType, layout.ArtifactType, layout.FolderType, layout.FileMediaType, `\"schemaVersion\": 1`,
		statement.CountersignaturePrefix, statement.PayloadType, "tlogEntries", "rfc3161Timestamps",
	} {
		if !strings.Contains(text, format) {
			t.Errorf("no frozen seal has %q: run this test with -run TestFrozen -freeze NAME", format)
		}
	}
	for _, one := range []string{statement.SPDX, statement.CycloneDX, statement.Provenance, statement.Summary, statement.TestResult} {
		if !slices.Contains(types, one) {
			t.Errorf("no frozen seal has a statement of type %s", one)
		}
	}
}
