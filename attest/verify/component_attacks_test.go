package verify_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// The image that component attacks want to have accepted, and its digests.
var (
	appManifest = strings.Repeat("1", 64)
	appIndex    = strings.Repeat("2", 64)
	app         = trust.Image{Repository: "ghcr.io/example/app", Digests: []string{"sha256:" + appManifest, "sha256:" + appIndex}}
)

const (
	workflow = "https://github.com/example/app/.github/workflows/release.yml@refs/tags/v1"
	plainKey = "authorities:\n  - {name: release, key: release.pub, repositories: [ghcr.io/example/*]}\n"
	twoKeys  = plainKey + "  - {name: second, key: second.pub, repositories: [\"*\"]}\ncomponents:\n  - {repositories: [ghcr.io/example/*], threshold: 2}\n"
	// fromOurs requires provenance of one builder and one source.
	fromOurs = plainKey + "components:\n  - repositories: [ghcr.io/example/*]\n    require: {provenance: {builders: [\"https://ci.example.org\"], sources: [\"https://github.com/example/app\"]}}\n"
	byJob    = "authorities:\n  - name: job\n    keyless: {issuer: https://issuer.example.org, subject: \"https://github.com/example/app/.github/workflows/release.yml@refs/tags/*\", trustedRoot: root.json}\n    repositories: [ghcr.io/example/*]\n"
)

// components makes the attacks on the signatures beside a component image.
type components struct {
	t *testing.T
	// release and second are trusted keys.
	release, second, stranger *forger
	// s and next are Sigstores.
	s, next *sigstoretest.Sigstore
	ca      *company
	dir     string
}

func newComponents(t *testing.T) *components {
	t.Helper()
	c := &components{t: t, release: newForger(t), second: newForger(t), stranger: newForger(t), ca: newCompany(t), dir: t.TempDir()}
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(c.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]**sigstoretest.Sigstore{"root.json": &c.s, "next.json": &c.next} {
		one, err := sigstoretest.New()
		if err != nil {
			t.Fatal(err)
		}
		one.Close() // no service is needed
		root, err := one.TrustedRoot()
		if err != nil {
			t.Fatal(err)
		}
		write(name, root)
		*s = one
	}
	for name, f := range map[string]*forger{"release.pub": c.release, "second.pub": c.second} {
		write(name, []byte(sealtest.PublicPEM(t, f.PublicKey())))
	}
	write("ca.pem", []byte(block(c.ca.root)))
	write("leaf.pem", []byte(block(c.ca.issue(t, leaf(), newKey(t).Public()))))
	return c
}

func (c *components) load(policy string) (*trust.Policy, error) {
	file, err := os.CreateTemp(c.dir, "trust*.yml") // beside the keys
	if err != nil {
		return nil, err
	}
	_, err = file.WriteString(policy)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	at := now
	if strings.Contains(policy, "keyless:") {
		at = time.Now() // the Sigstore is new
	}
	return trust.Load(file.Name(), at, trust.WithKeyless(func(id trust.Identity) (verify.Keyless, error) {
		return keyless.Load(id.TrustedRoot, keyless.Identity{Issuer: id.Issuer, Subject: id.Subject})
	}))
}

// said is a statement about app.
func said(predicateType, predicate string) string {
	return `{"_type":"` + statement.Type + `","subject":[{"name":"ghcr.io/example/app","digest":{"sha256":"` + appManifest + `"}}],"predicateType":"` + predicateType + `","predicate":` + predicate + `}`
}

// provenance v1 of a builder, from a source.
func builtBy(builder, source string) string {
	return said(statement.Provenance, `{"buildDefinition":{"buildType":"https://example.org/b","resolvedDependencies":[{"uri":"git+`+source+`@refs/tags/v1"}]},"runDetails":{"builder":{"id":"`+builder+`"}}}`)
}

func signs() string { return said(statement.CosignSign, "{}") }

// bundle signs a payload, which need not be a statement.
func (c *components) bundle(by *forger, payload string) trust.Attached {
	c.t.Helper()
	raw, err := by.Bundle(c.t.Context(), []byte(payload))
	if err != nil {
		c.t.Fatal(err)
	}
	return trust.Attached{MediaType: statement.BundleMediaType, Data: raw}
}

