package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/rules/examples"
)

// Page is what the built-in tables add to the description of a rule.
type Page struct {
	// Allowances are the components that are allowed some of what the rule finds.
	Allowances []Allowance
	// Rows are the rows of the tables that belong to the rule.
	Rows []PageRow
}

// Allowance lets a known component have something, with a reason.
type Allowance struct {
	Who, Reason string
	Keys        []string
}

// PageRow is one option, parameter or sysctl, and the sources that ask for it.
type PageRow struct {
	Name, Want, Why, Pack string
	Sources               []string
}

// Example is a system that tests a built-in rule, as os.yml: one on which the rule
// fires, or one on which it does not. It is "" if os.yml cannot express the system.
func Example(id string, fires bool) string { return examples.System(id, fires) }

// PageOf collects the entries of the built-in tables for a rule.
func PageOf(r *RuleInfo) (*Page, error) {
	l, err := engine.Builtin()
	if err != nil {
		return nil, err
	}
	var tables struct {
		Components []struct {
			Section, Name, Repository, Digest, Reason string
			Rules                                     map[string][]string
		} `json:"components"`
		Kconfig, Cmdline, Sysctl []row
	}
	raw, err := json.Marshal(l.Tables())
	if err == nil {
		err = json.Unmarshal(raw, &tables)
	}
	if err != nil {
		return nil, system.Unusable("the built-in tables cannot be read").Because(err).Report()
	}
	p := &Page{}
	for _, c := range tables.Components {
		keys, ok := c.Rules[r.ID]
		if !ok {
			continue
		}
		who := c.Digest
		if who == "" {
			who = fmt.Sprintf("%s/%s (%s)", c.Section, c.Name, c.Repository)
		}
		p.Allowances = append(p.Allowances, Allowance{Who: who, Reason: c.Reason, Keys: keys})
	}
	for _, one := range slices.Concat(tables.Kconfig, tables.Cmdline, tables.Sysctl) {
		if one.Rule == r.ID {
			p.Rows = append(p.Rows, PageRow{Name: cmp.Or(one.Option, one.Param, one.Key), Want: one.want(), Why: one.Why, Pack: one.Pack, Sources: one.Sources})
		}
	}
	return p, nil
}

// row has the common fields of the three tables.
type row struct {
	Option, Param, Key, Rule, Why, Pack string
	Want, Forbid                        any
	Sources                             []string
}

// want describes the wanted value in a few words.
func (r *row) want() string {
	text := func(v any) string {
		switch v := v.(type) {
		case string:
			return v
		case []any:
			var out []string
			for _, one := range v {
				out = append(out, fmt.Sprint(one))
			}
			return strings.Join(out, " or ")
		}
		return words.JSON(v)
	}
	switch {
	case r.Forbid == "any":
		return "absent"
	case r.Forbid != nil:
		return "not " + text(r.Forbid)
	}
	return text(r.Want)
}
