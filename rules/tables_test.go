package rules_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

var (
	tableKeys = map[string]string{"kconfig": "option", "cmdline": "param", "sysctl": "key"}
	order     = []string{"baseline", "hardened", "strict"}
	arches    = []string{"amd64", "arm64", "riscv64"}
)

// Each row of the kernel tables is complete, has a form that the evaluator can
// read, and names its sources. It belongs to a rule, and the weakest pack among
// the rows of a rule is the pack of the rule.
func TestKernelTables(t *testing.T) {
	var (
		tables  = data(t)
		levels  = packs(t)
		sources = tables["sources"].(map[string]any)
		version = regexp.MustCompile(`^\d+\.\d+$`)
		weakest = map[string]int{}
		common  = []string{"want", "rule", "severity", "pack", "why", "sources", "arches", "since", "when"}
		ownKeys = map[string][]string{
			"kconfig": {"option", "until", "backports", "oldNames", "renamed", "renamedBackports", "defects", "before", "builtin", "any", "lockdown", "param", "key"},
			"cmdline": {"param", "forbid", "allow", "add", "default", "contrary", "read", "prefix", "early", "earlyUntil", "repeats", "key", "anywhere", "part", "init", "least"},
			"sysctl":  {"key", "set", "defaults", "unlessCmdline", "each"},
		}
		shapes = map[string]*regexp.Regexp{
			"kconfig": regexp.MustCompile(`^CONFIG_[A-Z0-9][A-Za-z0-9_]*$`),
			"cmdline": regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.]*$`),
			"sysctl":  regexp.MustCompile(`^(abi|debug|dev|fs|kernel|net|user|vm)\.[a-z0-9_.]+$`),
		}
	)
	for table, key := range tableKeys {
		for _, r := range tables[table].([]any) {
			row := r.(map[string]any)
			name, _ := row[key].(string)
			at := fmt.Sprintf("%s %s", table, name)
			if !shapes[table].MatchString(name) {
				t.Errorf("%s: no name of its kind", at)
			}
			for field := range row {
				if !slices.Contains(common, field) && !slices.Contains(ownKeys[table], field) {
					t.Errorf("%s: unknown field %q", at, field)
				}
			}
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
			cited := texts(row["sources"])
			if len(cited) == 0 {
				t.Errorf("%s: cites nothing", at)
			}
			for _, c := range cited {
				source, _, _ := strings.Cut(c, " ")
				if sources[source] == nil && !strings.HasPrefix(c, "SRG-OS-") {
					t.Errorf("%s: cites %q, which data/sources.json does not list", at, c)
				}
				if (source == "kernel" || source == "ANSSI-BP-028") && source == c {
					t.Errorf("%s: cites %s, and not where in it", at, c)
				}
			}
			for _, a := range texts(row["arches"]) {
				if !slices.Contains(arches, a) {
					t.Errorf("%s: unknown architecture %q", at, a)
				}
			}
			for _, field := range []string{"prefix", "early", "repeats"} {
				if v, ok := row[field]; ok && v != true && (field != "early" || v != "flag") {
					t.Errorf("%s: %s is %v", at, field, v)
				}
			}
			if read, ok := row["read"].(string); ok && !slices.Contains([]string{"bool", "number", "list", "fold", "begins", "path"}, read) {
				t.Errorf("%s: read has the unknown value %q", at, read)
			}
			for _, field := range []string{"since", "until", "builtin", "renamed", "earlyUntil"} {
				if v, ok := row[field].(string); ok && !version.MatchString(v) {
					t.Errorf("%s: %s is %q", at, field, v)
				}
			}
			for field, change := range map[string]string{"backports": "since", "renamedBackports": "renamed"} {
				first, _ := row[change].(string)
				for _, b := range texts(row[field]) {
					series := regexp.MustCompile(`^(\d+\.\d+)\.\d+$`).FindStringSubmatch(b)
					if first == "" || series == nil || !older(series[1], first) {
						t.Errorf("%s: %s has %s, which is no MAJOR.MINOR.PATCH of a series before %q (%s)", at, field, b, first, change)
						continue
					}
					// What an old series got, all newer ones got too.
					for _, newer := range []string{"5.15", "6.1", "6.6"} {
						known := func(b string) bool { return strings.HasPrefix(b, newer+".") }
						if older(series[1], newer) && older(newer, first) && !slices.ContainsFunc(texts(row[field]), known) {
							t.Errorf("%s: %s has %s, but no version of the series %s", at, field, b, newer)
						}
					}
				}
			}
			defects, _ := row["defects"].([]any)
			for _, d := range defects {
				ends := texts(d)
				whole := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
				if len(ends) != 2 || !whole.MatchString(ends[0]) || !whole.MatchString(ends[1]) || older(ends[1], ends[0]) {
					t.Errorf("%s: defects has %v, which is no range from one MAJOR.MINOR.PATCH to another", at, d)
				}
			}
			for _, end := range []string{"until", "builtin"} {
				if since, ok := row["since"].(string); ok && row[end] != nil && !older(since, row[end].(string)) {
					t.Errorf("%s: since %s, %s %s", at, since, end, row[end])
				}
			}
			if (row["oldNames"] == nil) != (row["renamed"] == nil) {
				t.Errorf("%s: needs both oldNames and renamed, or neither", at)
			}
			if (row["want"] == nil) == (row["forbid"] == nil) {
				t.Errorf("%s: either wants or forbids", at)
			}
			if row["want"] != nil && table != "cmdline" {
				checkWanted(t, at, row["want"])
			}
			conditions, ok := row["when"].([]any)
			if !ok && row["when"] != nil {
				conditions = []any{row["when"]}
			}
			for _, c := range conditions {
				for option, want := range c.(map[string]any) {
					if !shapes["kconfig"].MatchString(option) {
						t.Errorf("%s: the condition %q is not an option", at, option)
					}
					checkWanted(t, at, want)
				}
			}
			if l, ok := row["lockdown"].(string); ok && l != "integrity" && l != "confidentiality" {
				t.Errorf("%s: lockdown %q", at, l)
			}
			if p, ok := row["param"].(string); ok && table == "kconfig" {
				name, _, _ := strings.Cut(p, "=")
				if !shapes["cmdline"].MatchString(name) {
					t.Errorf("%s: param %q", at, p)
				}
			}
		}
	}
	for rule, level := range weakest {
		if !slices.Contains(levels[order[level]].Rules, rule) {
			t.Errorf("%s: its weakest row is in %s, but the rule is not", rule, order[level])
		}
	}
}

// checkWanted checks that the evaluator can read the wanted value: a value, a
// list of values, or an object with one of its keys.
func checkWanted(t *testing.T, at string, want any) {
	t.Helper()
	switch w := want.(type) {
	case string:
		if w != "" {
			return
		}
	case []any:
		if len(texts(w)) > 0 {
			return
		}
	case map[string]any:
		ok := len(w) > 0
		for word, v := range w {
			switch word {
			case "min", "max":
				_, is := v.(json.Number)
				ok = ok && is
			case "has":
				ok = ok && len(texts(v)) > 0
			case "not", "as":
				_, is := v.(string)
				ok = ok && is
			default:
				ok = false
			}
		}
		if ok {
			return
		}
	}
	t.Errorf("%s: %v is not in a known form", at, want)
}

// Two rows for one option must not contradict each other. So one of these must
// be true: they are for different architectures or versions, they want
// different words of a list, both forbid values, or one forbids only values
// that the other does not want.
func TestRowsDoNotContradict(t *testing.T) {
	tables := data(t)
	for table, key := range tableKeys {
		rows := tables[table].([]any)
		for i, a := range rows {
			for _, b := range rows[:i] {
				a, b := a.(map[string]any), b.(map[string]any)
				if a[key] == b[key] && overlap(a, b) && !(words(a) && words(b)) && (a["forbid"] == nil || b["forbid"] == nil) && !disjoint(a, b) {
					t.Errorf("%s %s: two rows for the same kernels", table, a[key])
				}
			}
			// An old name is not an option of another row.
			for _, b := range rows {
				a, b := a.(map[string]any), b.(map[string]any)
				if slices.Contains(texts(a["oldNames"]), fmt.Sprint(b[key])) {
					t.Errorf("%s %s: is an old name of %s, and has its own row", table, b[key], a[key])
				}
			}
		}
	}
}

func overlap(a, b map[string]any) bool {
	ofA, ofB := texts(a["arches"]), texts(b["arches"])
	if len(ofA) > 0 && len(ofB) > 0 && !slices.ContainsFunc(ofA, func(s string) bool { return slices.Contains(ofB, s) }) {
		return false
	}
	for _, pair := range [][2]map[string]any{{a, b}, {b, a}} {
		until, _ := pair[0]["until"].(string)
		since, _ := pair[1]["since"].(string)
		if until != "" && since != "" && !older(since, until) {
			return false
		}
	}
	return true
}

// disjoint reports whether one row forbids only values that the other does not
// want.
func disjoint(a, b map[string]any) bool {
	if a["forbid"] == nil {
		a, b = b, a
	}
	forbidden, wanted := texts(a["forbid"]), texts(b["want"])
	return len(forbidden) > 0 && len(wanted) > 0 &&
		!slices.ContainsFunc(wanted, func(s string) bool { return slices.Contains(forbidden, s) })
}

func words(row map[string]any) bool {
	want, ok := row["want"].(map[string]any)
	return ok && want["has"] != nil
}

// older compares versions of the form MAJOR.MINOR.
func older(a, b string) bool {
	var x, y [3]int
	fmt.Sscanf(a, "%d.%d.%d", &x[0], &x[1], &x[2])
	fmt.Sscanf(b, "%d.%d.%d", &y[0], &y[1], &y[2])
	return slices.Compare(x[:], y[:]) < 0
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// For each architecture, the tables have at least the promised number of rows.
func TestTableSizes(t *testing.T) {
	tables := data(t)
	for table, least := range map[string]int{"kconfig": 300, "cmdline": 70, "sysctl": 60} {
		rows := tables[table].([]any)
		names := map[any]bool{}
		for _, r := range rows {
			names[r.(map[string]any)[tableKeys[table]]] = true
		}
		if len(names) < least {
			t.Errorf("%s: only %d names", table, len(names))
		}
		for _, arch := range arches {
			n := 0
			for _, r := range rows {
				if a := texts(r.(map[string]any)["arches"]); len(a) == 0 || slices.Contains(a, arch) {
					n++
				}
			}
			if n < perArch[table] {
				t.Errorf("%s: only %d rows for %s", table, n, arch)
			}
		}
	}
}

var perArch = map[string]int{"kconfig": 300, "cmdline": 40, "sysctl": 60}

// An allowance says what it covers and why. It must not cover a whole rule.
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
				t.Errorf("%s: the rule of this allowance does not exist", id)
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

// Each release and each series has one row in its table. The row has the date
// of its end and the source of that date. A rolling release has no such date.
func TestLifetimes(t *testing.T) {
	tables := data(t)
	day, month := regexp.MustCompile(`^20\d\d-[01]\d-[0-3]\d$`), regexp.MustCompile(`^20\d\d-[01]\d$`)
	for table, names := range map[string][]string{"distros": {"id", "version"}, "kernels": {"series"}} {
		seen := map[string]bool{}
		for _, r := range tables[table].([]any) {
			row := r.(map[string]any)
			at := table
			for _, n := range names {
				at += " " + fmt.Sprint(row[n])
			}
			if seen[at] {
				t.Errorf("%s: duplicate row", at)
			}
			seen[at] = true
			eol, _ := row["eol"].(string)
			if rolling := row["rolling"] == true; rolling == (eol != "") || !rolling && !day.MatchString(eol) {
				t.Errorf("%s: ends on %q, rolling %v", at, eol, row["rolling"])
			}
			for _, key := range []string{"source", "also"} {
				if url, ok := row[key].(string); (ok || key == "source") && !strings.HasPrefix(url, "https://") {
					t.Errorf("%s: %s is %q", at, key, url)
				}
			}
			if asOf, _ := row["asOf"].(string); !month.MatchString(asOf) {
				t.Errorf("%s: as of %q", at, asOf)
			}
			for key := range row {
				if !slices.Contains([]string{"id", "version", "series", "pretty", "eol", "rolling", "source", "also", "asOf"}, key) {
					t.Errorf("%s: unknown field %q", at, key)
				}
			}
		}
	}
}

// A low finding in the pack baseline denies by default. docs/rules.md must give
// the reason for each of them.
func TestLowInBaseline(t *testing.T) {
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Low findings in baseline")
	section, _, _ = strings.Cut(section, "\n## ")
	tables := data(t)
	for table, key := range tableKeys {
		for _, r := range tables[table].([]any) {
			row := r.(map[string]any)
			if row["severity"] != "low" || row["pack"] != "baseline" {
				continue
			}
			if name := row[key].(string); !strings.Contains(section, "`"+name+"`") {
				t.Errorf("%s: %s (%s) is low and in baseline: say why, or move it to hardened", table, name, row["rule"])
			}
		}
	}
}
