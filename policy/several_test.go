package policy

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// guestArg makes the test's binary run as a guest's process.
const guestArg = "policy-guest"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == guestArg {
		if err := Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func isolated(ctx context.Context) *exec.Cmd {
	return exec.CommandContext(ctx, "/proc/self/exe", guestArg)
}

// both runs a test with guests in this process and in a separate process.
func both(t *testing.T, fn func(t *testing.T, o Options)) {
	t.Run("here", func(t *testing.T) { fn(t, Options{Now: testNow}) })
	t.Run("isolated", func(t *testing.T) { fn(t, Options{Now: testNow, Isolate: isolated}) })
}

const sameRule = `
fail contains {"id": "OWN-001", "resource": sprintf("component:%s", [c.id]), "key": "k", "message": "m"} if some c in input.components
`

// ownFolder writes a rule folder NAME with files (path -> content) and returns its
// path.
func ownFolder(t *testing.T, name string, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for file, content := range files {
		policytest.WriteFile(t, dir, file, content)
	}
	return dir
}

func partNames(d *decision.Decision) string {
	var out []string
	for _, p := range d.Policy.Parts {
		name := p.Name
		if p.IncludedBy != "" {
			name += "<" + p.IncludedBy
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func digestOf(t *testing.T, d *decision.Decision, part string) string {
	t.Helper()
	for _, p := range d.Policy.Parts {
		if p.Name == part {
			return p.Digest
		}
	}
	t.Fatalf("no part %s in %s", part, partNames(d))
	return ""
}

func TestSeveralPolicies(t *testing.T) {
	ours := ownFolder(t, "ours", map[string]string{"OWN-001.rego": policytest.RuleFile("OWN-001", sameRule)})
	both(t, func(t *testing.T, o Options) {
		decide := func(names ...string) *decision.Decision {
			t.Helper()
			o := o
			for _, n := range names {
				o.Policies = append(o.Policies, Source{Name: n})
			}
			d, err := Decide(context.Background(), policytest.Facts(), o)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		hardened, own := decide("hardened"), decide(ours)
		d := decide("hardened", ours)
		if d.Policy.Name != "hardened+dir:ours" || partNames(d) != "hardened dir:ours" {
			t.Errorf("policy %+v", d.Policy)
		}
		if hardened.Policy.Parts != nil || digestOf(t, d, "hardened") != hardened.Policy.Digest || digestOf(t, d, "dir:ours") != own.Policy.Digest {
			t.Errorf("a part has another digest than the policy alone: %+v", d.Policy)
		}
		if d.Policy.Rules != hardened.Policy.Rules+1 || len(d.Rules) != d.Policy.Rules || len(d.Findings) != len(hardened.Findings)+len(own.Findings) {
			t.Errorf("%d rules, %d findings", d.Policy.Rules, len(d.Findings))
		}
		if !slices.IsSortedFunc(d.Findings, engine.ByResource) {
			t.Error("findings are not sorted")
		}
		if again := decide("baseline", "hardened"); len(again.Findings) != len(hardened.Findings) || again.Policy.Name != "baseline+hardened" || again.Policy.Digest == hardened.Policy.Digest {
			t.Errorf("packs that overlap: %d findings, %+v", len(again.Findings), again.Policy)
		}
	})
}

// Built-in rules in a folder's packs count as built in. Only a folder that changes
// their data owns them.
func TestIncluded(t *testing.T) {
	pack := map[string]string{"OWN-001.rego": policytest.RuleFile("OWN-001", sameRule), "packs/p.yaml": "ours: {includes: hardened, rules: [OWN-001]}"}
	plain := ownFolder(t, "ours", pack)
	pack["data/p.json"] = `{"params": {"registries": ["example.org"]}}`
	changed := ownFolder(t, "ours", pack)
	both(t, func(t *testing.T, o Options) {
		for _, c := range []struct{ dir, parts string }{{plain, "dir:ours hardened<dir:ours baseline<dir:ours"}, {changed, "dir:ours"}} {
			o.Policies = []Source{{Name: c.dir}}
			d, err := Decide(context.Background(), policytest.Facts(), o)
			if err != nil {
				t.Fatal(err)
			}
			if d.Policy.Name != "dir:ours" || partNames(d) != c.parts {
				t.Errorf("%s: parts %s", c.dir, partNames(d))
			}
			adjusted := d.Policy.Parts[0].Adjusted
			if want := c.dir == changed; (len(adjusted) == 1 && adjusted[0] == "params") != want {
				t.Errorf("adjusted %v", adjusted)
			}
			o.Policies = append(o.Policies, Source{Name: "baseline"})
			if d, err = Decide(context.Background(), policytest.Facts(), o); err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, f := range d.Findings {
				key := f.ID + f.Resource + f.Key + string(f.State) + f.Message
				if seen[key] {
					t.Errorf("duplicate finding %s on %s", f.ID, f.Resource)
				}
				seen[key] = true
			}
		}
	})
}

// If two policies have a result for one resource, the worse one counts.
func TestMerge(t *testing.T) {
	f := func(id, resource, key string, s decision.State) decision.Finding {
		return decision.Finding{ID: id, Resource: resource, Key: key, State: s, Message: string(s)}
	}
	got := merge([][]decision.Finding{
		{f("A-1", "image:a", "", "pass"), f("A-1", "image:b", "k", "fail"), f("A-1", "image:c", "", "not-applicable")},
		{f("A-1", "image:a", "k", "fail"), f("A-1", "image:b", "k", "fail"), f("A-1", "image:b", "", "unknown"), f("A-1", "image:c", "", "pass")},
	})
	var words []string
	for _, f := range got {
		words = append(words, f.Resource+"="+string(f.State))
	}
	if w := strings.Join(words, " "); w != "image:a=fail image:b=unknown image:b=fail image:c=pass" {
		t.Error(w)
	}
}

func TestSeveralErrors(t *testing.T) {
	own := func(name, id, body string) string {
		return ownFolder(t, name, map[string]string{id + ".rego": policytest.RuleFile(id, body)})
	}
	a, b := own("a", "OWN-001", sameRule), own("b", "OWN-001", sameRule)
	nothing := own("c", "OWN-002", `fail contains x if { some x in input.files }`)
	both(t, func(t *testing.T, o Options) {
		for name, c := range map[string]struct {
			policies []string
			kind     error
			words    []string
		}{
			"one rule, two policies": {[]string{a, b}, system.ErrInput, []string{"duplicate rule OWN-001"}},
			"duplicate policy":       {[]string{a, a}, system.ErrInput, []string{"duplicate policy"}},
			"both are reported":      {[]string{"nope", "nada"}, system.ErrInput, []string{"nope", "nada"}},
			"one looks at nothing":   {[]string{"hardened", nothing}, system.ErrUnusable, []string{`"dir:c" checked nothing`}},
		} {
			o.Policies = nil
			for _, p := range c.policies {
				o.Policies = append(o.Policies, Source{Name: p})
			}
			_, err := Decide(context.Background(), policytest.Facts(), o)
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			policytest.WantError(t, err, c.kind, c.words...)
		}
	})
}

// Rules can read the evaluated policies and their properties.
func TestPoliciesAsData(t *testing.T) {
	files := map[string][]byte{"OWN-001.rego": []byte(policytest.RuleFile("OWN-001",
		`fail contains {"id": "OWN-001", "resource": "image:demo", "key": "k", "message": "m", "actual": [sprintf("%s %s %v %v", [p.name, p.source, p.pinned, p.signed]) | some p in data.seaworthy.policy]}`))}
	both(t, func(t *testing.T, o Options) {
		o.Policies = []Source{
			{Name: "baseline"},
			{Name: "oci://example.org/team/rules:1", Bundle: &Bundle{Files: files, Manifest: "sha256:" + strings.Repeat("1", 64), Pinned: true}},
		}
		d, err := Decide(context.Background(), policytest.Facts(), o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(one(t, d, "OWN-001", "image:demo").Actual)
		if want := `["baseline builtin false false","oci:rules oci true false"]`; err != nil || string(got) != want {
			t.Errorf("rules see %s, %v", got, err)
		}
		if p := d.Policy.Parts[1]; p.Reference != "oci://example.org/team/rules:1" || p.Manifest == "" || !p.Pinned || p.Signed {
			t.Errorf("part %+v", p)
		}
	})
}
