package keylesstest

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// sigstore is a Sigstore with the real servers.
type sigstore struct {
	dir string
	// provider identifies people, and jobs the jobs of GitHub.
	provider, jobs             *provider
	ca, tsa, log               string
	stopCA, stopLog            func()
	trusted                    *root.TrustedRoot
	config, trustedRoot, token string
	busy                       atomic.Int32
}

func newSigstore(t *testing.T) *sigstore {
	t.Helper()
	for _, name := range []string{"SEAWORTHY", "SEAWORTHY_SIGSTORE", "SEAWORTHY_COMPONENTS"} {
		if os.Getenv(name) == "" {
			t.Skipf("%s is not set; run: make test-keyless", name)
		}
	}
	s := &sigstore{dir: t.TempDir(), provider: newProvider(t), jobs: newProvider(t)}
	ctURL, ctKey := certificateLog(t)
	var caRoot *x509.Certificate
	s.ca, caRoot, s.stopCA = fulcio(t, s.dir, s.provider, s.jobs, ctURL)
	var chain []*x509.Certificate
	s.tsa, chain = timestamps(t)
	logURL, logKey, stop := rekor(t, s.dir)
	s.log, s.stopLog = logURL, stop

	begin := time.Now().Add(-time.Hour)
	ctID, logID := keyID(t, &ctKey.PublicKey), keyID(t, &logKey.PublicKey)
	one := func(id [32]byte, key crypto.PublicKey, url string) map[string]*root.TransparencyLog {
		return map[string]*root.TransparencyLog{hex.EncodeToString(id[:]): {BaseURL: url, ID: id[:], ValidityPeriodStart: begin, HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: crypto.SHA256}}
	}
	var err error
	s.trusted, err = root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: caRoot, ValidityPeriodStart: begin, URI: s.ca}}, one(ctID, ctKey.Public(), ctURL),
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: chain[len(chain)-1], Intermediates: chain[1 : len(chain)-1], Leaf: chain[0], ValidityPeriodStart: begin, URI: s.tsa}},
		one(logID, logKey.Public(), "http://"+rekorHost))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.trusted.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	s.trustedRoot = s.write(t, "trusted_root.json", raw)
	s.config = s.writeConfig(t, "signing_config.json", s.ca, s.tsa, s.log)
	s.token = s.write(t, "token", []byte(s.provider.token(t, person, "sigstore", time.Hour)))
	return s
}

const person = "release@example.org"

func (s *sigstore) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (s *sigstore) writeConfig(t *testing.T, name, ca, tsa, log string) string {
	t.Helper()
	service := func(url string, version uint32) []root.Service {
		return []root.Service{{URL: url, MajorAPIVersion: version, ValidityPeriodStart: time.Now().Add(-time.Hour), Operator: "test"}}
	}
	anyOne := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	c, err := root.NewSigningConfig(root.SigningConfigMediaType02, service(ca, 1), service(s.provider.URL, 1), service(log, 2), anyOne, service(tsa, 1), anyOne)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return s.write(t, name, raw)
}

