package keylesstest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gh verifies what a job of GitHub built with the real command line of GitHub, if
// SEAWORTHY_GH names it. It needs no network: the bundle and the root are files.
func (s *sigstore) gh(t *testing.T) {
	t.Helper()
	program := os.Getenv("SEAWORTHY_GH")
	if program == "" {
		t.Log("the real gh does not verify the bundles: SEAWORTHY_GH is not set")
		return
	}
	raw, err := os.ReadFile(s.trustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	var line bytes.Buffer // gh reads one root from each line
	if err := json.Compact(&line, raw); err != nil {
		t.Fatal(err)
	}
	line.WriteByte('\n')
	root := s.write(t, "trusted_root.jsonl", line.Bytes())
	changed := s.write(t, "changed.tar", []byte("another system"))
	const (
		image      = "dist/os/os.tar"
		provenance = "dist/os/attestations/provenance.sigstore.json"
		summary    = "dist/os/attestations/vsa.sigstore.json"
	)
	for name, c := range map[string]struct {
		file, bundle, repo string
		more               []string
		want               string // a part of its output, or of its error
		ok                 bool
	}{
		"repository":          {image, provenance, jobRepository, nil, `"verifiedTimestamps"`, true},
		"workflow":            {image, provenance, jobRepository, []string{"--signer-workflow", "github.com/example/os/.github/workflows/release.yml", "--source-ref", "refs/tags/v1", "--source-digest", jobCommit, "--deny-self-hosted-runners"}, `"verifiedTimestamps"`, true},
		"summary":             {image, summary, jobRepository, []string{"--predicate-type", "https://slsa.dev/verification_summary/v1"}, `"verifiedTimestamps"`, true},
		"decision":            {"dist/os/decision.json", provenance, jobRepository, nil, "verifying with issuer", false}, // a byproduct, and no subject
		"another file":        {changed, provenance, jobRepository, nil, "verifying with issuer", false},
		"another repository":  {image, provenance, "mallory/os", nil, "verifying with issuer", false},
		"another workflow":    {image, provenance, jobRepository, []string{"--signer-workflow", "github.com/example/os/.github/workflows/test.yml"}, "verifying with issuer", false},
		"another branch":      {image, provenance, jobRepository, []string{"--source-ref", "refs/heads/main"}, "expected SourceRepositoryRef to be refs/heads/main", false},
		"another type":        {image, summary, jobRepository, nil, "no attestations found with predicate type", false},
		"a person's provider": {image, provenance, jobRepository, []string{"--cert-oidc-issuer", s.provider.URL}, "expected Issuer to be", false},
	} {
		args := append([]string{"attestation", "verify", c.file, "--bundle", c.bundle, "--custom-trusted-root", root, "--repo", c.repo, "--format", "json"}, c.more...)
		if name != "a person's provider" {
			args = append(args, "--cert-oidc-issuer", s.jobs.URL)
		}
		cmd := exec.Command(program, args...)
		cmd.Dir = s.dir
		cmd.Env = append(os.Environ(), "HOME="+s.dir, "GH_CONFIG_DIR="+filepath.Join(s.dir, "gh"), "GH_NO_UPDATE_NOTIFIER=1", "DO_NOT_TRACK=1", "GH_HOST=github.com", "GH_TOKEN=", "NO_COLOR=1")
		out, err := cmd.CombinedOutput()
		if c.ok != (err == nil) || !strings.Contains(string(out), c.want) {
			t.Errorf("gh, %s: %v: %s", name, err, out)
		}
	}
}
