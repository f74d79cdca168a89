package trust

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/schema"
)

// whole is a policy with every field, except the two other means of an authority.
const whole = `version: 1
authorities:
  - name: release
    key: release.pub
    repositories: [docker.io/seaworthy/*, ghcr.io/org/app]
    systems: [os, router-*]
    validFrom: 2026-01-01
    validUntil: 2026-12-31
  - name: other
    kms: awskms://alias/other
    key: other.pub
    repositories: ["*"]
    systems: ["*"]
components:
  - repositories: [docker.io/seaworthy/*]
    signedBy: [release, other]
    threshold: 2
    require: {name: exact, sbom: true, provenance: {builders: [b], sources: [s]}}
images:
  - systems: [os]
    signedBy: [release, other]
    threshold: 1
    require:
      policy: {name: hardened, digests: [DIGEST], newerAfter: 2026-06-01, failOn: medium}
      maxAgeDays: 30
      notOlderThan: 2026-05-01T00:00:00Z
      waivers: {atMost: 3, severity: medium, never: [CAP-001]}
      builder: {minimumVersion: v1.2.3}
      sources: [DIGEST]
      secondOpinion: [other]
      passed: [SUP-001]
      noKnownExploited: true
revoked:
  keys: [DIGEST]
  digests: [DIGEST]
  identities: [{issuer: https://i, subject: s}]
`

func (k *keys) parse(t testing.TB, text string) (*Policy, error) {
	t.Helper()
	return Load(k.file(t, "trust.yml", strings.ReplaceAll(text, "DIGEST", "sha256:"+digest)), testNow)
}

// jsonSchema is docs/trust.schema.json.
func jsonSchema(t *testing.T) *schema.Schema {
	t.Helper()
	raw, err := os.ReadFile("../../docs/trust.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid validates YAML with the schema. YAML has dates; the schema sees texts.
func valid(t *testing.T, s *schema.Schema, text string) bool {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(text, "DIGEST", "sha256:"+digest)), &n); err != nil || len(n.Content) == 0 {
		return false
	}
	return len(s.Validate(value(n.Content[0]))) == 0
}

func value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, value(c))
		}
		return list
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return json.Number(n.Value)
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	}
	return n.Value
}

func TestWholePolicy(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p, err := k.parse(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verifier(verify.Policy{Now: testNow}); err != nil {
		t.Fatal(err)
	}
	r := p.systems[0]
	if r.Threshold != 1 || !slices.Equal(r.Passed, []string{"SUP-001", "SUP-015"}) || r.Waivers.AtMost != 3 || r.MaxAge.Hours() != 30*24 ||
		p.authorities[0].Until.Format("2006-01-02") != "2027-01-01" || len(p.revoked.Identities) != 1 {
		t.Errorf("%+v", r)
	}
	s := jsonSchema(t)
	for _, text := range []string{whole, policyText} {
		if !valid(t, s, text) {
			t.Errorf("the schema refuses a policy that is read:\n%s", text)
		}
	}
	// Each field is known to both: with another name, both refuse the policy.
	for line := range strings.Lines(whole) {
		for _, field := range fields(line) {
			changed := strings.Replace(whole, line, strings.Replace(line, field+":", field+"x:", 1), 1)
			if _, err := k.parse(t, changed); err == nil {
				t.Errorf("field %sx is accepted", field)
			}
			if valid(t, s, changed) {
				t.Errorf("the schema accepts field %sx", field)
			}
		}
	}
}

// fields are the names of the fields in a line of YAML.
func fields(line string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" -{},[]\n", r) }) {
		if name, ok := strings.CutSuffix(word, ":"); ok && name != "sha256" && name != "https" {
			out = append(out, name)
		}
	}
	return out
}

