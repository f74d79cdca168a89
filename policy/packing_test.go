package policy

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

func bundleFolder(t *testing.T) string {
	return ownFolder(t, "ours", map[string]string{
		"OWN-001.rego":      policytest.RuleFile("OWN-001", sameRule),
		"OWN-001_test.rego": "package seaworthy.rules.OWN_001_test\n\ntest_x if true\n",
		"data/own.json":     `{"own": {"text": "ours"}}`,
		"packs/p.yaml":      "ours: {includes: baseline, rules: [OWN-001]}",
		"notes.txt":         "not a rule",
		".git/config":       "secret",
	})
}

// A packed policy can be read again, and its decisions are the same.
func TestBundle(t *testing.T) {
	dir := bundleFolder(t)
	o := Options{Policies: []Source{{Name: dir}}, Now: testNow}
	raw, name, err := Pack(context.Background(), o)
	if err != nil || name != "ours" {
		t.Fatal(name, err)
	}
	again, _, err := Pack(context.Background(), o)
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("the same folder gives different bytes: %v", err)
	}
	files, err := folder.ReadBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(slices.Sorted(maps.Keys(files)), " "); got != "OWN-001.rego OWN-001_test.rego data/own.json packs/p.yaml" {
		t.Errorf("files %s", got)
	}
	plain, err := Decide(context.Background(), policytest.Facts(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Policies = []Source{{Name: "oci://example.org/ours:1", Bundle: &Bundle{Files: files}}}
	d, err := Decide(context.Background(), policytest.Facts(), o)
	if err != nil || d.Policy.Digest != plain.Policy.Digest || d.Policy.Name != "oci:ours" {
		t.Errorf("%v, %+v", err, d)
	}
	var out bytes.Buffer
	if err := Test(context.Background(), o, &out); err != nil || !strings.Contains(out.String(), "PASS: 1/1") {
		t.Errorf("%v: %s", err, &out)
	}

	// Stock opa reads it as a bundle.
	b, err := bundle.NewReader(bytes.NewReader(raw)).Read()
	if err != nil || len(b.Modules) != 2 || b.Data["own"] == nil {
		t.Errorf("opa: %v, %d modules, %v", err, len(b.Modules), b.Data)
	}
}

func TestPackRefuses(t *testing.T) {
	bad := ownFolder(t, "bad", map[string]string{"OWN-001.rego": "package seaworthy.rules.OWN_001\n"})
	for _, p := range []string{"baseline", bad, "nowhere"} {
		_, _, err := Pack(context.Background(), Options{Policy: p})
		policytest.WantError(t, err, system.ErrInput)
	}
}
