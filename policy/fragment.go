package policy

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Fragment is the part of a kernel's configuration that a policy and a system ask for.
type Fragment struct {
	// Lines are sorted by option.
	Lines []FragmentLine `json:"lines"`
	// Conflicts are the lines that forbid what a component or another line needs.
	Conflicts []FragmentConflict `json:"conflicts"`
	// Undecided are the rules about a kernel's configuration that options alone do not
	// decide.
	Undecided []FragmentRule `json:"undecided"`
}

// FragmentLine is one option. Value is "n" for an option that is off.
type FragmentLine struct {
	Option string `json:"option"`
	Value  string `json:"value"`
	// Rules ask for the value.
	Rules []FragmentReason `json:"rules"`
	// Needs are what components need the option for.
	Needs []FragmentNeed `json:"needs"`
	// RequiredBy are options of other lines that Kconfig does not offer without this one.
	RequiredBy []string `json:"requiredBy"`
	// Conditions: the option exists or matters only if they hold. Kconfig drops it
	// otherwise, and the rule does not apply.
	Conditions []string `json:"conditions"`
	// Otherwise are the rules that want another value, and pass in another way.
	Otherwise []FragmentReason `json:"otherwise"`
}

// FragmentConflict is an option whose line has the value of the policy, although
// something needs another value.
type FragmentConflict struct {
	Option     string           `json:"option"`
	Value      string           `json:"value"`
	Rules      []FragmentReason `json:"rules"`
	Needs      []FragmentNeed   `json:"needs"`
	RequiredBy []string         `json:"requiredBy"`
}

// FragmentReason is a row of a rule.
type FragmentReason struct {
	Rule     string   `json:"rule"`
	Title    string   `json:"title"`
	Pack     string   `json:"pack"`
	Severity string   `json:"severity"`
	Why      string   `json:"why"`
	Sources  []string `json:"sources"`
	// How the rule passes in another way.
	How string `json:"how,omitempty"`
}

// FragmentNeed is what components need an option for.
type FragmentNeed struct {
	Need       string   `json:"need"`
	Source     string   `json:"source"`
	Components []string `json:"components"`
}

// FragmentRule is a rule that options alone do not decide.
type FragmentRule struct {
	Rule  string `json:"rule"`
	Title string `json:"title"`
}

// fragmentPackage is the helper package that decides the lines.
const fragmentPackage = "seaworthy.fragment"

// FragmentRules make fragments for a built-in pack.
type FragmentRules struct {
	helper    *engine.Helper
	titles    titled
	undecided []FragmentRule
}

// PrepareFragment reads the rules of a built-in pack.
func PrepareFragment(pack string) (*FragmentRules, error) {
	l, err := linked()
	if err != nil {
		return nil, err
	}
	packs := l.PackNames(pack)
	if packs == nil {
		return nil, system.BadInput("%q is not a built-in policy", pack).Suggest("use one of %s", strings.Join(decision.Packs(), ", "))
	}
	helper, err := l.Helper(fragmentPackage, packs)
	if err != nil {
		return nil, err
	}
	list, err := folder.Chain(l.Packs, pack)
	if err != nil {
		return nil, err
	}
	set, err := l.Assemble(pack, list)
	if err != nil {
		return nil, err
	}
	rules := set.Rules()
	return &FragmentRules{helper, titles(rules), undecided(rules, l.tables())}, nil
}

// Fragment returns the options with which a kernel passes the pack, and those that the
// components of the facts need. The facts have the kernel's version and architecture.
// The rules themselves decide it.
func (r *FragmentRules) Fragment(ctx context.Context, f *facts.Facts) (*Fragment, error) {
	result, err := r.helper.Ask(ctx, []string{"lines", "conflicts"}, f)
	if err != nil {
		return nil, err
	}
	out := &Fragment{Lines: []FragmentLine{}, Conflicts: []FragmentConflict{}, Undecided: r.undecided}
	var lines map[string]FragmentLine
	var conflicts map[string]FragmentConflict
	if err := recode(result["lines"], &lines); err != nil {
		return nil, err
	}
	if err := recode(result["conflicts"], &conflicts); err != nil {
		return nil, err
	}
	for _, option := range slices.Sorted(maps.Keys(lines)) {
		line := lines[option]
		line.Option = option
		r.titles.add(line.Rules, line.Otherwise)
		out.Lines = append(out.Lines, line)
	}
	for _, option := range slices.Sorted(maps.Keys(conflicts)) {
		c := conflicts[option]
		c.Option = option
		r.titles.add(c.Rules)
		out.Conflicts = append(out.Conflicts, c)
	}
	return out, nil
}

// recode reads a value of the rules. A field that is missing here would be lost, so
// tests compare the result with what the rules return.
func recode(value, to any) error {
	raw, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		return system.Unusable("the rules returned no fragment").Because(err).Report()
	}
	return nil
}

// titled are the titles of rules by id.
type titled map[string]string

func titles(rules []engine.RuleInfo) titled {
	out := titled{}
	for i := range rules {
		out[rules[i].ID] = rules[i].Title
	}
	return out
}

// add sets the titles of reasons, and sorts these.
func (t titled) add(lists ...[]FragmentReason) {
	for _, list := range lists {
		for i := range list {
			list[i].Title = t[list[i].Rule]
		}
		slices.SortFunc(list, func(a, b FragmentReason) int {
			return strings.Compare(a.Rule+a.Why, b.Rule+b.Why)
		})
	}
}

// tables are the rules that have rows in the table of options, or an option of their own.
func (l *library) tables() map[string]bool {
	out := map[string]bool{}
	data := l.Tables()
	more, _ := data["fragment"].(map[string]any)
	for _, list := range []any{data["kconfig"], more["rules"]} {
		rows, _ := list.([]any)
		for _, r := range rows {
			row, _ := r.(map[string]any)
			id, _ := row["rule"].(string)
			out[id] = true
		}
	}
	return out
}

// undecided are the rules that read a configuration and have no rows. Rules about the
// command line and sysctls only ask which options exist.
func undecided(rules []engine.RuleInfo, tables map[string]bool) []FragmentRule {
	out := []FragmentRule{}
	for i := range rules {
		if r := &rules[i]; slices.Contains(r.Inputs, "kernel config") && !tables[r.ID] && !slices.Contains([]string{"command line", "sysctls"}, r.Inputs[0]) {
			out = append(out, FragmentRule{r.ID, r.Title})
		}
	}
	return out
}
