// Package policytest provides small rule folders and facts for tests.
package policytest

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// RuleFile returns a rule with all annotations and the body.
func RuleFile(id, body string) string {
	return `# METADATA
# scope: package
# title: Title of ` + id + `
# description: Why ` + id + ` matters.
# custom:
#   id: ` + id + `
#   severity: high
#   pack: baseline
#   controls: [CIS-D 5.4]
#   remediation: Edit os.yml.
#   inputs: [spec]
package seaworthy.rules.` + strings.ReplaceAll(id, "-", "_") + `

` + body
}

const rootBody = `
import data.seaworthy.lib

checked contains lib.resource(c) if some c in input.components

fail contains {
	"id": "CAP-001",
	"resource": lib.resource(c),
	"path": "/process/capabilities/bounding",
	"actual": c.spec.process.capabilities.bounding,
	"expected": data.params.allowed,
	"key": "bounding",
	"message": "more than it may have",
} if {
	some c in input.components
	some name in c.spec.process.capabilities.bounding
	not name in data.params.allowed
}
`

// BaseFS returns a small rule folder: one rule, a helper, parameters, two packs.
func BaseFS() fstest.MapFS {
	return fstest.MapFS{
		"lib/lib.rego":    {Data: []byte("package seaworthy.lib\n\nresource(c) := sprintf(\"component:%s\", [c.id])\n")},
		"os/CAP-001.rego": {Data: []byte(RuleFile("CAP-001", rootBody))},
		"os/CAP-001_test.rego": {Data: []byte(`package seaworthy.rules.CAP_001_test

import data.seaworthy.rules.CAP_001

test_fires if {
	some f in CAP_001.fail with input as {"components": [{"id": "services/a", "spec": {"process": {"capabilities": {"bounding": ["X"]}}}}]}
	f.key == "bounding"
}
`)},
		"os/USR-001.rego": {Data: []byte(RuleFile("USR-001", `
not_applicable contains {"resource": sprintf("image:%s", [input.name]), "reason": "no users here"}
`))},
		"data/params.json":    {Data: []byte(`{"params": {"allowed": ["CAP_NET_BIND_SERVICE"]}}`)},
		"packs/baseline.yaml": {Data: []byte("baseline:\n  rules: [CAP-001]\n")},
		"packs/hardened.yaml": {Data: []byte("hardened:\n  includes: baseline\n  rules:\n    - USR-001\n")},
	}
}

// With returns a copy of a folder with changed files. The content "" removes a file.
func With(base fstest.MapFS, files map[string]string) fstest.MapFS {
	out := maps.Clone(base)
	for name, content := range files {
		if content == "" {
			delete(out, name)
		} else {
			out[name] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return out
}

// Facts returns facts of a small system: two components and a kernel.
func Facts() *facts.Facts {
	comp := func(section, name, spec string) facts.Component {
		return facts.Component{
			ID: section + "/" + name, Section: section, Name: name,
			Image: facts.Image{
				Reference: "seaworthy/" + name + ":1", Name: "docker.io/seaworthy/" + name + ":1",
				Digest: "sha256:" + strings.Repeat("a", 64), Manifest: "sha256:" + strings.Repeat("b", 64),
				Origin: facts.Origin{Layer: "os.yml", File: "os.yml", Line: 10, Column: 12},
			},
			Spec: json.RawMessage(spec),
			Origins: map[string]facts.Origin{
				"":                      {Layer: "default"},
				"/process/capabilities": {Layer: "os.yml", File: "os.yml", Line: 12, Column: 5},
			},
			SBOM: facts.SBOM{Present: true, Coverage: facts.Coverage{Files: 10, Owned: 9}, Distro: &facts.Distro{ID: "debian", VersionID: "12", PrettyName: "Debian GNU/Linux 12"}},
		}
	}
	return &facts.Facts{
		SchemaVersion: 1, Name: "demo", Arch: "amd64",
		Sources: []facts.Source{{Path: "os.yml", Digest: "sha256:" + strings.Repeat("c", 64)}},
		Components: []facts.Component{
			comp("services", "web", `{"process":{"capabilities":{"bounding":["CAP_NET_BIND_SERVICE","CAP_SYS_ADMIN"]}}}`),
			comp("services", "quiet", `{"process":{"capabilities":{"bounding":[]}}}`),
		},
		Kernel: facts.Kernel{Present: true, Version: "6.1.0", Config: facts.KernelConfig{Present: true}},
	}
}

// WantError checks the kind of an error, and that its text contains words.
func WantError(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v is not %v", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	var known *system.Error
	if !errors.As(err, &known) {
		t.Errorf("%T is not a *system.Error", err)
	}
}

// WriteFile writes a file and its folders, and returns its path.
func WriteFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// Fires returns the body of a rule whose finding shows the value of expr.
func Fires(id, expr string) string {
	return `fail contains {"id": "` + id + `", "resource": "image:demo", "key": "k", "message": "m", "actual": x} if { ` + expr + ` }`
}

// KernelAlone are facts about a kernel and nothing else. given are the inputs beside
// its configuration.
func KernelAlone(given ...string) *facts.Facts {
	f := Facts()
	f.Components, f.Sources = nil, []facts.Source{{Path: "boot/config", Digest: f.Sources[0].Digest}}
	f.Kernel = facts.Kernel{Present: true, Version: "6.1.0", Config: facts.KernelConfig{Present: true, Source: "boot/config",
		Options: map[string]string{"CONFIG_X86_64": "y", "CONFIG_DEVMEM": "y", "CONFIG_MODULES": "y"},
		Lines:   map[string]int{"CONFIG_DEVMEM": 12}}}
	f.Sysctl.Settings = []facts.Setting{{Key: "kernel.kptr_restrict", Value: "0", Source: "a.conf", Line: 3}}
	f.Scope = &facts.Scope{Given: []string{"kernel config"}, Missing: []string{}}
	for _, name := range []string{"command line", "sysctls"} {
		if slices.Contains(given, name) {
			f.Scope.Given = append(f.Scope.Given, name)
		} else {
			f.Scope.Missing = append(f.Scope.Missing, name)
		}
	}
	return f
}

// KeyedTable is BaseFS with a helper that gives results by key, and two rules that
// read it: CAP-001 fires with the key "a", USR-001 with the key "b".
func KeyedTable() fstest.MapFS {
	return With(BaseFS(), map[string]string{
		"lib/table.rego": `package seaworthy.tables.t

fail[id] contains f if {
	some row in [["CAP-001", "a"], ["USR-001", "b"]]
	id := row[0]
	f := {"id": id, "resource": "image:demo", "key": row[1], "message": "m"}
}

none[id] contains f if { some id, f in input.kernel.config.options }

single[id] := true if some id in input.kernel.modules
`,
		"os/CAP-001.rego": RuleFile("CAP-001", "import data.seaworthy.tables.t\n\nfail contains f if some f in t.fail[\"CAP-001\"]\n\nfail contains f if { some f in t.none[\"CAP-001\"]; t.single.x }"),
		"os/USR-001.rego": RuleFile("USR-001", "import data.seaworthy.tables.t\n\nfail contains f if some f in t.fail[\"USR-001\"]"),
	})
}
