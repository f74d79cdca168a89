package policy

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

func testLibrary(t *testing.T) *library {
	t.Helper()
	tree, err := folder.Read(policytest.BaseFS(), "rules/", folder.BuiltinLimits)
	if err != nil {
		t.Fatal(err)
	}
	l, err := engine.New(tree)
	if err != nil {
		t.Fatal(err)
	}
	return &library{l}
}

const ownRule = `
import data.seaworthy.lib

fail contains {"id": "OWN-001", "resource": lib.resource(c), "key": "k", "message": data.own.text} if some c in input.components
`

func TestFolder(t *testing.T) {
	t.Run("instead", func(t *testing.T) {
		dir := t.TempDir()
		policytest.WriteFile(t, dir, "mine/OWN-001.rego", policytest.RuleFile("OWN-001", ownRule))
		policytest.WriteFile(t, dir, "data/own.json", `{"own": {"text": "ours"}}`)
		policytest.WriteFile(t, dir, ".git/x.rego", "nonsense")
		d := mustRun(t, policytest.BaseFS(), policytest.Facts(), Options{Policy: dir})
		if len(d.Findings) != 2 || d.Findings[0].ID != "OWN-001" || d.Findings[0].Message != "ours" {
			t.Errorf("findings %+v", d.Findings)
		}
		if !strings.HasPrefix(d.Policy.Name, "dir:") {
			t.Errorf("a folder calls itself %q", d.Policy.Name)
		}
	})
	t.Run("beside", func(t *testing.T) {
		dir := t.TempDir()
		policytest.WriteFile(t, dir, "OWN-001.rego", policytest.RuleFile("OWN-001", ownRule))
		policytest.WriteFile(t, dir, "data/own.json", `{"own": {"text": "ours"}, "params": {"allowed": ["CAP_SYS_ADMIN", "CAP_NET_BIND_SERVICE"]}}`)
		policytest.WriteFile(t, dir, "packs/own.yaml", "team: {includes: baseline}\nours: {includes: [team, hardened], rules: [OWN-001]}")
		d := mustRun(t, policytest.BaseFS(), policytest.Facts(), Options{Policy: dir})
		if d.Policy.Name != "dir:ours" || d.Policy.Rules != 3 {
			t.Errorf("policy %+v", d.Policy)
		}
		if got := one(t, d, "CAP-001", "component:services/web"); got.State != decision.StatePass {
			t.Errorf("the folder's parameter has no effect: %+v", got)
		}
	})
	for name, c := range map[string]struct {
		files map[string]string
		words []string
	}{
		"unknown parameter": {map[string]string{"data/p.json": `{"params": {"alowed": []}}`}, []string{`"alowed"`}},
		"parameter's type":  {map[string]string{"data/p.json": `{"params": {"allowed": "CAP_X"}}`}, []string{"a list", "a text"}},
		"built-in rule":     {map[string]string{"CAP-001.rego": policytest.RuleFile("CAP-001", "fail contains 1 if false")}, []string{"built in"}},
		"built-in helper":   {map[string]string{"lib.rego": "package seaworthy.lib\n\nresource(_) := \"image:x\"\n"}, []string{"built in"}},
		"built-in pack":     {map[string]string{"packs/p.yaml": "baseline: {rules: [OWN-001]}"}, []string{"built in"}},
		"two packs":         {map[string]string{"packs/p.yaml": "a: {rules: [OWN-001]}\nb: {rules: [OWN-001]}"}, []string{"a, b"}},
		"circle":            {map[string]string{"packs/p.yaml": "a: {includes: b}\nb: {includes: a}"}, []string{"main pack is ambiguous"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			policytest.WriteFile(t, dir, "OWN-001.rego", policytest.RuleFile("OWN-001", `fail contains {"id": "OWN-001", "resource": "image:demo", "key": "k", "message": "m"}`))
			for file, content := range c.files {
				policytest.WriteFile(t, dir, file, content)
			}
			_, err := run(t, policytest.BaseFS(), policytest.Facts(), Options{Policy: dir})
			policytest.WantError(t, err, system.ErrInput, c.words...)
		})
	}
}

// A symbolic link in a folder cannot include a file outside of the folder.
func TestFolderLink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	secret := policytest.WriteFile(t, outside, "secret.rego", policytest.RuleFile("OWN-001", "fail contains 1 if false"))
	if err := os.Symlink(secret, dir+"/OWN-001.rego"); err != nil {
		t.Skip(err)
	}
	_, err := run(t, policytest.BaseFS(), policytest.Facts(), Options{Policy: dir})
	if err == nil {
		t.Fatal("a link out of the folder was followed")
	}
}

func TestRules(t *testing.T) {
	l := testLibrary(t)
	all, err := l.rulesOf(t.Context(), Options{Policy: ""})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].ID != "CAP-001" || strings.Join(all[0].Packs, " ") != "baseline hardened" || strings.Join(all[1].Packs, " ") != "hardened" {
		t.Errorf("rules %+v", all)
	}
	if r := all[0]; r.Title != "Title of CAP-001" || r.Description != "Why CAP-001 matters." || r.Pack != "baseline" ||
		r.Remediation != "Edit os.yml." || len(r.Inputs) != 1 || r.File != "rules/os/CAP-001.rego" {
		t.Errorf("rule %+v", r)
	}
	if base, err := l.rulesOf(t.Context(), Options{Policy: "baseline"}); err != nil || len(base) != 1 {
		t.Errorf("baseline %v, %v", base, err)
	}
	_, err = l.rulesOf(t.Context(), Options{Policy: "nope"})
	policytest.WantError(t, err, system.ErrInput, "nope")
}

func TestRuleTests(t *testing.T) {
	var out bytes.Buffer
	if err := testLibrary(t).test(context.Background(), Options{}, &out); err != nil || !strings.Contains(out.String(), "PASS: 1/1") {
		t.Errorf("%v\n%s", err, &out)
	}

	dir := t.TempDir()
	policytest.WriteFile(t, dir, "OWN-001.rego", policytest.RuleFile("OWN-001", ownRule))
	policytest.WriteFile(t, dir, "data/own.json", `{"own": {"text": "ours"}}`)
	out.Reset()
	policytest.WantError(t, testLibrary(t).test(context.Background(), Options{Policy: dir}, &out), system.ErrInput, "no rule has a test")

	policytest.WriteFile(t, dir, "OWN-001_test.rego", `package seaworthy.rules.OWN_001_test

import data.seaworthy.rules.OWN_001

test_fires if count(OWN_001.fail) == 1 with input as {"components": [{"id": "services/a"}]}

test_wrong if count(OWN_001.fail) == 2 with input as {"components": [{"id": "services/a"}]}
`)
	out.Reset()
	policytest.WantError(t, testLibrary(t).test(context.Background(), Options{Policy: dir}, &out), system.ErrUnusable, "rule tests failed")
	for _, want := range []string{"FAIL", "test_wrong", "PASS: 1/2"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output has no %q:\n%s", want, &out)
		}
	}

	policytest.WriteFile(t, dir, "OWN-001_test.rego", "package seaworthy.rules.OWN_001_test\n\ntest_net if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})\n")
	policytest.WantError(t, testLibrary(t).test(context.Background(), Options{Policy: dir}, &out), system.ErrInput, "http.send")
}
