package trust

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// keys are the signers of these tests.
type keys struct {
	dir                     string
	release, other, unknown crypto.Signer
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	k := &keys{dir: t.TempDir()}
	for name, to := range map[string]*crypto.Signer{"release": &k.release, "unknown": &k.unknown} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		*to = key
		k.write(t, name, key.Public())
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k.other = key
	k.write(t, "other", key.Public())
	return k
}

func (k *keys) write(t testing.TB, name string, key crypto.PublicKey) {
	t.Helper()
	k.file(t, name+".pub", sealtest.PublicPEM(t, key))
}

func (k *keys) file(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(k.dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var testNow = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const policyText = `keys:
  - name: release
    file: release.pub
    repositories: [docker.io/seaworthy/*, ghcr.io/org/app]
  - name: other
    file: other.pub
    repositories: ["*"]
`

func (k *keys) policy(t testing.TB) *Policy {
	t.Helper()
	p, err := Load(k.file(t, "trust.yml", policyText), testNow)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sign(t testing.TB, key crypto.Signer, data []byte) []byte {
	t.Helper()
	digest, opts := data, crypto.SignerOpts(crypto.Hash(0))
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		sum := sha256.Sum256(data)
		digest, opts = sum[:], crypto.SHA256
	}
	sig, err := key.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

var (
	digest  = strings.Repeat("a", 64)
	another = strings.Repeat("b", 64)
	ours    = Image{Repository: "docker.io/seaworthy/nginx", Digests: []string{"sha256:" + digest, "sha256:" + strings.Repeat("c", 64)}}
)

func statementOf(subject, predicateType, predicate string) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha256":%q}}],"predicateType":%q,"predicate":%s}`, subject, predicateType, predicate)
}

// retyped is a statement that covers our image, with another type.
func retyped(name string) []byte {
	return bytes.Replace(statementOf(digest, "x", "{}"), []byte(statement.Type), []byte(name), 1)
}

// rewrapped is a statement in an envelope of another type, with a valid
// signature.
func rewrapped(t testing.TB, key crypto.Signer, payloadType string) Attached {
	t.Helper()
	payload := statementOf(digest, "x", "{}")
	raw, err := json.Marshal(map[string]any{"payloadType": payloadType, "payload": payload,
		"signatures": []any{map[string]any{"sig": sign(t, key, verify.PAE(payloadType, payload))}}})
	if err != nil {
		t.Fatal(err)
	}
	return Attached{MediaType: "application/vnd.dsse.envelope.v1+json", Data: raw}
}

func dsse(t testing.TB, key crypto.Signer, payload []byte) Attached {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"payloadType": statement.PayloadType, "payload": payload,
		"signatures": []any{map[string]any{"sig": sign(t, key, verify.PAE(statement.PayloadType, payload))}}})
	if err != nil {
		t.Fatal(err)
	}
	return Attached{MediaType: "application/vnd.dsse.envelope.v1+json", Data: raw}
}

func bundle(t testing.TB, key crypto.Signer, payload []byte) Attached {
	t.Helper()
	raw := fmt.Appendf(nil, `{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":%s}`, statement.BundleMediaType, dsse(t, key, payload).Data)
	return Attached{MediaType: statement.BundleMediaType, Data: raw}
}

