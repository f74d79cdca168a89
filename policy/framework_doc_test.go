package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// golden compares a file with its expected contents; -update writes it.
func golden(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		a, b := strings.Split(string(got), "\n"), strings.Split(want, "\n")
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Fatalf("%s, line %d, is out of date: check the difference and run with -update\nhas  %s\nwant %s", file, i+1, at(a, i), at(b, i))
			}
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}

// The coverage table of the documentation agrees with the framework files.
func TestFrameworksDocumentation(t *testing.T) {
	const file = "../docs/frameworks.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "-update -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has no marks for the table")
	}
	var b strings.Builder
	b.WriteString("| `--framework` | catalogue | version | controls | covered by a rule | covered by a checked mapping | mappings | checked mappings |\n|---|---|---|---:|---:|---:|---:|---:|\n")
	for _, fw := range builtinFrameworks(t) {
		n := fw.Coverage()
		fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | %d | %d | %d | %d | %d |\n", fw.ID, fw.Title, fw.URL, fw.Version, n.Controls, n.Covered, n.Checked, n.Mappings, n.Sure)
	}
	golden(t, file, head+begin+b.String()+end+tail)
}

// smallSystem has a service with many permissions, one with few, and a kernel with
// some options. Its components have no distribution.
func smallSystem() *facts.Facts {
	f := policytest.Facts()
	f.Components[0].Spec = json.RawMessage(`{"process":{"user":{"uid":0},"capabilities":{"bounding":["CAP_NET_BIND_SERVICE","CAP_SYS_ADMIN"]}},
		"root":{"readonly":false},"linux":{"namespaces":[{"type":"mount"},{"type":"network"}]}}`)
	f.Components[1].Spec = json.RawMessage(`{"process":{"user":{"uid":1000},"noNewPrivileges":true,"capabilities":{"bounding":[]}},
		"root":{"readonly":true},"linux":{"namespaces":[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"network"},{"type":"uts"}],
		"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"]}}}`)
	for i := range f.Components {
		f.Components[i].Files.Present = true
	}
	f.Kernel.Config.Options = map[string]string{"CONFIG_BUG": "y", "CONFIG_MODULES": "y", "CONFIG_SECCOMP": "y", "CONFIG_SECCOMP_FILTER": "y",
		"CONFIG_STRICT_KERNEL_RWX": "y", "CONFIG_STACKPROTECTOR": "y", "CONFIG_STACKPROTECTOR_STRONG": "y", "CONFIG_DEVMEM": "y", "CONFIG_SYN_COOKIES": "y"}
	return f
}

// The golden file shows the answers of each catalogue for a small system, as in a
// report.
func TestFrameworksGolden(t *testing.T) {
	library, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Decide(context.Background(), smallSystem(), Options{Policy: "strict", Now: testNow, Frameworks: library.FrameworkNames()})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[decision.ControlState]bool{}
	for _, fw := range d.Frameworks {
		var b strings.Builder
		for _, c := range fw.Controls {
			seen[c.State] = true
			fmt.Fprintf(&b, "%s: %s", c.ID, c.State)
			if c.Confidence != "" {
				b.WriteString(", " + c.Confidence)
			}
			if c.Partial {
				b.WriteString(", in part")
			}
			b.WriteByte('\n')
		}
		golden(t, filepath.Join("testdata", "frameworks", fw.ID+".txt"), b.String())
	}
	for _, s := range []decision.ControlState{decision.Satisfied, decision.NotSatisfied, decision.NotAssessed} {
		if !seen[s] {
			t.Errorf("no control is %s: extend the small system", s)
		}
	}
}

// A weak pack, or a system without the subject of a control, must not satisfy it.
// Each of these controls was once satisfied by a rule about a precondition or about
// another architecture.
func TestSatisfiedNeedsWhatDecides(t *testing.T) {
	t.Parallel()
	d, err := Decide(context.Background(), smallSystem(), Options{Policy: "baseline", Now: testNow,
		Frameworks: []string{"anssi-bp28", "cis-docker", "cra", "nist-800-190", "nist-ssdf", "pss"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"anssi-bp28":   {"R6", "R27", "R37", "R45", "R46", "R73"},
		"cis-docker":   {"4.3", "5.2", "5.3", "5.11", "5.22", "5.26", "5.29", "5.31"},
		"cra":          {"I.I(2)(e)", "I.I(2)(f)", "I.I(2)(h)"},
		"nist-800-190": {"4.1.1", "4.4.2", "4.5.1"},
		"nist-ssdf":    {"PW.4.4", "PW.9.1"},
		"pss":          {"PSS-B AppArmor", "PSS-B /proc Mount Type", "PSS-R Privilege Escalation", "PSS-R Seccomp"},
	}
	for _, fw := range d.Frameworks {
		for _, id := range want[fw.ID] {
			i := slices.IndexFunc(fw.Controls, func(c decision.Control) bool { return c.ID == id })
			if i < 0 {
				t.Errorf("%s has no control %s", fw.ID, id)
			} else if c := fw.Controls[i]; c.State == decision.Satisfied || c.Reason == "" {
				t.Errorf("%s %s is %s: %s", fw.ID, id, c.State, c.Reason)
			}
		}
	}
}
