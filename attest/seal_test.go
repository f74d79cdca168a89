package attest_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ggcr "github.com/google/go-containerregistry/pkg/v1/layout"
	provenancepb "github.com/in-toto/attestation/go/predicates/provenance/v1"
	testresultpb "github.com/in-toto/attestation/go/predicates/test_result/v0"
	vsapb "github.com/in-toto/attestation/go/predicates/vsa/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// stems of the sealtest image.
func stems() map[string]string {
	all := statement.ImageStems()
	for _, c := range []string{"kernel", "init-000", "services-nginx"} {
		maps.Copy(all, statement.ComponentStems(c))
	}
	return all
}

// sigstore-go, which is independent of our code, verifies every bundle and its
// subjects. The payloads match the types of in-toto's own library.
func TestBundlesAreStandard(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	img := sealtest.New("demo")
	img.Now, img.Decision.Date = "", ""
	dir := img.Seal(t, s)
	verifier, err := signature.LoadVerifier(s.PublicKey(), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
	})
	sv, err := sigstore.NewVerifier(material, sigstore.WithNoObserverTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(dir, statement.Dir)); len(got) != len(stems()) {
		t.Errorf("attestations are %v", got)
	}
	for stem, predicateType := range stems() {
		b, err := bundle.LoadJSONFromPath(filepath.Join(dir, statement.BundlePath(stem)))
		if err != nil {
			t.Fatal(err)
		}
		check := func(content string) error {
			_, err := sv.Verify(b, sigstore.NewPolicy(sigstore.WithArtifact(strings.NewReader(content)), sigstore.WithKey()))
			return err
		}
		if !strings.HasPrefix(stem, statement.ComponentPrefix) {
			for _, content := range []string{"kernel of demo", "initrd of demo", "console=ttyS0 quiet"} {
				if err := check(content); err != nil {
					t.Errorf("%s: sigstore-go refuses %q: %v", stem, content, err)
				}
			}
		}
		if check("kernel of evil") == nil {
			t.Errorf("%s: sigstore-go accepts another file", stem)
		}
		payload := b.GetDsseEnvelope().GetPayload()
		var st intoto.Statement
		if err := protojson.Unmarshal(payload, &st); err != nil {
			t.Fatalf("%s: %v", stem, err)
		}
		if err := st.Validate(); err != nil || st.PredicateType != predicateType {
			t.Errorf("%s: statement of type %s is not valid: %v", stem, st.PredicateType, err)
		}
		checkPredicate(t, stem, payload)
	}
}

// checkPredicate reads a predicate with the types of its standard. Members that
// these types do not have are our extensions.
func checkPredicate(t *testing.T, stem string, payload []byte) {
	t.Helper()
	var st struct{ Predicate json.RawMessage }
	if err := json.Unmarshal(payload, &st); err != nil {
		t.Fatal(err)
	}
	opts := protojson.UnmarshalOptions{DiscardUnknown: true}
	switch stem {
	case "provenance":
		var p provenancepb.Provenance
		if err := protojson.Unmarshal(st.Predicate, &p); err != nil {
			t.Fatal(err)
		}
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		var deps []string
		for _, d := range p.BuildDefinition.ResolvedDependencies {
			deps = append(deps, d.Name)
		}
		if want := []string{"component:kernel", "component:init/000", "component:services/nginx", "file:etc/motd", "policy", "lock", "waivers"}; !slices.Equal(deps, want) {
			t.Errorf("dependencies %v, want %v", deps, want)
		}
		var by []string
		for _, d := range p.RunDetails.Byproducts {
			by = append(by, d.Name)
		}
		if len(by) != 10 || !slices.IsSorted(by) || !slices.Contains(by, "decision.json") || !slices.Contains(by, "report.html") {
			t.Errorf("byproducts %v", by)
		}
	case "vsa":
		var p vsapb.VerificationSummary
		if err := opts.Unmarshal(st.Predicate, &p); err != nil {
			t.Fatal(err)
		}
		if p.VerificationResult != "PASSED" || p.Verifier.Id != statement.BuilderID || p.Policy.Uri != "seaworthy:policy/hardened" ||
			"sha256:"+p.Policy.Digest["sha256"] != sealtest.Digest("hardened") || len(p.InputAttestations) != 3 ||
			!slices.Equal(p.VerifiedLevels, []string{"SEAWORTHY_HARDENED"}) || !strings.HasPrefix(p.ResourceUri, "pkg:oci/demo@sha256%3A") {
			t.Errorf("summary %v", &p)
		}
		if p.TimeVerified != nil {
			t.Errorf("a time that was not given: %v", p.TimeVerified)
		}
	case "test-result":
		var p testresultpb.TestResult
		if err := opts.Unmarshal(st.Predicate, &p); err != nil {
			t.Fatal(err)
		}
		if p.Result != "WARNED" || len(p.PassedTests) != 1 || len(p.WarnedTests) != 1 || len(p.Configuration) != 1 {
			t.Errorf("test result %v", &p)
		}
	default:
		// The embedded document keeps the order of its members.
		if !bytes.Contains(st.Predicate, []byte(`"spdxVersion":"SPDX-2.3","SPDXID"`)) && !bytes.Contains(st.Predicate, []byte(`"bomFormat":"CycloneDX","specVersion"`)) {
			t.Errorf("%s: predicate %.80s", stem, st.Predicate)
		}
	}
}