// envelope signs a payload as a bare DSSE envelope.
func (c *components) envelope(by *forger, payloadType, payload string, change func(object)) trust.Attached {
	e := object{"payloadType": payloadType, "payload": []byte(payload), "signatures": []object{{"sig": by.sign(payloadType, []byte(payload))}}}
	if change != nil {
		change(e)
	}
	return trust.Attached{MediaType: "application/vnd.dsse.envelope.v1+json", Data: c.json(e)}
}

// simple signs in cosign's classic form.
func (c *components) simple(by *forger, payload string) trust.Attached {
	sum := sha256.Sum256([]byte(payload))
	sig, err := ecdsa.SignASN1(rand.Reader, by.key, sum[:])
	if err != nil {
		c.t.Fatal(err)
	}
	return trust.Attached{MediaType: "application/vnd.dev.cosign.simplesigning.v1+json", Data: []byte(payload), Signature: base64.StdEncoding.EncodeToString(sig)}
}

func classic(digest, kind string) string {
	return `{"critical":{"identity":{"docker-reference":"ghcr.io/example/app"},"image":{"docker-manifest-digest":"sha256:` + digest + `"},"type":"` + kind + `"},"optional":null}`
}

// identity signs with an identity, one hour ago.
func (c *components) identity(s *sigstoretest.Sigstore, subject, payload string) trust.Attached {
	c.t.Helper()
	at := time.Now().Add(-time.Hour)
	b, err := s.Make(sigstoretest.Bundle{Payload: []byte(payload), Subject: subject, Entry: sigstoretest.Rekor2, Time: at, Stamps: []time.Time{at}})
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := sigstoretest.Marshal(b)
	if err != nil {
		c.t.Fatal(err)
	}
	return trust.Attached{MediaType: statement.BundleMediaType, Data: raw}
}

// certified signs with a certificate of the company.
func (c *components) certified(change func(*x509.Certificate)) trust.Attached {
	c.t.Helper()
	template, key := leaf(), newKey(c.t)
	change(template)
	payload := []byte(signs())
	sum := sha256.Sum256(verify.PAE(statement.PayloadType, payload))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		c.t.Fatal(err)
	}
	return trust.Attached{MediaType: statement.BundleMediaType, Data: c.json(object{"mediaType": statement.BundleMediaType,
		"verificationMaterial": object{"certificate": object{"rawBytes": c.ca.issue(c.t, template, key.Public()).Raw}},
		"dsseEnvelope":         object{"payload": payload, "payloadType": statement.PayloadType, "signatures": []object{{"sig": sig}}}})}
}

