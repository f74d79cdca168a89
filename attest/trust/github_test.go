package trust_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	githubRepo   = "https://github.com/example/app"
	githubRun    = githubRepo + "/.github/workflows/release.yml@refs/tags/v1"
)

// githubProvenance is the statement that gh attestation and the action
// actions/attest-build-provenance make for an image.
func githubProvenance(repository, workflow string) string {
	return about("https://slsa.dev/provenance/v1", `{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",`+
		`"externalParameters":{"workflow":{"ref":"refs/tags/v1","repository":"`+repository+`","path":".github/workflows/release.yml"}},`+
		`"internalParameters":{"github":{"event_name":"push","repository_id":"1","repository_owner_id":"2","runner_environment":"github-hosted"}},`+
		`"resolvedDependencies":[{"uri":"git+`+repository+`@refs/tags/v1","digest":{"gitCommit":"0123456789012345678901234567890123456789"}}]},`+
		`"runDetails":{"builder":{"id":"`+workflow+`"},"metadata":{"invocationId":"`+repository+`/actions/runs/1/attempts/1"}}}`)
}

// githubExtensions are those of Fulcio's certificate for a job of GitHub.
func githubExtensions(t *testing.T, workflow, repository string) []pkix.Extension {
	t.Helper()
	var out []pkix.Extension
	for id, text := range map[int]string{9: workflow, 10: "0123456789012345678901234567890123456789", 11: "github-hosted", 12: repository, 14: "refs/tags/v1", 18: workflow, 20: "push"} {
		value, err := asn1.MarshalWithParams(text, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, id}, Value: value})
	}
	return append(out, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(githubIssuer)},
		pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 5}, Value: []byte("example/app")})
}

