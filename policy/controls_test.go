package policy

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/framework"
)

var update = flag.Bool("update", false, "write the mappings of the framework files into annotations and documentation")

func builtinFrameworks(t *testing.T) []framework.Info {
	t.Helper()
	all, err := Frameworks(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The framework files map controls to rules with a confidence. The annotation
// controls of a rule, which reports and stock opa read, must agree. With -update the
// annotations are rewritten.
func TestControlsAgree(t *testing.T) {
	rules, err := Rules(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, known := map[string][]string{}, map[string]bool{}
	for _, fw := range builtinFrameworks(t) {
		for i, c := range fw.Controls {
			cited := fw.Citation(c.ID)
			if cited == "" {
				continue
			}
			if known[cited] {
				t.Errorf("two frameworks have a control that is cited %q", cited)
			}
			known[cited] = true
			for _, r := range fw.Rules[i] {
				mark := ""
				if r.Confidence == framework.Unsure {
					mark = "?"
				}
				want[r.ID] = append(want[r.ID], cited+mark)
			}
		}
	}
	for _, r := range rules {
		for _, c := range r.Controls {
			if !known[strings.TrimSuffix(c, "?")] {
				t.Errorf("%s cites %q: no framework file has such a control; add it to rules/frameworks", r.ID, c)
			}
		}
		if missing, extra := without(want[r.ID], r.Controls), without(r.Controls, want[r.ID]); len(missing)+len(extra) > 0 {
			if *update {
				rewriteControls(t, r, want[r.ID])
				continue
			}
			t.Errorf("%s: rules/frameworks also maps it to %q, and not to %q: change them there, then run with -update", r.ID, missing, extra)
		}
	}
}

// without returns the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

var controlsLine = regexp.MustCompile(`(?m)^#   controls: .*$`)

// rewriteControls keeps the order of the existing controls.
func rewriteControls(t *testing.T, r RuleInfo, want []string) {
	t.Helper()
	kept := slices.DeleteFunc(slices.Clone(r.Controls), func(c string) bool { return !slices.Contains(want, c) })
	var quoted []string
	for _, c := range append(kept, without(want, kept)...) {
		quoted = append(quoted, `"`+c+`"`)
	}
	file := filepath.Join("..", filepath.FromSlash(r.File))
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := "#   controls: [" + strings.Join(quoted, ", ") + "]"
	changed := controlsLine.ReplaceAllLiteralString(string(content), line)
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The terms of framework files select something: a term on a row names a row of the
// rule, and a term on a source names a source that a row cites. KSPP is an exception:
// its file lists every setting of the page, and settings without a row are not
// assessed.
func TestFrameworkTerms(t *testing.T) {
	library, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	rows := framework.RowsOf(library.Tables())
	for _, fw := range builtinFrameworks(t) {
		if fw.Version == "" || fw.URL == "" || fw.Text == "" {
			t.Errorf("%s: no version, url or text", fw.ID)
		}
		for _, c := range fw.Controls {
			for _, term := range c.Terms {
				row := func(r framework.Row) bool {
					return r.Rule == term.Rule && r.Resource == term.Resource || term.Selects(&r)
				}
				if (term.Resource != "" || term.Source != "") && fw.ID != "kspp" && !slices.ContainsFunc(rows, row) {
					t.Errorf("%s %s: no row for %q", fw.ID, c.ID, term)
				}
			}
			if strings.Contains(fw.Text, "Not held against") {
				for _, r := range fw.Rules[slices.IndexFunc(fw.Controls, func(o framework.Control) bool { return o.ID == c.ID })] {
					if r.Confidence != framework.Unsure {
						t.Errorf("%s %s: %s is checked, but the text was not compared", fw.ID, c.ID, r.ID)
					}
				}
			}
		}
	}
}

// Every setting that a row cites from KSPP is on the page of KSPP.
func TestRowsOfKSPP(t *testing.T) {
	library, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	fw, err := library.Framework("kspp", nil)
	if err != nil {
		t.Fatal(err)
	}
	var unlisted []string
	for _, row := range framework.RowsOf(library.Tables()) {
		cites := slices.ContainsFunc(row.Sources, func(s string) bool { return strings.HasPrefix(s, "KSPP") })
		listed := slices.ContainsFunc(fw.Controls, func(c framework.Control) bool {
			return slices.ContainsFunc(c.Terms, func(term framework.Term) bool { return term.Selects(&row) })
		})
		if cites && !listed {
			unlisted = append(unlisted, row.Resource)
		}
	}
	if len(unlisted) > 0 {
		t.Errorf("rows cite KSPP for settings that rules/frameworks/kspp.yaml does not have: %q", unlisted)
	}
}
