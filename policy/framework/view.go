package framework

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Views holds the catalogues that a decision answers, and the part of the rules and
// rows that the policy evaluates.
type Views struct {
	Asked []*Framework
	Rows  []Row
	// Homes maps each rule to the weakest pack that has it.
	Homes map[string]string
	// Scopes are the evaluated rules and rows.
	Scopes []Scope
	// Policy is the name of the policy in reasons.
	Policy string
}

// Scope is the part that one Rego program evaluates.
type Scope struct {
	Rules map[string]bool
	// Packs are the packs whose rows are evaluated; nil for all rows.
	Packs []string
}

func (s Scope) looksAt(rule, pack string) bool {
	return s.Rules[rule] && (s.Packs == nil || pack == "" || slices.Contains(s.Packs, pack))
}

// evaluated reports whether the policy has the rule and evaluates its rows of the
// pack. With pack "" it is only about the rule.
func (f *Views) evaluated(rule, pack string) bool {
	return slices.ContainsFunc(f.Scopes, func(s Scope) bool { return s.looksAt(rule, pack) })
}

// Answer returns the answers of one decision, in the order in which the catalogues
// were asked for.
func (f *Views) Answer(findings []decision.Finding, arch string) []decision.Framework {
	if f == nil || len(f.Asked) == 0 {
		return nil
	}
	byRule := map[string][]int{}
	for i := range findings {
		byRule[findings[i].ID] = append(byRule[findings[i].ID], i)
	}
	var out []decision.Framework
	for _, fw := range f.Asked {
		view := decision.Framework{ID: fw.ID, Title: fw.Title, Version: fw.Version, URL: fw.URL, Digest: fw.Digest,
			Controls: make([]decision.Control, 0, len(fw.Controls))}
		for i := range fw.Controls {
			v := &controlView{Views: f, control: &fw.Controls[i], findings: findings, byRule: byRule, arch: arch,
				related: map[int]string{}, deciding: map[int]bool{}, absent: map[string]string{}}
			view.Controls = append(view.Controls, v.answer())
		}
		out = append(out, view)
	}
	return out
}

// controlView computes the answer to one control.
type controlView struct {
	*Views
	control  *Control
	findings []decision.Finding
	byRule   map[string][]int
	arch     string

	related  map[int]string // confidence of the best mapping to a finding, by index of the finding
	deciding map[int]bool   // indexes of the findings that satisfy the control if they pass
	// open means that a rule which must decide the control was not evaluated.
	open bool
	// absent maps rules and rows that were not evaluated to the weakest pack that has
	// them.
	absent map[string]string
}

func (v *controlView) answer() decision.Control {
	out := decision.Control{ID: v.control.ID, Title: v.control.Title, Rules: v.control.RulesOf(v.Rows), Gap: v.control.Gap}
	if a := v.control.Arches; len(a) > 0 && v.arch != "" && !slices.Contains(a, v.arch) {
		out.State, out.Reason = decision.NotAssessed, "the control is for "+words.List(a)+", but the system is "+v.arch
		return out
	}
	for _, t := range v.control.Terms {
		if t.Rule != "" {
			v.takeRule(t)
		} else {
			v.takeRows(t)
		}
	}
	for i := range out.Rules {
		if r := &out.Rules[i]; !v.evaluated(r.ID, "") {
			r.OnlyIn = v.Homes[r.ID]
		}
	}
	out.Findings = slices.Sorted(maps.Keys(v.related))
	of := map[decision.State][]int{}
	for _, i := range out.Findings {
		s := v.findings[i].State
		of[s] = append(of[s], i)
	}
	var decisive []int
	var reason string
	switch fails, unknown, waived, passes := of[decision.StateFail], of[decision.StateUnknown], of[decision.StateWaived], of[decision.StatePass]; {
	case len(fails) > 0:
		out.State, decisive, reason = decision.NotSatisfied, fails, "fails: "+v.name(fails)
	case len(unknown) > 0:
		out.State, reason = decision.NotAssessed, "unknown: "+v.quote(unknown)
	case len(waived) > 0:
		out.State, decisive, reason = decision.ControlWaived, waived, "waived: "+v.name(waived)
	case !v.open && slices.ContainsFunc(passes, v.decides):
		out.State, decisive = decision.Satisfied, slices.DeleteFunc(passes, func(i int) bool { return !v.deciding[i] })
	default:
		out.State, reason = decision.NotAssessed, v.silence(out.Rules, out.Findings)
	}
	exempt := v.exempt(of[decision.StateNotApplicable])
	out.Partial = len(out.Rules) > 0 && (len(v.absent) > 0 || out.Gap != "" || exempt != "")
	out.Reason = words.Cut(joined(reason, exempt, v.unseen()), maxReason)
	for _, i := range decisive {
		if out.Confidence != Checked {
			out.Confidence = v.related[i]
		}
	}
	return out
}

func (v *controlView) take(i int, t Term) {
	if v.related[i] != Checked {
		v.related[i] = t.Confidence
	}
	v.deciding[i] = v.deciding[i] || !t.Aside
}