func classic(t testing.TB, key crypto.Signer, subject string) Attached {
	t.Helper()
	payload := fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":"sha256:%s"},"type":"cosign container image signature"},"optional":null}`, subject)
	return Attached{MediaType: "application/vnd.dev.cosign.simplesigning.v1+json", Data: payload, Signature: base64.StdEncoding.EncodeToString(sign(t, key, payload))}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p := k.policy(t)
	elsewhere := Image{Repository: "docker.io/library/nginx", Digests: ours.Digests}
	flipped := bundle(t, k.release, statementOf(digest, "x", "{}"))
	flipped.Data = []byte(strings.Replace(string(flipped.Data), `"payload":"ey`, `"payload":"fy`, 1))
	forged := classic(t, k.release, another)
	forged.Data = classic(t, k.release, digest).Data
	certified := classic(t, k.release, digest)
	certified.Certificate = "-----BEGIN CERTIFICATE-----"
	keyless := bundle(t, k.release, statementOf(digest, "x", "{}"))
	keyless.Data = []byte(strings.Replace(string(keyless.Data), `"publicKey":{"hint":"x"}`, `"certificate":{"rawBytes":"eA=="}`, 1))
	for name, c := range map[string]struct {
		image  Image
		a      Attached
		reason string // "" if it is trusted
		key    string
	}{
		"bundle":                      {ours, bundle(t, k.release, statementOf(digest, "x", "{}")), "", "release"},
		"bundle by ed25519":           {ours, bundle(t, k.other, statementOf(digest, "x", "{}")), "", "other"},
		"about the index":             {ours, bundle(t, k.release, statementOf(strings.Repeat("c", 64), "x", "{}")), "", "release"},
		"envelope":                    {ours, dsse(t, k.release, statementOf(digest, "x", "{}")), "", "release"},
		"classic":                     {ours, classic(t, k.release, digest), "", "release"},
		"key for another repository":  {elsewhere, bundle(t, k.release, statementOf(digest, "x", "{}")), "does not cover repository docker.io/library/nginx", "release"},
		"classic, another repository": {elsewhere, classic(t, k.release, digest), "does not cover repository", "release"},
		"another image":               {ours, bundle(t, k.release, statementOf(another, "x", "{}")), "covers another image", "release"},
		"classic, another image":      {ours, classic(t, k.release, another), "covers another image", "release"},
		"unknown":                     {ours, bundle(t, k.unknown, statementOf(digest, "x", "{}")), "not signed by a key of the trust policy", ""},
		"classic, unknown key":        {ours, classic(t, k.unknown, digest), "not signed by a key of the trust policy", ""},
		"payload changed":             {ours, flipped, "", ""},
		"signature of other bytes":    {ours, forged, "not signed by a key of the trust policy", ""},
		"certificate":                 {ours, certified, "keyless", ""},
		"bundle with a certificate":   {ours, keyless, "certificate", ""},
		"unsigned statement":          {ours, Attached{MediaType: "application/vnd.in-toto+json", Data: statementOf(digest, "x", "{}")}, "not signed", ""},
		"classic without signature":   {ours, Attached{MediaType: certified.MediaType, Data: certified.Data}, "missing or malformed", ""},
		"unread":                      {ours, Attached{MediaType: statement.BundleMediaType, Problem: "blob is cut short"}, "cut short", ""},
		"no JSON":                     {ours, Attached{MediaType: statement.BundleMediaType, Data: []byte("x")}, "malformed bundle", ""},
		"another type":                {ours, bundle(t, k.release, retyped("https://example.org/Statement/v1")), "its type", ""},
		"envelope of another type":    {ours, dsse(t, k.release, retyped("https://in-toto.io/Link/v1")), "its type", ""},
		"no type":                     {ours, dsse(t, k.release, retyped("")), "its type", ""},
		"older type":                  {ours, dsse(t, k.release, retyped("https://in-toto.io/Statement/v0.1")), "", "release"},
		"other payload type, signed":  {ours, rewrapped(t, k.release, "application/json"), "payload type", ""},
		"other digest only":           {ours, bundle(t, k.release, bytes.Replace(statementOf(digest, "x", "{}"), []byte(`"sha256"`), []byte(`"sha1"`), 1)), "covers another image", "release"},
		"no subject":                  {ours, bundle(t, k.release, []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x","predicate":{}}`)), "covers another image", "release"},
		"type in capitals":            {ours, dsse(t, k.release, bytes.Replace(statementOf(digest, "x", "{}"), []byte("_type"), []byte("_TYPE"), 1)), "member _type is missing", ""},
		"subject in capitals":         {ours, dsse(t, k.release, bytes.Replace(statementOf(digest, "x", "{}"), []byte("subject"), []byte("Subject"), 1)), "member subject is missing", ""},
		"type twice":                  {ours, dsse(t, k.release, []byte(`{"_type":"x","_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"`+digest+`"}}]}`)), "statement is malformed", ""},
		"no signatures":               {ours, Attached{MediaType: "application/vnd.dsse.envelope.v1+json", Data: []byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}`)}, "0 signatures", ""},
		"subject twice":               {ours, dsse(t, k.release, []byte(`{"subject":[],"Subject":[{"digest":{"sha256":"`+digest+`"}}]}`)), "statement is malformed", ""},
	} {
		got := p.Judge(c.image, c.a)
		if name == "payload changed" {
			if got.Verified {
				t.Error("a changed payload is trusted")
			}
			continue
		}
		if got.Verified != (c.reason == "") || !strings.Contains(got.Reason, c.reason) || got.Key != c.key {
			t.Errorf("%s: %+v", name, got)
		}
		if got.Verified && (!got.SubjectMatches || !got.Readable || !got.Allowed) {
			t.Errorf("%s: trusted, but %+v", name, got)
		}
	}
}

// Only plain signatures and provenance of the build vouch for an image.
func TestSigns(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p := k.policy(t)
	renamed := fmt.Appendf(nil, `{"critical":{"image":{"docker-manifest-digest":"sha256:%s"},"type":"a receipt"}}`, digest)
	for name, c := range map[string]struct {
		a               Attached
		verified, signs bool
	}{
		"classic":                 {classic(t, k.release, digest), true, true},
		"classic of another type": {Attached{MediaType: classic(t, k.release, digest).MediaType, Data: renamed, Signature: base64.StdEncoding.EncodeToString(sign(t, k.release, renamed))}, false, false},
		"cosign's bundle":         {bundle(t, k.release, statementOf(digest, statement.CosignSign, "{}")), true, true},
		"provenance":              {bundle(t, k.release, statementOf(digest, "https://slsa.dev/provenance/v1", "{}")), true, true},
		"a scan's result":         {dsse(t, k.release, statementOf(digest, "https://cosign.sigstore.dev/attestation/vuln/v1", "{}")), true, false},
		"a failed check":          {bundle(t, k.release, statementOf(digest, "https://slsa.dev/verification_summary/v1", `{"verificationResult":"FAILED"}`)), true, false},
	} {
		if got := p.Judge(ours, c.a); got.Verified != c.verified || got.Signs != c.signs {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p := k.policy(t)
	for name, c := range map[string]struct {
		predicateType, predicate string
		want                     facts.Provenance
	}{
		"v1, GitHub": {"https://slsa.dev/provenance/v1",
			`{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1","externalParameters":{"workflow":{"ref":"refs/tags/v1","repository":"https://github.com/o/r"}},"resolvedDependencies":[{"uri":"git+https://github.com/o/other@refs/heads/x"}]},"runDetails":{"builder":{"id":"https://github.com/actions/runner/github-hosted"}}}`,
			facts.Provenance{Builder: "https://github.com/actions/runner/github-hosted", BuildType: "https://actions.github.io/buildtypes/workflow/v1", Source: "https://github.com/o/r", Ref: "refs/tags/v1"}},
		"v1, dependency": {"https://slsa.dev/provenance/v1",
			`{"buildDefinition":{"buildType":"make","resolvedDependencies":[{"uri":"pkg:deb/x"},{"uri":"git+ssh://git@host/o/r@refs/heads/main"}]},"runDetails":{"builder":{"id":"b"}}}`,
			facts.Provenance{Builder: "b", BuildType: "make", Source: "ssh://git@host/o/r", Ref: "refs/heads/main"}},
		"v0.2": {"https://slsa.dev/provenance/v0.2",
			`{"builder":{"id":"b"},"buildType":"t","invocation":{"configSource":{"uri":"git+https://github.com/o/r@refs/heads/main"}}}`,
			facts.Provenance{Builder: "b", BuildType: "t", Source: "https://github.com/o/r", Ref: "refs/heads/main"}},
		"empty":                {"https://slsa.dev/provenance/v1", `{}`, facts.Provenance{}},
		"blank builder":        {"https://slsa.dev/provenance/v1", `{"runDetails":{"builder":{"id":" \t"}}}`, facts.Provenance{}},
		"members of the other": {"https://slsa.dev/provenance/v1", `{"builder":{"id":"b"},"buildType":"t"}`, facts.Provenance{}},
		"unknown version":      {"https://slsa.dev/provenance/v10", `{"builder":{"id":"b"},"runDetails":{"builder":{"id":"b"}}}`, facts.Provenance{}},
		"no ref": {"https://slsa.dev/provenance/v0.2",
			`{"builder":{"id":"b"},"materials":[{"uri":"git+https://user@host/r"}]}`,
			facts.Provenance{Builder: "b", Source: "https://user@host/r"}},
	} {
		got := p.Judge(ours, bundle(t, k.release, statementOf(digest, c.predicateType, c.predicate)))
		if !got.Verified || got.Provenance == nil || *got.Provenance != c.want {
			t.Errorf("%s: %+v %+v", name, got, got.Provenance)
		}
	}
	if got := p.Judge(ours, bundle(t, k.release, statementOf(digest, "https://slsa.dev/provenance/v1", `{"runDetails":[]}`))); got.Verified || got.Readable {
		t.Errorf("malformed provenance: %+v", got)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	k.file(t, "bad.pub", "no key")
	entry := func(lines string) string { return "keys:\n  - name: a\n" + lines }
	for name, c := range map[string]struct{ text, want string }{
		"no keys":           {"keys: []\n", "contains no keys"},
		"comment":           {"# nothing\n", "trust.yml"},
		"empty":             {"", "trust.yml"},
		"a list":            {"[]\n", "must be a mapping, not a list"},
		"unknown key":       {policyText + "sigstore: x\n", "trust.yml:8:1: the trust policy: unknown key \"sigstore\""},
		"identities":        {policyText + "identities: [x]\n", "unknown key \"identities\""},
		"two documents":     {policyText + "---\nkeys: []\n", "more than one YAML document"},
		"no repository":     {entry("    file: release.pub\n"), "does not cover any repository"},
		"star inside":       {entry("    file: release.pub\n    repositories: [\"docker.io/*/x\"]\n"), "is not a repository"},
		"star in a name":    {entry("    file: release.pub\n    repositories: [\"docker.io/sea*\"]\n"), "is not a repository"},
		"no registry":       {entry("    file: release.pub\n    repositories: [nginx]\n"), "is not a repository"},
		"no file":           {entry("    repositories: [\"*\"]\n"), "the entry has no file"},
		"no key in it":      {entry("    file: bad.pub\n    repositories: [\"*\"]\n"), "trust.yml:3:11"},
		"nowhere":           {entry("    file: none.pub\n    repositories: [\"*\"]\n"), "none.pub"},
		"bad name":          {"keys:\n  - name: a b\n    file: release.pub\n    repositories: [\"*\"]\n", "is not a valid name for an authority"},
		"one name twice":    {policyText + "  - name: other\n    file: release.pub\n    repositories: [\"*\"]\n", "two authorities have the name \"other\""},
		"one key twice":     {policyText + "  - name: again\n    file: release.pub\n    repositories: [\"*\"]\n", "trust.yml:9:11: \"release\" and \"again\" are the same key"},
		"a key of it twice": {entry("    name: b\n"), "duplicate key \"name\""},
		"alias":             {"x: &x {}\nkeys: [*x]\n", "aliases are not allowed"},
	} {
		_, err := Load(k.file(t, "trust.yml", c.text), testNow)
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Load(filepath.Join(k.dir, "none.yml"), testNow); !errors.Is(err, system.ErrInput) {
		t.Errorf("no file: %v", err)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	patterns := []string{"docker.io/sea/*", "ghcr.io/org/app"}
	for repository, want := range map[string]bool{
		"docker.io/sea/a": true, "docker.io/sea/a/b": true, "ghcr.io/org/app": true,
		"docker.io/seaworthy/a": false, "ghcr.io/org/app2": false, "ghcr.io/org": false, "evil.example/docker.io/sea/a": false,
	} {
		if covers(patterns, repository) != want {
			t.Errorf("%s: want %v", repository, want)
		}
	}
}

// A statement that no trusted key signed is never trusted, whatever is attached to
// an image.
func FuzzJudge(f *testing.F) {
	k := newKeys(f)
	p := k.policy(f)
	for _, a := range []Attached{bundle(f, k.unknown, statementOf(digest, "https://slsa.dev/provenance/v1", "{}")), dsse(f, k.unknown, statementOf(digest, "x", "{}")), classic(f, k.unknown, digest)} {
		f.Add(a.MediaType, a.Data, a.Signature, "")
	}
	f.Fuzz(func(t *testing.T, mediaType string, data []byte, signature, certificate string) {
		got := p.Judge(ours, Attached{MediaType: mediaType, Data: data, Signature: signature, Certificate: certificate})
		if got.Verified || got.Reason == "" {
			t.Fatalf("%+v", got)
		}
	})
}

// Any text of a policy is either an input error, or a policy with keys that
// cover repositories.
func FuzzPolicy(f *testing.F) {
	k := newKeys(f)
	f.Add([]byte(policyText))
	f.Add([]byte(strings.ReplaceAll(whole, "DIGEST", "sha256:"+digest)))
	f.Add([]byte("a: &a [*a]\nkeys: *a\n"))
	f.Add([]byte("keys:\n  - {name: a, file: release.pub, repositories: ['*'], <<: {name: b}}\n"))
	f.Add([]byte("keys:\n  - name: a\n    file: ../../../dev/zero\n    repositories: ['x/*']\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parse(filepath.Join(k.dir, "trust.yml"), text, testNow)
		switch {
		case err != nil && !errors.Is(err, system.ErrInput):
			t.Fatal(err)
		case err != nil:
			return
		}
		if len(p.keys) != len(p.owner) || len(p.authorities) == 0 {
			t.Fatalf("%d keys of %d", len(p.keys), len(p.owner))
		}
		for _, a := range p.authorities {
			if a.Name == "" || len(a.Keys) == 0 && a.Keyless == nil || len(a.repositories) == 0 && len(a.Systems) == 0 {
				t.Fatalf("%+v", a)
			}
		}
		if _, err := p.Verifier(verify.Policy{Now: testNow}); err != nil && !errors.Is(err, system.ErrInput) {
			t.Fatal(err)
		}
	})
}
