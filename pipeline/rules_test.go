package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const ruleSystems = "../rules/examples"

// TestRuleSystems runs every rule in the real pipeline, from os.yml to the place of
// the finding: on a system that fires it, and on one that does not.
func TestRuleSystems(t *testing.T) {
	t.Parallel()
	infos, err := policy.Rules(t.Context(), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bench := newRuleBench(t)
	known := map[string]bool{}
	for _, info := range infos {
		known[info.ID] = true
		t.Run(info.ID, func(t *testing.T) {
			t.Parallel()
			judge := bench.only(t, info.ID)
			bench.silent(t, judge, info)
			// verify decides some rules, so they have no systems here.
			if canFail(info) {
				bench.fires(t, judge, info)
			}
			bench.systems(t, info.ID)
		})
	}
	folders, err := os.ReadDir(ruleSystems)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() && !known[f.Name()] {
			t.Errorf("%s: no rule has this id", f.Name())
		}
	}
}

// canFail: a system alone can break the rule.
func canFail(info policy.RuleInfo) bool {
	return strings.Contains(info.Source, "\nfail contains") || strings.Contains(info.Source, "\nfound contains")
}

// ruleBench holds what all systems share: the images, the base and its facts.
type ruleBench struct {
	layout  string
	digests *strings.Replacer
	base    string
	facts   map[string]any
	// inventories keeps the inventories of the images for the next system.
	inventories scanner.Cache
	// strictest is the pack with all rules.
	strictest func() (*policy.Prepared, error)
}

func newRuleBench(t *testing.T) *ruleBench {
	t.Helper()
	b := &ruleBench{
		layout:      filepath.Join(t.TempDir(), "layout"),
		inventories: scanner.Cache{Dir: filepath.Join(t.TempDir(), "inventories"), Program: "test"},
		strictest: sync.OnceValues(func() (*policy.Prepared, error) {
			return policy.Prepare(context.Background(), policy.Options{Policy: "strict", FailOn: "none", Now: ruleDay})
		}),
	}
	var refs []ocitest.Ref
	var replace []string
	for name, image := range ruleImages(t) {
		ref := ocitest.Named(name, image)
		refs = append(refs, ref)
		replace = append(replace, name+"@DIGEST", name+"@"+image.Build().Root.Digest)
	}
	ocitest.WriteLayout(t, b.layout, refs...)
	b.digests = strings.NewReplacer(replace...)
	b.base = b.write(t, filepath.Join(ruleSystems, "base.yml"))
	raw, err := json.Marshal(b.check(t, b.only(t, "CAP-001"), b.base).Facts)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &b.facts); err != nil {
		t.Fatal(err)
	}
	return b
}

// write copies an os.yml, with digests added to its images, to a temporary folder.
func (b *ruleBench) write(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b.place(t, filepath.Base(file), content)
}

// place writes an os.yml with this content to a temporary folder, with digests added
// to its images.
func (b *ruleBench) place(t *testing.T, name string, content []byte) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	writeFile(t, to, []byte(b.digests.Replace(string(content))))
	return to
}

// only returns a policy with this rule alone and the parameters of its folder.
func (b *ruleBench) only(t *testing.T, id string) policy.Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "packs"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "packs", "one.yaml"), []byte("one: {rules: ["+id+"]}\n"))
	if params, err := os.ReadFile(filepath.Join(ruleSystems, id, "params.json")); err == nil {
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "data", "params.json"), params)
	}
	return policy.Options{Policy: dir, FailOn: "none", Now: ruleDay}
}

// ruleFormats are the formats of the build that the decisions are about. A system
// that patches the facts can name others.
var ruleFormats = []string{"kernel+initrd"}

// ruleDay is the date of the decisions.
var ruleDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (b *ruleBench) resolve(files ...string) builder.Options {
	return builder.Options{Files: files, Arch: "amd64", Components: []string{b.layout}, Offline: true}
}

func (b *ruleBench) check(t *testing.T, judge policy.Options, files ...string) *pipeline.Checked {
	t.Helper()
	checked, err := pipeline.Check(t.Context(), pipeline.CheckOptions{
		Resolve: b.resolve(files...), Policy: judge, Inventories: b.inventories, FormatsMeant: ruleFormats,
	})
	if err != nil {
		t.Fatal(err)
	}
	return checked
}

// patched is a file with a patch of facts.
type patched struct {
	Fires []string `json:"fires,omitempty"`
	// Policy is the policy to evaluate, if it is not only this rule.
	Policy string         `json:"policy,omitempty"`
	Facts  map[string]any `json:"facts"`
}

