package attest_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/trust"
)

// cosignEnv enables the tests that run the real cosign. Its value is the path
// of cosign. `make test-cosign` compiles the version of testdata/cosign/go.mod, and
// `make test-cosign3` that of testdata/cosign3/go.mod.
const cosignEnv = "SEAWORTHY_COSIGN"

type cosign struct{ program, trustedRoot string }

func newCosign(t *testing.T) *cosign {
	t.Helper()
	program := os.Getenv(cosignEnv)
	if program == "" {
		t.Skipf("the tests with the real cosign are not enabled: run `make test-cosign`, or set %s to the path of cosign v2.6.5 or v3.1.3", cosignEnv)
	}
	// cosign requires a trusted root for the new format of bundles, even an
	// empty one.
	c := &cosign{program: program, trustedRoot: filepath.Join(t.TempDir(), "tr.json")}
	root := `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`
	if err := os.WriteFile(c.trustedRoot, []byte(root), 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

// run returns cosign's output. It runs without a home folder.
func (c *cosign) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(c.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "COSIGN_PASSWORD=secret")
	cmd.Dir = t.TempDir()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func TestCosign(t *testing.T) {
	c := newCosign(t)
	t.Run("bundles and keys", c.testBundles)
	t.Run("referrers", c.testReferrers)
	t.Run("their bundles", c.testTheirBundles)
}

// testTheirBundles: the trust policy accepts a statement that cosign signed, for the
// image that it is about, and for no other.
func (c *cosign) testTheirBundles(t *testing.T) {
	dir := t.TempDir()
	key, file, out := filepath.Join(dir, "theirs"), filepath.Join(dir, "manifest.json"), filepath.Join(dir, "bundle.json")
	if text, err := c.run(t, "generate-key-pair", "--output-key-prefix", key); err != nil {
		t.Fatalf("cosign generate-key-pair: %v\n%s", err, text)
	}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const manifest = `{"schemaVersion":2}`
	write(file, manifest)
	write(filepath.Join(dir, "predicate.json"), `{"a":1}`)
	write(filepath.Join(dir, "trust.yml"), "authorities: [{name: theirs, key: theirs.pub, repositories: [\"*\"]}]\n")
	args := []string{"attest-blob", "--key", key + ".key", "--predicate", filepath.Join(dir, "predicate.json"), "--type", "https://example.org/x",
		"--bundle", out, "--new-bundle-format", "--tlog-upload=false", "--yes"}
	if _, err := c.run(t, append(args, file)...); err != nil {
		// By default, cosign v3 contacts Sigstore's services. This flag prevents that.
		if text, err := c.run(t, append(args, "--use-signing-config=false", file)...); err != nil {
			t.Fatalf("cosign attest-blob: %v\n%s", err, text)
		}
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	p, err := trust.Load(filepath.Join(dir, "trust.yml"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	a := trust.Attached{MediaType: statement.BundleMediaType, Data: raw}
	if got := p.Judge(trust.Image{Repository: "ghcr.io/org/app", Digests: []string{sealtest.Digest(manifest)}}, a); !got.Verified || got.Key != "theirs" {
		t.Errorf("cosign's statement: %+v", got)
	}
	if got := p.Judge(trust.Image{Repository: "ghcr.io/org/app", Digests: []string{sealtest.Digest("another")}}, a); got.Verified {
		t.Errorf("accepted for another image: %+v", got)
	}
}

// testBundles: cosign accepts our keys and bundles, and refuses unsigned ones.
// We accept cosign's keys.
func (c *cosign) testBundles(t *testing.T) {
	keys := t.TempDir()
	if err := attest.GenerateKey(keys, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	private, public := filepath.Join(keys, attest.PrivateKeyFile), filepath.Join(keys, attest.PublicKeyFile)
	s, err := attest.LoadSigner(private, password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	dir := sealtest.New("demo").Seal(t, s)
	evil := filepath.Join(t.TempDir(), "demo-kernel")
	if err := os.WriteFile(evil, []byte("kernel of evil"), 0o644); err != nil {
		t.Fatal(err)
	}
	verify := func(stem, predicateType, file string) (string, error) {
		return c.run(t, "verify-blob-attestation", "--key", public, "--bundle", filepath.Join(dir, statement.BundlePath(stem)),
			"--insecure-ignore-tlog", "--new-bundle-format", "--trusted-root", c.trustedRoot, "--type", predicateType, file)
	}
	for stem, predicateType := range statement.ImageStems() {
		for _, file := range []string{"demo-kernel", "demo-initrd.img", "demo-cmdline"} {
			if out, err := verify(stem, predicateType, filepath.Join(dir, file)); err != nil || !strings.Contains(out, "Verified OK") {
				t.Errorf("%s: cosign refuses %s: %v\n%s", stem, file, err, out)
			}
		}
		if out, err := verify(stem, predicateType, evil); err == nil {
			t.Errorf("%s: cosign accepts another kernel\n%s", stem, out)
		}
	}
	if out, err := verify("vsa", statement.Provenance, filepath.Join(dir, "demo-kernel")); err == nil {
		t.Errorf("cosign accepts a summary as provenance\n%s", out)
	}

	// An OpenVEX document about an image, by the digest of its manifest.
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(manifest, []byte(`{"schemaVersion":2}`), 0o644); err != nil {
		t.Fatal(err)
	}
	vex, err := attest.SignVEX(t.Context(), "docker.io/test/kernel", sealtest.Digest(`{"schemaVersion":2}`), []byte(`{"@context":"https://openvex.dev/ns/v0.2.0"}`), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, statement.BundlePath("vex")), vex.Bundle, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := verify("vex", "openvex", manifest); err != nil || !strings.Contains(out, "Verified OK") {
		t.Errorf("cosign refuses the VEX document: %v\n%s", err, out)
	}
	if out, err := verify("vex", "openvex", evil); err == nil {
		t.Errorf("cosign accepts the VEX document for another image\n%s", out)
	}

	out, err := c.run(t, "public-key", "--key", private)
	want, rerr := os.ReadFile(public)
	if err != nil || rerr != nil || !strings.Contains(out, string(want)) {
		t.Errorf("cosign's public key for our key: %v %v\n%s", err, rerr, out)
	}
	prefix := filepath.Join(t.TempDir(), "theirs")
	if out, err := c.run(t, "generate-key-pair", "--output-key-prefix", prefix); err != nil {
		t.Fatalf("cosign generate-key-pair: %v\n%s", err, out)
	}
	if _, err := attest.LoadSigner(prefix+".key", password("secret")); err != nil {
		t.Errorf("cosign's own key: %v", err)
	}
}

// testReferrers: the layout, copied to a registry unchanged, is an artifact
// with attestations that cosign finds and verifies.
func (c *cosign) testReferrers(t *testing.T) {
	keys := t.TempDir()
	if err := attest.GenerateKey(keys, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	s, err := attest.LoadSigner(filepath.Join(keys, attest.PrivateKeyFile), password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	dir := sealtest.New("demo").Seal(t, s)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true)))
	defer server.Close()
	repo := strings.TrimPrefix(server.URL, "http://") + "/demo"
	pushLayout(t, filepath.Join(dir, layout.Dir), repo)
	verify := func(keys, predicateType string) (string, error) {
		return c.run(t, "verify-attestation", "--key", filepath.Join(keys, attest.PublicKeyFile), "--insecure-ignore-tlog",
			"--new-bundle-format", "--trusted-root", c.trustedRoot, "--type", predicateType, "--allow-http-registry", repo+":demo")
	}
	for _, predicateType := range statement.ImageStems() {
		if out, err := verify(keys, predicateType); err != nil {
			t.Errorf("%s: %v\n%s", predicateType, err, out)
		}
	}
	other := t.TempDir()
	if err := attest.GenerateKey(other, nil); err != nil {
		t.Fatal(err)
	}
	if out, err := verify(other, statement.Summary); err == nil {
		t.Errorf("cosign accepts another key\n%s", out)
	}
}

// pushLayout copies every manifest of a layout, with its blobs.
func pushLayout(t *testing.T, dir, repo string) {
	t.Helper()
	p, im := readLayout(t, dir)
	for _, d := range im.Manifests {
		to := repo + "@" + d.Digest.String()
		if tag := d.Annotations["org.opencontainers.image.ref.name"]; tag != "" {
			to = repo + ":" + tag
		}
		ref, err := name.ParseReference(to, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		var img v1.Image
		if img, err = p.Image(d.Digest); err == nil {
			err = remote.Write(ref, img)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