// A policy with a mistake is refused, at the place of the mistake.
func TestMistakes(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	k.file(t, "chain.pem", "no certificate")
	change := func(old, new string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(whole, old, new, 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"unknown name rule":    {change("name: exact", "name: yes"), "is not a way to compare names"},
		"unknown version":      {change("version: 1", "version: 2"), "unknown version \"2\""},
		"empty":                {"authorities: []\n", "contains no keys"},
		"only rules":           {"images: [{systems: [os]}]\n", "contains no keys"},
		"signs nothing":        {"authorities: [{name: a, key: release.pub}]\n", "does not cover any repository or system"},
		"no key":               {"authorities: [{name: a, systems: [os]}]\n", "the entry has no key"},
		"only a kms":           {"authorities: [{name: a, systems: [os], kms: awskms://x}]\n", "has no public key"},
		"kms without a scheme": {"authorities: [{name: a, systems: [os], key: release.pub, kms: x}]\n", "is not the reference of a key"},
		"two means":            {"authorities: [{name: a, systems: [os], key: release.pub, keyless: {issuer: i, subject: s, trustedRoot: r}}]\n", "more than one of key"},
		"keyless":              {"authorities: [{name: a, systems: [os], keyless: {issuer: i, subject: s, trustedRoot: r}}]\n", "keyless"},
		"keyless, no subject":  {"authorities: [{name: a, systems: [os], keyless: {issuer: i, trustedRoot: r}}]\n", "has no subject"},
		"no chain in it":       {"authorities: [{name: a, systems: [os], certificates: {chain: chain.pem, subject: s}}]\n", "something other than PEM certificates"},
		"never valid":          {change("validFrom: 2026-01-01", "validFrom: 2027-06-01"), "never valid"},
		"no time":              {change("validFrom: 2026-01-01", "validFrom: soon"), "is not a time"},
		"star inside":          {change("router-*", "rou*ter"), "is not a system"},
		"threshold of 3":       {change("    signedBy: [release, other]\n    threshold: 1\n    require:\n", "    threshold: 3\n    require:\n"), "3 authorities must sign this, but only 2 may"},
		"threshold of 0":       {change("threshold: 2", "threshold: 0"), "is not a number from 1"},
		"unknown signer":       {change("signedBy: [release, other]", "signedBy: [release, stranger]"), "authority \"stranger\" does not exist"},
		"signer twice":         {change("signedBy: [release, other]", "signedBy: [release, release]"), "listed twice"},
		"no signer":            {change("signedBy: [release, other]", "signedBy: []"), "signedBy is empty"},
		"signer for others":    {change("  - systems: [os]", "  - systems: [db]"), "may not sign this"},
		"no system":            {change("  - systems: [os]\n    signedBy", "  - signedBy"), "covers no system"},
		"no digest":            {strings.Replace(whole, "digests: [DIGEST], ", "digests: [sha256:00], ", 1), "is not the digest"},
		"newer than nothing":   {change("digests: [DIGEST], newerAfter", "newerAfter"), "newerAfter needs digests"},
		"no severity":          {change("failOn: medium", "failOn: bad"), "is not a severity"},
		"no rule":              {change("passed: [SUP-001]", "passed: [all]"), "is not the id of a rule"},
		"unknown opinion":      {change("secondOpinion: [other]", "secondOpinion: [stranger]"), "is not the name of an authority"},
		"opinion of a signer":  {change("threshold: 1", "threshold: 2"), "does not sign the image, but there is none"},
		"own opinion":          {change("signedBy: [release, other]\n    threshold: 1", "signedBy: [other]"), "does not sign the image, but there is none"},
		"no version":           {change("v1.2.3", "new"), "is not a version"},
		"any digest":           {strings.Replace(whole, "digests: [DIGEST], newerAfter: 2026-06-01", "digests: []", 1), "the list is empty"},
		"any source":           {change("sources: [DIGEST]", "sources: []"), "the list is empty"},
		"any opinion":          {change("secondOpinion: [other]", "secondOpinion: []"), "the list is empty"},
		"any rule":             {change("passed: [SUP-001]", "passed: []"), "the list is empty"},
		"no rule, never":       {change("never: [CAP-001]", "never: []"), "the list is empty"},
		"any builder":          {change("builders: [b]", "builders: []"), "the list is empty"},
		"blank builder":        {change("builders: [b]", "builders: [\" \"]"), "is not the builder"},
		"any component source": {change("sources: [s]", "sources: []"), "the list is empty"},
		"any waiver":           {change("{atMost: 3, severity: medium, never: [CAP-001]}", "{}"), "requires nothing"},
		"any builder version":  {change("builder: {minimumVersion: v1.2.3}", "builder: {}"), "requires nothing"},
		"nothing required":     {change("{name: exact, sbom: true, provenance: {builders: [b], sources: [s]}}", "{}"), "requires nothing"},
		"no time at all":       {change("notOlderThan: 2026-05-01T00:00:00Z", "notOlderThan: 0001-01-01"), "is not a time"},
		"a field twice":        {change("maxAgeDays: 30", "maxAgeDays: 30\n      maxAgeDays: 40"), "duplicate key"},
	} {
		_, err := k.parse(t, c.text)
		if !errors.Is(err, system.ErrInput) || err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "trust.yml:") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	only, err := k.parse(t, policyText)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := only.Verifier(verify.Policy{Now: testNow}); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "who may sign systems") {
		t.Errorf("a policy for components verifies systems: %v", err)
	}
}