// decide evaluates a rule's system, NAME.yml or NAME.json. It returns the findings,
// the expected findings of the file, and a function that writes new expected
// findings.
func (b *ruleBench) decide(t *testing.T, judge policy.Options, id, name string) (findings []decision.Finding, want []string, rewrite func([]string)) {
	t.Helper()
	file := filepath.Join(ruleSystems, id, name)
	if content, err := os.ReadFile(file + ".yml"); err == nil {
		lines := strings.Split(string(content), "\n")
		rest := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, firesComment) })
		for _, l := range lines {
			if said, ok := strings.CutPrefix(l, firesComment); ok {
				want = append(want, said)
			}
		}
		d := b.check(t, judge, b.base, b.write(t, file+".yml")).Decision
		return d.Findings, want, func(found []string) {
			for i := range found {
				found[i] = firesComment + found[i]
			}
			writeFile(t, file+".yml", []byte(strings.Join(append(found, rest...), "\n")))
		}
	}
	raw, err := os.ReadFile(file + ".json")
	if err != nil {
		t.Fatalf("no system for this rule: write rules/examples/%s/%s.yml, or .json (see rules/examples/README.md)", id, name)
	}
	var p patched
	strict(t, raw, &p)
	return b.decidePatch(t, judge, id, p), p.Fires, func(found []string) {
		p.Fires = found
		out, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, file+".json", append(out, '\n'))
	}
}

// decidePatch returns the findings of a rule for the patched facts of the base.
func (b *ruleBench) decidePatch(t *testing.T, judge policy.Options, id string, p patched) []decision.Finding {
	t.Helper()
	if p.Policy != "" {
		judge.Policy = p.Policy
	}
	d, err := policy.Decide(t.Context(), b.patch(t, p), judge)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(d.Findings, func(f decision.Finding) bool { return f.ID != id })
}

// patch returns the facts of the base after a patch.
func (b *ruleBench) patch(t *testing.T, p patched) *facts.Facts {
	t.Helper()
	merged, err := json.Marshal(mergeByID(b.facts, p.Facts))
	if err != nil {
		t.Fatal(err)
	}
	var f facts.Facts
	strict(t, merged, &f)
	return &f
}

const firesComment = "# fires: "

func (b *ruleBench) fires(t *testing.T, judge policy.Options, info policy.RuleInfo) {
	t.Helper()
	findings, want, rewrite := b.decide(t, judge, info.ID, "fires")
	var found []string
	for _, f := range findings {
		if f.State != decision.StateFail {
			continue
		}
		said := f.Resource + " " + f.Key
		if at := f.Origin; at != nil {
			where := at.Layer
			if filepath.Base(at.File) == "fires.yml" {
				where = "line " + strconv.Itoa(at.Line-len(want))
			}
			said += ", " + where
		}
		found = append(found, said)
	}
	if len(found) == 0 {
		t.Errorf("the rule does not fire: %+v", findings)
		return
	}
	if *update {
		if !slices.Equal(found, want) {
			rewrite(found)
		}
		return
	}
	if !slices.Equal(found, want) {
		t.Errorf("found\n\t%s\nbut the comments in fires say\n\t%s\nIf what was found is right, write it there: go test ./pipeline -run TestRuleSystems/%s -update",
			strings.Join(found, "\n\t"), strings.Join(want, "\n\t"), info.ID)
	}
}

func (b *ruleBench) silent(t *testing.T, judge policy.Options, info policy.RuleInfo) {
	t.Helper()
	findings, _, _ := b.decide(t, judge, info.ID, "silent")
	if len(findings) == 0 {
		t.Error("silent: the rule has no finding of any state")
	}
	for _, f := range findings {
		if f.State != decision.StatePass && f.State != decision.StateNotApplicable {
			t.Errorf("silent: %s: %s %s: %s", f.State, f.Resource, f.Key, f.Message)
		}
	}
}

// mergeByID applies a JSON merge patch. In lists of objects with ids, it merges by
// id.
func mergeByID(to, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	if list, ok := to.([]any); ok {
		out := slices.Clone(list)
		for id, change := range changes {
			i := slices.IndexFunc(out, func(v any) bool {
				m, _ := v.(map[string]any)
				return m["id"] == id
			})
			if i < 0 {
				panic(fmt.Sprintf("the base has no %s", id))
			}
			out[i] = mergeByID(out[i], change)
		}
		return out
	}
	object, _ := to.(map[string]any)
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	for key, change := range changes {
		if change == nil {
			delete(out, key)
			continue
		}
		out[key] = mergeByID(out[key], change)
	}
	return out
}

func strict(t *testing.T, raw []byte, to any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, fs.FileMode(0o644)); err != nil {
		t.Fatal(err)
	}
}
