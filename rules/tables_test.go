package rules_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Each row of the kernel tables is complete, cites its sources, and belongs to
// a rule whose pack is the weakest among its rows.
func TestKernelTables(t *testing.T) {
	var (
		tables  = data(t)
		levels  = packs(t)
		sources = tables["sources"].(map[string]any)
		version = regexp.MustCompile(`^\d+\.\d+$`)
		weakest = map[string]int{}
		order   = []string{"baseline", "hardened", "strict"}
	)
	known := map[string][]string{
		"kconfig": {"option", "want", "rule", "severity", "pack", "why", "sources", "arches", "since", "until", "oldNames", "when", "any", "lockdown", "builtin"},
		"cmdline": {"param", "forbid", "want", "add", "rule", "severity", "pack", "why", "sources", "arches", "since", "when", "default", "contrary"},
		"sysctl":  {"key", "want", "set", "rule", "severity", "pack", "why", "sources", "arches", "since", "when", "defaults", "unlessCmdline"},
	}
	least := map[string]int{"kconfig": 120, "cmdline": 40, "sysctl": 40}
	for table, key := range map[string]string{"kconfig": "option", "cmdline": "param", "sysctl": "key"} {
		rows := tables[table].([]any)
		if len(rows) < least[table] {
			t.Errorf("%s: only %d rows", table, len(rows))
		}
		seen := map[string]bool{}
		for _, r := range rows {
			row := r.(map[string]any)
			name, _ := row[key].(string)
			at := fmt.Sprintf("%s %s", table, name)
			for field := range row {
				if !slices.Contains(known[table], field) {
					t.Errorf("%s: unknown field %q", at, field)
				}
			}
			if seen[name] || name == "" {
				t.Errorf("%s: no name, or there twice", at)
			}
			seen[name] = true
			if why, _ := row["why"].(string); why == "" {
				t.Errorf("%s: does not say why", at)
			}
			if !slices.Contains([]string{"low", "medium", "high", "critical"}, row["severity"].(string)) {
				t.Errorf("%s: severity %q", at, row["severity"])
			}
			level := slices.Index(order, row["pack"].(string))
			if level < 0 {
				t.Errorf("%s: pack %q", at, row["pack"])
			}
			rule := row["rule"].(string)
			if w, ok := weakest[rule]; !ok || level < w {
				weakest[rule] = level
			}
			cited, _ := row["sources"].([]any)
			if len(cited) == 0 {
				t.Errorf("%s: cites nothing", at)
			}
			for _, c := range cited {
				if !slices.ContainsFunc(slices.Collect(keys(sources)), func(s string) bool { return strings.HasPrefix(c.(string), s) }) {
					t.Errorf("%s: cites %q, which data/sources.json does not list", at, c)
				}
			}
			for _, field := range []string{"since", "until"} {
				if v, ok := row[field].(string); ok && !version.MatchString(v) {
					t.Errorf("%s: %s is %q", at, field, v)
				}
			}
			if (row["want"] == nil) == (row["forbid"] == nil) {
				t.Errorf("%s: either wants or forbids", at)
			}
		}
	}
	for rule, level := range weakest {
		if !slices.Contains(levels[order[level]].Rules, rule) {
			t.Errorf("%s: its weakest row is in %s, the rule is not", rule, order[level])
		}
	}
}

func keys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// An allowance says for what and why; it is never for a rule as a whole.
func TestAllowances(t *testing.T) {
	all := ruleFiles(t, modules(t))
	for _, c := range data(t)["components"].([]any) {
		entry := c.(map[string]any)
		raw, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		digest, _ := entry["digest"].(string)
		if digest == "" && (entry["section"] == nil || entry["name"] == nil || entry["repository"] == nil) {
			t.Errorf("an allowance needs a digest, or section, name and repository: %s", raw)
		}
		if reason, _ := entry["reason"].(string); len(reason) < 20 {
			t.Errorf("an allowance needs a reason: %s", raw)
		}
		for id, covered := range entry["rules"].(map[string]any) {
			m := all[id]
			if m == nil {
				t.Errorf("%s: allowance for a rule that is not there", id)
				continue
			}
			if !slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool { return r.Head.Name == "found" }) {
				t.Errorf("%s takes no allowances", id)
			}
			if len(covered.([]any)) == 0 || slices.Contains(covered.([]any), any("*")) {
				t.Errorf("%s: allowance must name what it covers: %s", id, raw)
			}
		}
	}
}