// Attestations of GitHub: jobs of public repositories sign with the public Sigstore,
// whose log has the time, and jobs of private ones with GitHub's own, which has
// timestamps and no log. gh attestation trusted-root writes both roots into one file.
func TestGitHubAttestations(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Hour)
	public, private := newSigstore(t), newSigstore(t)
	sign := func(s *sigstoretest.Sigstore, change func(*sigstoretest.Bundle)) []byte {
		b := sigstoretest.Bundle{Payload: []byte(githubProvenance(githubRepo, githubRun)), Issuer: githubIssuer, Subject: githubRun, Time: at,
			Extensions: githubExtensions(t, githubRun, githubRepo), Entry: sigstoretest.Rekor1}
		if s == private {
			b.Entry, b.Stamps = "", []time.Time{at}
		}
		if change != nil {
			change(&b)
		}
		made, err := s.Make(b)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := sigstoretest.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		var form object
		if err := json.Unmarshal(raw, &form); err != nil {
			t.Fatal(err)
		}
		if s == private { // some versions write empty members
			form["verificationMaterial"].(object)["tlogEntries"] = []any{}
			form["dsseEnvelope"].(object)["signatures"].([]any)[0].(object)["keyid"] = ""
		}
		if raw, err = json.Marshal(form); err != nil {
			t.Fatal(err)
		}
		return raw
	}
	publicRoot, privateRoot := compactRoot(t, public), compactRoot(t, private, "tlogs", "ctlogs")
	both := append(append(bytes.Clone(publicRoot), '\n'), append(privateRoot, '\n')...)
	const policy = `authorities:
  - name: release
    keyless: {issuer: ` + githubIssuer + `, subject: "` + githubRepo + `/.github/workflows/release.yml@refs/tags/*", trustedRoot: trusted_root.jsonl}
    repositories: [ghcr.io/example/*]
components:
  - repositories: [ghcr.io/example/*]
    require: {provenance: {builders: ["` + githubRun + `"], sources: ["` + githubRepo + `"]}}
`
	const fork = "https://github.com/mallory/app"
	for name, c := range map[string]struct {
		root, bundle []byte
		reason       string
		missing      string
	}{
		"public repository":                            {both, sign(public, nil), "", ""},
		"private repository":                           {both, sign(private, nil), "", ""},
		"only the public root, public repository":      {publicRoot, sign(public, nil), "", ""},
		"only the public root, private repository":     {publicRoot, sign(private, nil), "no entry of a trusted transparency log", "signed"},
		"only the private root, public repository":     {privateRoot, sign(public, nil), "no timestamp of a trusted authority", "signed"},
		"the job of a public repository without a log": {both, sign(public, func(b *sigstoretest.Bundle) { b.Entry, b.Stamps = "", []time.Time{at} }), "no entry of a trusted transparency log", "signed"},
		"a fork": {both, sign(public, func(b *sigstoretest.Bundle) {
			b.Subject = strings.Replace(githubRun, githubRepo, fork, 1)
		}), "which is not a trusted identity", "signed"},
		"another workflow of the repository": {both, sign(public, func(b *sigstoretest.Bundle) {
			b.Subject = strings.Replace(githubRun, "release.yml", "test.yml", 1)
		}), "which is not a trusted identity", "signed"},
		"a branch": {both, sign(private, func(b *sigstoretest.Bundle) {
			b.Subject = strings.Replace(githubRun, "refs/tags/v1", "refs/heads/main", 1)
		}), "which is not a trusted identity", "signed"},
		"another issuer": {both, sign(public, func(b *sigstoretest.Bundle) { b.Issuer, b.Extensions = "https://token.example.org", nil }), "which is not a trusted identity", "signed"},
		"provenance of another source": {both, sign(public, func(b *sigstoretest.Bundle) { b.Payload = []byte(githubProvenance(fork, githubRun)) }),
			"needs signed provenance of builder", "from " + githubRepo},
		"provenance of another builder": {both, sign(private, func(b *sigstoretest.Bundle) {
			b.Payload = []byte(githubProvenance(githubRepo, strings.Replace(githubRun, "release", "test", 1)))
		}), "needs signed provenance of builder", "from " + githubRepo},
		"another image": {both, sign(public, func(b *sigstoretest.Bundle) {
			b.Payload = bytes.ReplaceAll([]byte(githubProvenance(githubRepo, githubRun)), []byte("1111"), []byte("2222"))
		}), "covers another image", "signed"},
		"only an SBOM": {both, sign(public, func(b *sigstoretest.Bundle) { b.Payload = []byte(about("https://spdx.dev/Document/v2.3", "{}")) }), "must sign", "must sign"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "trusted_root.jsonl", c.root)
			p, err := loadTrust(t, dir, policy)
			if err != nil {
				t.Fatal(err)
			}
			got := []facts.Attestation{p.Judge(app, trust.Attached{MediaType: statement.BundleMediaType, Data: c.bundle})}
			missing := ""
			for _, r := range p.Settle(app, got) {
				missing += r.Missing
			}
			if (missing == "") != (c.missing == "") || !strings.Contains(missing, c.missing) {
				t.Errorf("missing %q, want %q", missing, c.missing)
			}
			if a := got[0]; a.Verified != (c.reason == "") || !strings.Contains(a.Reason, c.reason) {
				t.Errorf("%+v, want %q", a, c.reason)
			}
			if pv := got[0].Provenance; c.reason == "" && (pv == nil || pv.Builder != githubRun || pv.Source != githubRepo || pv.Ref != "refs/tags/v1" ||
				pv.BuildType != "https://actions.github.io/buildtypes/workflow/v1") {
				t.Errorf("provenance %+v", pv)
			}
		})
	}
	// A file with several roots is refused if one of them is malformed.
	for name, text := range map[string]string{
		"malformed": string(both) + "{", "not a root": string(both) + "{}\n", "text": string(both) + "x", "too many": strings.Repeat(string(publicRoot), 17),
	} {
		dir := t.TempDir()
		put(t, dir, "trusted_root.jsonl", []byte(text))
		if _, err := loadTrust(t, dir, policy); err == nil || !strings.Contains(err.Error(), "trusted root cannot be used") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newSigstore(t *testing.T) *sigstoretest.Sigstore {
	t.Helper()
	s, err := sigstoretest.New()
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	return s
}

// compactRoot is the root of a Sigstore in one line, without some members.
func compactRoot(t *testing.T, s *sigstoretest.Sigstore, without ...string) []byte {
	t.Helper()
	root := rootOf(t, s)
	for _, name := range without {
		delete(root, name)
	}
	raw, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