// seaworthy runs the program, and returns its exit code and what it wrote.
func (s *sigstore) seaworthy(t *testing.T, env []string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(os.Getenv("SEAWORTHY"), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), append([]string{"HOME=" + s.dir, "XDG_CACHE_HOME=" + filepath.Join(s.dir, "cache")}, env...)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

const system = `kernel:
  image: seaworthy/kernel:6.1
  cmdline: console=ttyS0
init:
  - seaworthy/init:0.1
  - seaworthy/crun:1.8
`

// build builds a small system without a key.
func (s *sigstore) build(t *testing.T, env []string, more ...string) (int, string) {
	t.Helper()
	s.write(t, "os.yml", []byte(system))
	if err := os.MkdirAll(filepath.Join(s.dir, "policy", "packs"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.write(t, "policy/packs/small.yaml", []byte("small: {rules: [SUP-008]}\n"))
	args := append([]string{"build", "--components", os.Getenv("SEAWORTHY_COMPONENTS"), "--offline", "--format", "tar", "--policy", "policy", "--keyless",
		"--signing-config", s.config, "--trusted-root", s.trustedRoot}, more...)
	return s.seaworthy(t, env, append(args, "os.yml")...)
}

func (s *sigstore) verify(t *testing.T, identity string, by *provider) (int, string) {
	t.Helper()
	return s.seaworthy(t, nil, "verify", "--trusted-root", s.trustedRoot, "--identity", identity, "--issuer", by.URL, "dist/os")
}

// TestKeyless builds, verifies, and lets sigstore-go's verifier judge the bundles.
func TestKeyless(t *testing.T) {
	s := newSigstore(t)
	if code, out := s.build(t, nil, "--identity-token", s.token); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if code, out := s.verify(t, person, s.provider); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if code, out := s.verify(t, "stranger@example.org", s.provider); code != 4 || !strings.Contains(out, "which is not a trusted identity") {
		t.Errorf("a stranger: exit code %d: %s", code, out)
	}
	s.sigstoreGo(t)
	s.cosign(t)

	// The CI job of GitHub has its own token. The log is busy at first, and the
	// certificate authority too.
	ca, log := s.busyProxy(t, s.ca), s.busyProxy(t, s.log)
	s.config = s.writeConfig(t, "busy.json", ca, s.tsa, log)
	if code, out := s.build(t, []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + s.jobs.URL + "/github?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=job"}); code != 0 {
		t.Fatalf("in a GitHub job: exit code %d: %s", code, out)
	}
	if code, out := s.verify(t, "https://github.com/example/os/.github/workflows/release.yml@refs/tags/*", s.jobs); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if code, out := s.verify(t, "https://github.com/example/os/.github/workflows/release.yml@refs/heads/*", s.jobs); code != 4 {
		t.Errorf("a branch: exit code %d: %s", code, out)
	}
	s.gh(t)
	if n := s.busy.Load(); n < 4 {
		t.Errorf("only %d requests were refused", n)
	}
	s.failures(t)
}

// busyProxy answers 429 and 503 to the first requests, and delays the others.
func (s *sigstore) busyProxy(t *testing.T, target string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	var n atomic.Int32
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1:
			s.busy.Add(1)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			s.busy.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			time.Sleep(200 * time.Millisecond)
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p.URL
}

// sigstoreGo verifies each bundle with sigstore-go's verifier, as other tools do.
func (s *sigstore) sigstoreGo(t *testing.T) {
	t.Helper()
	v, err := verify.NewVerifier(s.trusted, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
	if err != nil {
		t.Fatal(err)
	}
	id, err := verify.NewShortCertificateIdentity(s.provider.URL, "", person, "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(s.dir, "dist/os/attestations/*.sigstore.json"))
	if err != nil || len(all) < 5 {
		t.Fatalf("%d bundles, %v", len(all), err)
	}
	for _, path := range all {
		b, err := bundle.LoadJSONFromPath(path)
		if err == nil {
			_, err = v.Verify(b, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithCertificateIdentity(id)))
		}
		if err != nil {
			t.Errorf("sigstore-go: %s: %v", filepath.Base(path), err)
		}
	}
}

// cosign verifies the provenance with the real cosign, if SEAWORTHY_COSIGN names it.
func (s *sigstore) cosign(t *testing.T) {
	t.Helper()
	program := os.Getenv("SEAWORTHY_COSIGN")
	if program == "" {
		t.Log("the real cosign does not verify the bundles: SEAWORTHY_COSIGN is not set")
		return
	}
	for identity, ok := range map[string]bool{person: true, "stranger@example.org": false} {
		cmd := exec.Command(program, "verify-blob-attestation", "--bundle", "dist/os/attestations/provenance.sigstore.json", "--new-bundle-format",
			"--trusted-root", s.trustedRoot, "--certificate-identity", identity, "--certificate-oidc-issuer", s.provider.URL, "--type", "slsaprovenance1",
			"--use-signed-timestamps", "dist/os/os.tar")
		cmd.Dir = s.dir
		if out, err := cmd.CombinedOutput(); ok != (err == nil) {
			t.Errorf("cosign, identity %s: %v: %s", identity, err, out)
		}
	}
}

// failures: each ends with its exit code and one clear error, and leaves the last
// image as it was.
func (s *sigstore) failures(t *testing.T) {
	t.Helper()
	before, err := os.ReadFile(filepath.Join(s.dir, "dist/os/attestations/provenance.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	s.config = s.writeConfig(t, "signing_config.json", s.ca, s.tsa, s.log)
	fail := func(name string, code int, want string, more ...string) {
		t.Helper()
		got, out := s.build(t, nil, more...)
		if got != code || !strings.Contains(out, want) || !strings.Contains(out, "next: ") {
			t.Errorf("%s: exit code %d, want %d with %q: %s", name, got, code, want, out)
		}
		after, err := os.ReadFile(filepath.Join(s.dir, "dist/os/attestations/provenance.sigstore.json"))
		if err != nil || string(after) != string(before) {
			t.Errorf("%s: the last image has changed: %v", name, err)
		}
		if left, err := filepath.Glob(filepath.Join(s.dir, "dist", "*")); err != nil || len(left) != 1 {
			t.Errorf("%s: dist has %v, %v", name, left, err)
		}
	}
	expired := s.write(t, "expired", []byte(s.provider.token(t, person, "sigstore", -time.Hour)))
	fail("expired token", 2, "expired at", "--identity-token", expired)
	other := s.write(t, "other", []byte(s.provider.token(t, person, "another-service", time.Hour)))
	fail("token for another service", 3, "the certificate authority at "+s.ca, "--identity-token", other)
	stranger := s.write(t, "stranger", []byte(newProvider(t).token(t, person, "sigstore", time.Hour)))
	fail("token of an unknown provider", 3, "the certificate authority at "+s.ca, "--identity-token", stranger)
	fail("certificate for another identity", 4, "but the required identity is owner@example.org", "--identity-token", s.token, "--identity", "owner@example.org")

	// Proofs of a log that is not trusted are refused.
	wrongLog, _, _ := rekor(t, t.TempDir())
	s.config = s.writeConfig(t, "wrong.json", s.ca, s.tsa, wrongLog)
	fail("another log", 4, "no entry of a trusted transparency log", "--identity-token", s.token)

	s.config = s.writeConfig(t, "no-tsa.json", s.ca, fmt.Sprintf("http://127.0.0.1:%d", freePort(t)), s.log)
	fail("no timestamp authority", 3, "the timestamp authority at", "--identity-token", s.token)
	s.config = s.writeConfig(t, "signing_config.json", s.ca, s.tsa, s.log)
	s.stopLog()
	fail("no log", 3, "the transparency log at", "--identity-token", s.token)
	s.stopCA()
	fail("no certificate authority", 3, "connection refused", "--identity-token", s.token)
}