func (c *components) json(v any) []byte {
	c.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

// judged is what verify says about an image beside which these lie: the reason of the
// last one, if it is not trusted, else what the image lacks.
func (c *components) judged(p *trust.Policy, img trust.Image, beside []trust.Attached) string {
	var found []facts.Attestation
	reason := ""
	for _, one := range beside {
		a := p.Judge(img, one)
		reason = a.Reason
		found = append(found, a)
	}
	missing := ""
	for _, r := range p.Settle(img, found) {
		if r.Missing != "" && missing == "" {
			missing = r.Missing
		}
	}
	switch {
	case missing == "":
		return ""
	case reason != "":
		return reason
	}
	return missing
}

// attacks are the attacks on component images. Each must lack something.
func (c *components) attacks() []reason {
	bad := func(name, what, policy string, img trust.Image, beside ...trust.Attached) reason {
		return reason{name, what, func(t *testing.T) string {
			p, err := c.load(policy)
			if err != nil {
				t.Fatal(err)
			}
			return c.judged(p, img, beside)
		}}
	}
	one := func(name, what string, beside ...trust.Attached) reason {
		return bad(name, what, plainKey, app, beside...)
	}
	at := func(repository string) trust.Image { return trust.Image{Repository: repository, Digests: app.Digests} }
	good := c.bundle(c.release, signs())
	replaced := func(text, old, next string) string {
		c.t.Helper()
		if !strings.Contains(text, old) {
			c.t.Fatalf("no %q in %q", old, text)
		}
		return strings.Replace(text, old, next, 1)
	}
	changed := func(a trust.Attached, old, next string) trust.Attached {
		a.Data = []byte(replaced(string(a.Data), old, next))
		return a
	}
	list := []reason{
		one("component: no signature", "must sign the image"),
		one("component: signed by a stranger", "not signed by a key of the trust policy", c.bundle(c.stranger, signs())),
		one("component: signature of another image", "covers another image", c.bundle(c.release, replaced(signs(), "1111", "3333"))),
		one("component: subject with another kind of digest", "covers another image", c.bundle(c.release, replaced(signs(), `"sha256"`, `"sha512"`))),
		one("component: digest in capital letters", "covers another image", c.bundle(c.release, strings.ReplaceAll(replaced(signs(), appManifest, strings.Repeat("a", 64)), strings.Repeat("a", 64), strings.Repeat("A", 64)))),
		one("component: no subject", "covers another image", c.bundle(c.release, `{"_type":"`+statement.Type+`","subject":[],"predicateType":"`+statement.CosignSign+`","predicate":{}}`)),
		one("component: two subjects, by letter case", "duplicate member", c.bundle(c.release, replaced(signs(), `"subject"`, `"Subject":[],"subject"`))),
		one("component: subject in other letter case", "member subject is missing", c.bundle(c.release, replaced(signs(), `"subject"`, `"Subject"`))),
		one("component: statement of an unknown version", "Statement/v2", c.bundle(c.release, replaced(signs(), "Statement/v1", "Statement/v2"))),
		one("component: only a bill of materials is signed", "must sign the image", c.bundle(c.release, said(statement.SPDX, "{}"))),
		one("component: only a failed check is signed", "must sign the image", c.bundle(c.release, said(statement.Summary, `{"verificationResult":"FAILED"}`))),
		one("component: type of a signature in other letter case", "must sign the image", c.bundle(c.release, said(strings.ToUpper(statement.CosignSign), "{}"))),
		one("component: type of a signature with more text", "must sign the image", c.bundle(c.release, said(statement.CosignSign+"/not", "{}"))),
		one("component: text that is signed, and no statement", "malformed", c.bundle(c.release, "please trust this image")),
		one("component: payload of another signature", "not signed by a key of the trust policy", changed(c.bundle(c.release, said("x", "{}")), base64.StdEncoding.EncodeToString([]byte(said("x", "{}"))), base64.StdEncoding.EncodeToString([]byte(signs())))),
		one("component: bundle with a certificate", "only keys are trusted here", c.identity(c.s, workflow, signs())),
		one("component: bundle without verification material", "no verification material", changed(good, `"publicKey"`, `"unknown"`)),
		one("component: bundle of an unknown version", "media type", changed(good, "bundle.v0.3", "bundle.v0.9")),
		bad("component: repository whose name begins like ours", "does not cover repository", plainKey, at("ghcr.io/example-evil/app"), good),
		bad("component: repository on another registry", "does not cover repository", plainKey, at("registry.example.org/ghcr.io/example/app"), good),
		bad("component: repository below the one that is named", "does not cover repository", strings.Replace(plainKey, "example/*", "example/app", 1), at("ghcr.io/example/app/debug"), good),
		bad("component: repository whose name ends in a path", "does not cover repository", strings.Replace(plainKey, "example/*", "example/app", 1), at("ghcr.io/example/app-debug"), good),
		bad("component: one key of two, twice", "2 of the authorities", twoKeys, app, good, c.envelope(c.release, statement.PayloadType, signs(), nil)),
		bad("component: second signature covers another image", "covers another image", twoKeys, app, good, c.bundle(c.second, replaced(signs(), "1111", "3333"))),
		bad("component: second signature is only a bill of materials", "2 of the authorities", twoKeys, app, good, c.bundle(c.second, said(statement.SPDX, "{}"))),
		bad("component: signer that the rule does not name", "1 of second must sign", strings.Replace(twoKeys, "threshold: 2", "signedBy: [second]", 1), app, good),
		bad("component: revoked index of a good manifest", "revokes image", plainKey+"revoked: {digests: [sha256:"+appIndex+"]}\n", app, good),
		bad("component: revoked key", "key release is revoked", plainKey+"revoked: {keys: ["+c.release.ID()+"]}\n", app, good),
		bad("component: key that is not valid yet", "are valid from", strings.Replace(plainKey, "repositories", "validFrom: 2099-01-01, repositories", 1), app, good),
		bad("component: key that is no longer valid", "were valid until", strings.Replace(plainKey, "repositories", "validUntil: 2020-01-01, repositories", 1), app, good),
		bad("component: signed bill of materials of a stranger", "not signed by a key", plainKey+"components: [{repositories: [ghcr.io/example/*], require: {sbom: true}}]\n", app, good, c.bundle(c.stranger, said(statement.SPDX, "{}"))),
	}
	list = append(list, c.forms(one)...)
	list = append(list, c.provenances(bad, good)...)
	return append(list, c.identities(bad)...)
}

// forms are bare DSSE envelopes, and cosign's classic form.
func (c *components) forms(one func(name, what string, beside ...trust.Attached) reason) []reason {
	dsse := func(change func(object)) trust.Attached {
		return c.envelope(c.release, statement.PayloadType, signs(), change)
	}
	const kind = "cosign container image signature"
	text := classic(appManifest, kind)
	with := func(a trust.Attached, change func(*trust.Attached)) trust.Attached { change(&a); return a }
	return []reason{
		one("component: envelope of another payload type", "payload type", c.envelope(c.release, "application/json", signs(), nil)),
		one("component: envelope whose payload type was changed", "not signed by a key", c.envelope(c.release, "application/json", signs(), func(e object) { e["payloadType"] = statement.PayloadType })),
		one("component: envelope without a signature", "has 0 signatures", dsse(func(e object) { e["signatures"] = []object{} })),
		one("component: envelope with two signatures", "has 2 signatures", dsse(func(e object) { e["signatures"] = append(e["signatures"].([]object), object{"sig": "AAAA"}) })),
		one("component: envelope with an empty signature", "not signed", dsse(func(e object) { e["signatures"] = []object{{"sig": ""}} })),
		one("component: statement without an envelope", "it is not signed", trust.Attached{MediaType: "application/vnd.in-toto+json", Data: []byte(signs())}),
		one("component: classic signature of a stranger", "not signed by a key", c.simple(c.stranger, text)),
		one("component: classic signature of another image", "covers another image", c.simple(c.release, classic(strings.Repeat("3", 64), kind))),
		one("component: classic signature of another type", "is not \"cosign container image signature\"", c.simple(c.release, classic(appManifest, "atomic container signature"))),
		one("component: classic payload was changed", "not signed by a key", with(c.simple(c.release, text), func(a *trust.Attached) { a.Data = append(a.Data, ' ') })),
		one("component: classic signature is missing", "missing or malformed", with(c.simple(c.release, text), func(a *trust.Attached) { a.Signature = "" })),
		one("component: classic signature with a certificate", "keyless signatures of this form cannot be verified", with(c.simple(c.release, text), func(a *trust.Attached) {
			a.Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.ca.root.Raw}))
		})),
		one("component: classic payload with two digests", "duplicate member", c.simple(c.release, strings.Replace(text, `"docker-manifest-digest"`, `"Docker-Manifest-Digest":"sha256:`+strings.Repeat("3", 64)+`","docker-manifest-digest"`, 1))),
		one("component: statement as a classic signature", "is not \"cosign container image signature\"", c.simple(c.release, signs())),
	}
}

