package publish_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
)

// The real cosign finds the attestations in the registry and verifies them.
// `make test-cosign` compiles it.
func TestCosignReads(t *testing.T) {
	program := os.Getenv("SEAWORTHY_COSIGN")
	if program == "" {
		t.Skip("the tests with the real cosign are not enabled: run `make test-cosign`, or set SEAWORTHY_COSIGN to the path of cosign v2.6.5")
	}
	home := t.TempDir()
	cosign := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "COSIGN_YES=1"}
		cmd.Dir = home
		return cmd.CombinedOutput()
	}
	s := seal(t, nil)
	files := map[string][]byte{"root.json": []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`)}
	for name, signer := range map[string]*attest.KeySigner{"ours.pub": s.signer, "other.pub": sealtest.Signer(t)} {
		files[name] = publicKey(t, signer)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(home, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, host := range map[string]func(t *testing.T) string{
		"referrers API": func(t *testing.T) string { return newServer(t, true).host },
		"tag scheme":    func(t *testing.T) string { return newServer(t, false).host },
		"Debian":        debian,
	} {
		t.Run(name, func(t *testing.T) {
			reference := s.push(t, host(t)+"/os:1").Reference
			for _, kind := range []string{"slsaprovenance1", "spdxjson", "cyclonedx"} {
				args := []string{"verify-attestation", "--new-bundle-format", "--insecure-ignore-tlog", "--trusted-root", "root.json",
					"--allow-http-registry", "--type", kind, reference, "--key"}
				if out, err := cosign(append(args, "ours.pub")...); err != nil || !strings.Contains(string(out), "signatures were verified") {
					t.Errorf("%s: %v\n%s", kind, err, out)
				}
				if out, err := cosign(append(args, "other.pub")...); err == nil {
					t.Errorf("%s: another key is accepted\n%s", kind, out)
				}
			}
		})
	}
}