// miss records a rule or a row that was not evaluated.
func (v *controlView) miss(t Term, what, pack string) {
	v.absent[what] = pack
	v.open = v.open || v.control.Decided && !t.Aside
}

func (v *controlView) decides(i int) bool { return v.deciding[i] }

func (v *controlView) takeRule(t Term) {
	if !v.evaluated(t.Rule, "") {
		v.miss(t, t.Rule, v.Homes[t.Rule])
		return
	}
	for _, i := range v.byRule[t.Rule] {
		if f := &v.findings[i]; t.Resource == "" || f.Resource == t.Resource || overall(f, t.Resource) {
			v.take(i, t)
		}
	}
}

func (v *controlView) takeRows(t Term) {
	for n := range v.Rows {
		row := &v.Rows[n]
		switch {
		case !t.Selects(row), v.arch != "" && len(row.Arches) > 0 && !slices.Contains(row.Arches, v.arch):
		case !v.evaluated(row.Rule, row.Pack):
			v.miss(t, row.Resource, row.Pack)
		default:
			for _, i := range v.byRule[row.Rule] {
				if f := &v.findings[i]; f.Resource == row.Resource || overall(f, row.Resource) {
					v.take(i, t)
				}
			}
		}
	}
}

// overall reports whether a finding is about its rule as a whole, such as a missing
// kernel configuration. Then it is the answer for the resource too.
func overall(f *decision.Finding, resource string) bool {
	kind, _, _ := strings.Cut(resource, ":")
	return (f.State == decision.StateUnknown || f.State == decision.StateNotApplicable) && !strings.HasPrefix(f.Resource, kind+":")
}

// maxReason limits the reason of a control, in runes.
const maxReason = 4000

// mostNamed is the number of items that a reason names. It counts the others.
const mostNamed = 4

// some joins the first texts of a list.
func some(all []string) string {
	if len(all) <= mostNamed {
		return words.List(all)
	}
	return fmt.Sprintf("%s and %d more", words.List(all[:mostNamed]), len(all)-mostNamed)
}

// name names the rules and the resources of findings.
func (v *controlView) name(list []int) string {
	on := map[string][]string{}
	expired := ""
	for _, i := range list {
		f := &v.findings[i]
		if !slices.Contains(on[f.ID], f.Resource) {
			on[f.ID] = append(on[f.ID], f.Resource)
		}
		if f.Waiver != nil && f.Waiver.Expired {
			expired = max(expired, f.Waiver.Expires)
		}
	}
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(on)) {
		what := on[id][0]
		if n := len(on[id]); n > 1 {
			what = fmt.Sprintf("%d resources", n)
		}
		parts = append(parts, id+" on "+what)
	}
	if expired != "" {
		return some(parts) + "; a waiver expired " + expired
	}
	return some(parts)
}

// allowance is the prefix of a finding's message if the policy allows the component
// what the rule forbids.
const allowance = "allowed: "

// exempt names the components that are allowed what the control forbids. The answer
// is about the other components.
func (v *controlView) exempt(list []int) string {
	var parts []string
	for _, i := range list {
		if f := &v.findings[i]; strings.HasPrefix(f.Message, allowance) && v.deciding[i] {
			parts = append(parts, fmt.Sprintf("%s on %s is %s", f.ID, f.Resource, f.Message))
		}
	}
	return some(parts)
}

// joined joins the parts that are not empty.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// quote joins the different messages of findings.
func (v *controlView) quote(list []int) string {
	var said []string
	for _, i := range list {
		if m := v.findings[i].Message; !slices.Contains(said, m) {
			said = append(said, m)
		}
	}
	return some(said)
}

// silence says why no finding answers a control.
func (v *controlView) silence(rules []decision.ControlRule, related []int) string {
	idle := slices.DeleteFunc(slices.Clone(related), func(i int) bool { return !v.deciding[i] || v.findings[i].State == decision.StatePass })
	switch {
	case len(rules) == 0:
		return "no rule covers it"
	case len(idle) > 0:
		return "not applicable: " + v.quote(idle)
	case !slices.ContainsFunc(v.control.Terms, func(t Term) bool { return !t.Aside }):
		return "rules can find violations of it, but no rule can show that it is met"
	}
	verb := "covers it"
	if len(related) > 0 {
		verb = "decides it"
	}
	switch {
	case len(v.absent) == 0:
		return "no check that " + verb + " applies to this system"
	case slices.ContainsFunc(related, v.decides):
		return v.Policy + " has only some of the checks that decide it"
	}
	return v.Policy + " has no check that " + verb
}

// unseen names the rules and rows for the control that were not evaluated.
func (v *controlView) unseen() string {
	var parts []string
	for _, what := range slices.SortedFunc(maps.Keys(v.absent), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, ":"), strings.Count(b, ":")), cmp.Compare(a, b))
	}) {
		where := "in no pack"
		if pack := v.absent[what]; pack != "" {
			where = "in " + pack + " only"
		}
		parts = append(parts, what+" ("+where+")")
	}
	if len(parts) == 0 {
		return ""
	}
	return "not evaluated: " + some(parts)
}