type componentAttack func(name, what, policy string, img trust.Image, beside ...trust.Attached) reason

// provenances are statements about a build that a policy does not accept.
func (c *components) provenances(bad componentAttack, good trust.Attached) []reason {
	const ci, ours = "https://ci.example.org", "https://github.com/example/app"
	from := func(name, what string, beside ...trust.Attached) reason {
		return bad(name, what, fromOurs, app, beside...)
	}
	v1 := builtBy(ci, ours)
	return []reason{
		from("component: no provenance", "needs signed provenance", good),
		from("component: provenance without a signature", "it is not signed", good, trust.Attached{MediaType: "application/vnd.in-toto+json", Data: []byte(v1)}),
		from("component: provenance of a stranger", "not signed by a key", good, c.bundle(c.stranger, v1)),
		from("component: provenance of another builder", "provenance of builder https://evil.example.org", c.bundle(c.release, builtBy("https://evil.example.org", ours))),
		from("component: builder whose name begins like ours", "provenance of builder https://ci.example.org.evil.example", c.bundle(c.release, builtBy(ci+".evil.example", ours))),
		from("component: builder in other letter case", "provenance of builder https://CI.example.org", c.bundle(c.release, builtBy("https://CI.example.org", ours))),
		from("component: provenance without a builder", "found: none", c.bundle(c.release, builtBy("  ", ours))),
		from("component: two builders, by letter case", "duplicate member", c.bundle(c.release, strings.Replace(v1, `"builder"`, `"Builder":{"id":"x"},"builder"`, 1))),
		from("component: source of a fork", "from https://github.com/mallory/app", c.bundle(c.release, builtBy(ci, "https://github.com/mallory/app"))),
		from("component: source whose name begins like ours", "from https://github.com/example/app-evil", c.bundle(c.release, builtBy(ci, ours+"-evil"))),
		from("component: our source after another one", "from https://github.com/mallory/app", c.bundle(c.release,
			strings.Replace(builtBy(ci, "https://github.com/mallory/app"), `"}]}`, `"},{"uri":"git+`+ours+`@refs/tags/v1"}]}`, 1))),
		from("component: builder in the place of an older version", "found: none", c.bundle(c.release, strings.Replace(v1, `"runDetails":{"builder"`, `"builder":{"id":"`+ci+`"},"runDetails":{"other"`, 1))),
		from("component: provenance of an unknown version", "found: none", c.bundle(c.release, strings.Replace(v1, "provenance/v1", "provenance/v9", 1))),
		bad("component: provenance by a signer that the rule does not name", "provenance of builder", strings.Replace(strings.Replace(fromOurs, "components:", "  - {name: second, key: second.pub, repositories: [\"*\"]}\ncomponents:", 1),
			"[ghcr.io/example/*]\n    require", "[ghcr.io/example/*]\n    signedBy: [release]\n    require", 1), app, c.bundle(c.release, builtBy("https://evil.example.org", ours)), c.bundle(c.second, v1)),
	}
}