// The same image and key give the same bytes, including signatures. Another key
// changes the bundles and the files that contain their digests, but no payload.
func TestReproducible(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	first, again := snapshot(t, sealtest.New("demo").Seal(t, s)), snapshot(t, sealtest.New("demo").Seal(t, s))
	if !maps.Equal(first, again) {
		for path, content := range first {
			if again[path] != content {
				t.Errorf("%s differs", path)
			}
		}
		t.Errorf("%d files, then %d", len(first), len(again))
	}
	other := snapshot(t, sealtest.New("demo").Seal(t, sealtest.Signer(t)))
	for path, content := range first {
		if !strings.HasPrefix(path, statement.Dir) {
			continue
		}
		if content == other[path] {
			t.Errorf("%s is the same under another key", path)
		}
		if payload(t, content) != payload(t, other[path]) {
			t.Errorf("%s has another payload under another key", path)
		}
	}
}

func payload(t *testing.T, raw string) string {
	t.Helper()
	var b struct{ DSSEEnvelope struct{ Payload string } }
	if err := json.Unmarshal([]byte(raw), &b); err != nil || b.DSSEEnvelope.Payload == "" {
		t.Fatalf("bundle %.80s, %v", raw, err)
	}
	return b.DSSEEnvelope.Payload
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, path))
		out[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		epoch     int64
		now, want string
	}{
		{0, "", ""},
		{1767323045, "", `"timeVerified":"2026-01-02T03:04:05Z"`},
		{0, "2026-02-03T04:05:06Z", `"timeVerified":"2026-02-03T04:05:06Z"`},
		{1767323045, "2026-02-03T04:05:06Z", `"timeVerified":"2026-02-03T04:05:06Z"`},
	} {
		in := sealtest.New("demo").Write(t, t.TempDir())
		in.Parameters.SourceDateEpoch, in.Parameters.Now = tt.epoch, tt.now
		want := tt.want
		if err := attest.Seal(t.Context(), in, sealtest.Signer(t)); err != nil {
			t.Fatal(err)
		}
		b, err := bundle.LoadJSONFromPath(filepath.Join(in.Dir, statement.BundlePath("vsa")))
		if err != nil {
			t.Fatal(err)
		}
		p := string(b.GetDsseEnvelope().GetPayload())
		if !strings.Contains(p, want) || strings.Contains(p, "timeVerified") != (want != "") {
			t.Errorf("at %d, %q: %s", tt.epoch, tt.now, p)
		}
	}
}

