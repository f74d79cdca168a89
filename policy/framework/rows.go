package framework

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Row is a row of the kernel tables with the fields that mappings use.
type Row struct {
	Rule     string
	Resource string
	Pack     string
	Sources  []string
	Arches   []string
}

type tableKey struct{ table, field, kind string }

// tableKeys are the tables, and how resources of their rows are named.
var tableKeys = []tableKey{
	{"kconfig", "option", "kernel:"}, {"cmdline", "param", "cmdline:"}, {"sysctl", "key", "sysctl:"},
}

// IsTable reports whether a key of the data is a table of rows.
func IsTable(key string) bool {
	return slices.ContainsFunc(tableKeys, func(k tableKey) bool { return k.table == key })
}

// RowsOf returns the rows of the tables in data. Rows without a rule are left out.
func RowsOf(data map[string]any) []Row {
	words := func(v any) []string {
		var out []string
		list, _ := v.([]any)
		for _, item := range list {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	var out []Row
	for _, k := range tableKeys {
		list, _ := data[k.table].([]any)
		for _, item := range list {
			row, _ := item.(map[string]any)
			rule, _ := row["rule"].(string)
			name, _ := row[k.field].(string)
			pack, _ := row["pack"].(string)
			if rule != "" && name != "" {
				out = append(out, Row{Rule: rule, Resource: k.kind + name, Pack: pack, Sources: words(row["sources"]), Arches: words(row["arches"])})
			}
		}
	}
	return out
}

// Selects reports whether the term selects the row.
func (t Term) Selects(r *Row) bool {
	if t.Source == "" || t.Resource != "" && t.Resource != r.Resource {
		return false
	}
	return slices.ContainsFunc(r.Sources, func(s string) bool {
		return s == t.Source || strings.HasPrefix(s, t.Source+" ")
	})
}

// RulesOf returns the rules whose findings can answer the control, sorted by id. If a
// rule has two mappings, the checked one counts.
func (c *Control) RulesOf(rows []Row) []decision.ControlRule {
	found := map[string]*decision.ControlRule{}
	add := func(id string, t Term) {
		r := found[id]
		if r == nil {
			r = &decision.ControlRule{ID: id, Aside: true}
			found[id] = r
		}
		if r.Confidence != Checked {
			r.Confidence = t.Confidence
		}
		r.Aside = r.Aside && t.Aside
	}
	for _, t := range c.Terms {
		if t.Rule != "" {
			add(t.Rule, t)
			continue
		}
		for i := range rows {
			if t.Selects(&rows[i]) {
				add(rows[i].Rule, t)
			}
		}
	}
	var out []decision.ControlRule
	for _, r := range found {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b decision.ControlRule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