// identities are signatures with certificates.
func (c *components) identities(bad componentAttack) []reason {
	const other = "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main"
	byMail := func(name, root string) string {
		return "  - name: " + name + "\n    keyless: {issuer: https://issuer.example.org, subject: release@example.org, trustedRoot: " + root + "}\n    repositories: [\"*\"]\n"
	}
	both := "authorities:\n" + byMail("ci", "root.json") + byMail("ci-next", "next.json") + "components: [{repositories: [\"*\"], threshold: 2}]\n"
	byCA := "authorities: [{name: company, certificates: {chain: ca.pem, subject: " + signerURI + "}, repositories: [\"*\"]}]\n"
	mail := "release@example.org"
	revoked := func(subject string) string {
		return byJob + "revoked: {identities: [{issuer: https://issuer.example.org, subject: \"" + subject + "\"}]}\n"
	}
	signed := c.identity(c.s, workflow, signs())
	return []reason{
		bad("component: job of a branch", "which is not a trusted identity", byJob, app, c.identity(c.s, other, signs())),
		bad("component: job of a repository whose name begins like ours", "which is not a trusted identity", byJob, app, c.identity(c.s, strings.Replace(workflow, "example/app", "example/app-evil", 1), signs())),
		bad("component: job of a fork", "which is not a trusted identity", byJob, app, c.identity(c.s, strings.Replace(workflow, "example/app", "mallory/app", 1), signs())),
		bad("component: job with another Sigstore", "no entry of a trusted transparency log", byJob, app, c.identity(c.next, workflow, signs())),
		bad("component: job that signed another image", "covers another image", byJob, app, c.identity(c.s, workflow, strings.Replace(signs(), "1111", "3333", 1))),
		bad("component: job of a revoked tag", "identity job is revoked", revoked(workflow), app, signed),
		bad("component: job of a revoked repository", "identity job is revoked", revoked("https://github.com/example/app/*"), app, signed),
		bad("component: one person of two, with two services", "ci and ci-next are one signer, release@example.org", both, app, c.identity(c.s, mail, signs()), c.identity(c.next, mail, signs())),
		bad("component: certificate of the company for no purpose in particular", "its extended key usage is another one, or missing", byCA, app, c.certified(func(x *x509.Certificate) { x.ExtKeyUsage = nil })),
		bad("component: expired certificate of the company", "expired", byCA, app, c.certified(func(x *x509.Certificate) { x.NotAfter = now.AddDate(0, 0, -1) })),
		bad("component: certificate of the company for another person", "not for \""+signerURI+"\"", byCA, app, c.certified(func(x *x509.Certificate) { x.URIs = nil; x.EmailAddresses = []string{"a@example.org"} })),
	}
}