// A digest that is known is sealed as it is: a file that changes after it was written
// does not match its seal.
func TestWritten(t *testing.T) {
	t.Parallel()
	for _, changed := range []bool{false, true} {
		in := sealtest.New("demo").Write(t, t.TempDir())
		name := in.Files[0]
		content, err := os.ReadFile(filepath.Join(in.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		in.Written = map[string]string{name: digests.Of(content)}
		if changed {
			content[0]++
			if err := os.WriteFile(filepath.Join(in.Dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var sealed string
		in.Hashed = func(f layout.File) {
			if f.Path == name {
				sealed = f.Digest
			}
		}
		if err := attest.Seal(t.Context(), in, sealtest.Signer(t)); err != nil {
			t.Fatal(err)
		}
		if sealed != in.Written[name] {
			t.Errorf("sealed as %q, and written as %q", sealed, in.Written[name])
		}
	}
}

// readLayout reads the index of an OCI layout with an independent reader.
func readLayout(t *testing.T, dir string) (ggcr.Path, *v1.IndexManifest) {
	t.Helper()
	p, err := ggcr.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	im, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return p, im
}

// An independent reader of OCI layouts finds the artifact and its referrers,
// and every blob under its digest.
func TestLayout(t *testing.T) {
	t.Parallel()
	dir := sealtest.New("demo").Seal(t, sealtest.Signer(t))
	p, im := readLayout(t, filepath.Join(dir, layout.Dir))
	artifact := im.Manifests[0]
	if artifact.Annotations["org.opencontainers.image.ref.name"] != "demo" || artifact.ArtifactType != layout.ArtifactType {
		t.Errorf("first manifest is %+v", artifact)
	}
	var titles []string
	types := map[string]int{}
	for _, d := range im.Manifests {
		raw, err := p.Bytes(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if h, _, _ := v1.SHA256(bytes.NewReader(raw)); h != d.Digest || int64(len(raw)) != d.Size {
			t.Errorf("manifest %s has digest %s and size %d", d.Digest, h, len(raw))
		}
		m, err := v1.ParseManifest(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range append(m.Layers, m.Config) {
			blob, err := p.Bytes(l.Digest)
			if h, _, _ := v1.SHA256(bytes.NewReader(blob)); err != nil || h != l.Digest || int64(len(blob)) != l.Size {
				t.Errorf("blob %s: digest %s, size %d, %v", l.Digest, h, len(blob), err)
			}
		}
		if d.Digest == artifact.Digest {
			for _, l := range m.Layers {
				titles = append(titles, l.Annotations["org.opencontainers.image.title"])
			}
			continue
		}
		if m.Subject == nil || m.Subject.Digest != artifact.Digest || m.Subject.Size != artifact.Size || d.ArtifactType != statement.BundleMediaType ||
			len(m.Layers) != 1 || string(m.Layers[0].MediaType) != statement.BundleMediaType {
			t.Errorf("referrer %s is %s", d.Digest, raw)
		}
		if _, timed := m.Annotations["org.opencontainers.image.created"]; timed {
			t.Errorf("referrer %s has a time", d.Digest)
		}
		types[m.Annotations["dev.sigstore.bundle.predicateType"]]++
	}
	if !slices.Equal(titles, []string{"demo-cmdline", "demo-initrd.img", "demo-kernel"}) {
		t.Errorf("artifact has %v", titles)
	}
	if want := map[string]int{statement.SPDX: 4, statement.CycloneDX: 4, statement.Provenance: 1, statement.Summary: 1, statement.TestResult: 1}; !maps.Equal(types, want) {
		t.Errorf("referrers %v, want %v", types, want)
	}
	// The disk holds the image's files once.
	one, err1 := os.Stat(filepath.Join(dir, "demo-kernel"))
	two, err2 := os.Stat(filepath.Join(dir, "oci/blobs/sha256", strings.TrimPrefix(sealtest.Digest("kernel of demo"), "sha256:")))
	if errors.Join(err1, err2) != nil || !os.SameFile(one, two) {
		t.Errorf("the kernel is stored twice: %v %v", err1, err2)
	}
}

// A volume without an image has no bill of materials, because it brings no
// files.
func TestBlankVolume(t *testing.T) {
	t.Parallel()
	in := sealtest.New("demo").Write(t, t.TempDir())
	in.System.Components = append(in.System.Components, &system.Component{Section: system.SectionVolumes, Name: "data", Volume: &system.Volume{Format: "filesystem"}})
	if err := attest.Seal(t.Context(), in, sealtest.Signer(t)); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(in.Dir, statement.Dir)); len(got) != len(stems()) {
		t.Errorf("attestations are %v", got)
	}
}

func TestUnsigned(t *testing.T) {
	t.Parallel()
	dir := sealtest.New("demo").Seal(t, nil)
	if _, err := os.Stat(filepath.Join(dir, statement.Dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an unsigned image has attestations: %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "oci/index.json"))
	if err != nil || strings.Count(string(raw), `"digest"`) != 1 {
		t.Errorf("index %s, %v", raw, err)
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, in *attest.Input)
		want   string
	}{
		{"no files", func(_ *testing.T, in *attest.Input) { in.Files = nil }, "no files"},
		{"no name", func(_ *testing.T, in *attest.Input) { in.Name = "" }, "no name"},
		{"no folder", func(_ *testing.T, in *attest.Input) { in.Dir += "/nothing" }, "nothing"},
		{"a missing file", func(_ *testing.T, in *attest.Input) { in.Files = append(in.Files, "demo-x") }, `"demo-x" is missing`},
		{"a file outside", func(_ *testing.T, in *attest.Input) { in.Files = append(in.Files, "../x") }, `"../x"`},
		{"a link", func(t *testing.T, in *attest.Input) {
			if err := os.Symlink("/etc/passwd", filepath.Join(in.Dir, "demo-link")); err != nil {
				t.Fatal(err)
			}
		}, "demo-link is not a regular file"},
		{"a seal that is there", func(t *testing.T, in *attest.Input) {
			if err := os.Mkdir(filepath.Join(in.Dir, layout.Dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "has a seal"},
		{"no decision", func(_ *testing.T, in *attest.Input) { in.Decision = nil }, "requires the system and its decision"},
		{"another decision", func(_ *testing.T, in *attest.Input) {
			d := *in.Decision
			d.Verdict = decision.Deny
			in.Decision = &d
		}, "decision.json differs from the decision"},
		{"another lock", func(_ *testing.T, in *attest.Input) { in.LockDigest = sealtest.Digest("x") }, "lock"},
		{"a component without bill of materials", func(_ *testing.T, in *attest.Input) { in.Documents = in.Documents[:2] }, "component services/nginx has no bill of materials"},
		{"a bill of another image", func(_ *testing.T, in *attest.Input) { in.Documents[0].Digest = sealtest.Digest("x") }, "bill of materials of kernel is for image"},
		{"one bill for two", func(_ *testing.T, in *attest.Input) { in.Documents[0].SPDXPath = in.SPDXPath }, "is used for two statements, spdx and component-kernel.spdx"},
		{"no bill for the image", func(_ *testing.T, in *attest.Input) { in.SPDXPath = "" }, `document "." is not in the image folder`},
		{"a bill outside", func(_ *testing.T, in *attest.Input) { in.SPDXPath = "/etc/passwd" }, "is not in the image folder"},
		{"a bill of materials that is not JSON", func(t *testing.T, in *attest.Input) {
			if err := os.WriteFile(filepath.Join(in.Dir, in.SPDXPath), []byte("hi"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "is not a JSON object"},
		{"a component without image", func(_ *testing.T, in *attest.Input) { in.System.Components[0].Image = nil }, "component kernel has no image"},
		{"a bad digest", func(_ *testing.T, in *attest.Input) { in.System.Sources[0].Digest = "md5:00" }, "os.yml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := sealtest.New("demo").Write(t, t.TempDir())
			tt.change(t, &in)
			if err := attest.Seal(t.Context(), in, s); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := attest.Seal(ctx, sealtest.New("demo").Write(t, t.TempDir()), s); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