// The attacks fail for their reason only: the honest form of each kind of signature is
// accepted.
func TestHonestComponents(t *testing.T) {
	t.Parallel()
	c := newComponents(t)
	const kind = "cosign container image signature"
	byCA := "authorities: [{name: company, certificates: {chain: ca.pem, subject: " + signerURI + "}, repositories: [\"*\"]}]\n"
	for name, tt := range map[string]struct {
		policy string
		beside []trust.Attached
	}{
		"bundle":      {plainKey, []trust.Attached{c.bundle(c.release, signs())}},
		"envelope":    {plainKey, []trust.Attached{c.envelope(c.release, statement.PayloadType, signs(), nil)}},
		"classic":     {plainKey, []trust.Attached{c.simple(c.release, classic(appManifest, kind))}},
		"index":       {plainKey, []trust.Attached{c.simple(c.release, classic(appIndex, kind))}},
		"two":         {twoKeys, []trust.Attached{c.bundle(c.release, signs()), c.bundle(c.second, signs())}},
		"provenance":  {fromOurs, []trust.Attached{c.bundle(c.release, builtBy("https://ci.example.org", "https://github.com/example/app"))}},
		"job":         {byJob, []trust.Attached{c.identity(c.s, workflow, signs())}},
		"certificate": {byCA, []trust.Attached{c.certified(func(*x509.Certificate) {})}},
	} {
		p, err := c.load(tt.policy)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if reason := c.judged(p, app, tt.beside); reason != "" {
			t.Errorf("%s: %s", name, reason)
		}
	}
}

// careless are trust policies that would accept more than they seem to. Each is an
// error, with the line.
func (c *components) careless() []reason {
	bad := func(name, what, policy string) reason {
		return reason{name, what, func(t *testing.T) string {
			_, err := c.load(policy)
			if !errors.Is(err, system.ErrInput) {
				t.Fatalf("%v is not an error of the input", err)
			}
			// The first of its errors, without the path of the file.
			line, _, _ := strings.Cut(err.Error(), "\n")
			_, line, _ = strings.Cut(line, ".yml:")
			return "trust.yml:" + strings.ReplaceAll(line, c.dir+"/", "")
		}}
	}
	image := func(require string) string {
		return "authorities: [{name: release, key: release.pub, systems: [os]}]\nimages:\n  - systems: [os]\n    require: " + require + "\n"
	}
	return []reason{
		bad("policy without authorities", "contains no keys", "authorities: []\n"),
		bad("policy that accepts any digest", "the list is empty", image("{policy: {name: hardened, digests: []}}")),
		bad("policy that accepts any os.yml", "the list is empty", image("{sources: []}")),
		bad("policy with an empty list of second opinions", "the list is empty", image("{secondOpinion: []}")),
		bad("policy that asks the signer for a second opinion", "there is none", image("{secondOpinion: [release]}")),
		bad("policy that requires no rule", "the list is empty", image("{passed: []}")),
		bad("policy that limits no waiver", "requires nothing", image("{waivers: {}}")),
		bad("policy that requires nothing", "requires nothing", image("{}")),
		bad("policy that requires a decision since the year 1", "is not a time", image("{notOlderThan: 0001-01-01}")),
		bad("policy with a threshold of 0", "is not a number from 1", "authorities: [{name: release, key: release.pub, systems: [os]}]\nimages: [{systems: [os], threshold: 0}]\n"),
		bad("policy with one key under two names", "are the same key", "authorities:\n  - {name: a, key: release.pub, systems: [os]}\n  - {name: b, key: release.pub, systems: [os]}\n"),
		bad("policy with one identity under two names", "are the same identity", "authorities:\n  - {name: a, keyless: {issuer: https://i, subject: s, trustedRoot: root.json}, systems: [os]}\n  - {name: b, keyless: {issuer: https://i, subject: s, trustedRoot: root.json}, systems: [router]}\n"),
		bad("policy with one certificate under two names", "are the same identity", "authorities:\n  - {name: a, certificates: {chain: ca.pem, subject: s}, systems: [os]}\n  - {name: b, certificates: {chain: ca.pem, subject: s}, systems: [router]}\n"),
		bad("policy with a misspelled requirement", "unknown key", image("{maxAgeDay: 30}")),
		bad("policy with a requirement twice", "duplicate key", image("\n      maxAgeDays: 1\n      maxAgeDays: 999")),
		bad("policy with an alias", "anchors are not allowed", "authorities: [&a {name: release, key: release.pub, systems: [os]}, *a]\n"),
		bad("policy in two documents", "more than one YAML document", "authorities: [{name: release, key: release.pub, systems: [os]}]\n---\nrevoked: {}\n"),
		bad("policy that accepts any builder", "the list is empty", plainKey+"components: [{repositories: [\"*\"], require: {provenance: {builders: []}}}]\n"),
		bad("policy with a pattern inside a name", "is not a repository", "authorities: [{name: release, key: release.pub, repositories: [\"ghcr.io/*/app\"]}]\n"),
		bad("policy that trusts all identities of an issuer", "has no subject", "authorities: [{name: ci, keyless: {issuer: https://issuer.example.org, subject: \"*\", trustedRoot: root.json}, repositories: [\"*\"]}]\n"),
		bad("policy with the certificate of a signer as its authority", "is not one of a certificate authority", "authorities: [{name: company, certificates: {chain: leaf.pem, subject: x}, systems: [os]}]\n"),
	}
}

// services are attacks on thresholds by one person.
func services(t *testing.T) []staged {
	t.Helper()
	s, o := sigstoretest.Start(t)
	next, more := sigstoretest.Start(t)
	defer s.Close()
	defer next.Close()
	signer := func(o attest.KeylessOptions) *attest.Keyless {
		k, err := attest.NewKeyless(o)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	dir := sealtest.New("demo").Seal(t, signer(o))
	raw, err := signer(more).Bundle(t.Context(), readBundle(t, dir, "provenance").DSSEEnvelope.Payload)
	if err != nil {
		t.Fatal(err)
	}
	trusts := func(root []byte) verify.Keyless {
		k, err := keyless.New(root, keyless.Identity{Issuer: sigstoretest.Issuer, Subject: person})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	return []staged{{attack: attack{"keyless: one person of two, with two services", func(t *testing.T, to string) {
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(dir))); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(to, statement.BundlePath(attest.CountersignatureStem("next"))), bytes.Clone(raw))
		relayout(t, to)
	}, verify.CheckSignature, "are one signer"}, policy: func(p *verify.Policy) {
		p.Keys, p.Now = nil, time.Now()
		p.Authorities = []verify.Authority{{Name: "ci", Keyless: trusts(o.TrustedRoot)}, {Name: "ci-next", Keyless: trusts(more.TrustedRoot)}}
		p.Rules = []verify.Rule{{Threshold: 2}}
	}}}
}
