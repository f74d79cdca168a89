package policy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// FrameworkInfo is a framework with the rules that answer its controls.
type FrameworkInfo struct {
	*Framework
	// Rules answer the control of the same index.
	Rules [][]decision.ControlRule
}

// Coverage counts the controls of a framework.
type Coverage struct {
	// Controls are all; Covered those that a rule speaks to; Checked those that
	// one speaks to by a checked mapping.
	Controls, Covered, Checked int
	// Mappings are the pairs of a control and a rule, Sure those of them that
	// are checked.
	Mappings, Sure int
}

// Coverage counts the framework's controls.
func (fw *FrameworkInfo) Coverage() Coverage {
	n := Coverage{Controls: len(fw.Controls)}
	for _, rules := range fw.Rules {
		sure := 0
		for _, r := range rules {
			if r.Confidence == Checked {
				sure++
			}
		}
		n.Mappings, n.Sure = n.Mappings+len(rules), n.Sure+sure
		if len(rules) > 0 {
			n.Covered++
		}
		if sure > 0 {
			n.Checked++
		}
	}
	return n
}

// Frameworks lists the catalogues of controls, the built-in ones and then those
// that the policies of the options bring, by id. It takes Policy, Policies and
// Isolate of the options.
func Frameworks(ctx context.Context, o Options) ([]FrameworkInfo, error) {
	library, err := builtin()
	if err != nil {
		return nil, err
	}
	p := &policies{}
	if o.Policy != "" || len(o.Policies) > 0 {
		if p, _, err = library.read(ctx, o, false); err != nil {
			return nil, err
		}
	}
	return library.frameworkInfos(p)
}

func (l *library) frameworkInfos(p *policies) ([]FrameworkInfo, error) {
	own, err := p.ownFrameworks()
	if err != nil {
		return nil, err
	}
	names := append(l.frameworkNames(), slices.Sorted(maps.Keys(own))...)
	rows := l.rows(p)
	var out []FrameworkInfo
	for _, name := range names {
		fw, err := l.framework(name, own)
		if err != nil {
			return nil, err
		}
		fw.join(l, p.infos)
		info := FrameworkInfo{Framework: fw, Rules: make([][]decision.ControlRule, len(fw.Controls))}
		for i := range fw.Controls {
			info.Rules[i] = fw.Controls[i].rules(rows)
		}
		out = append(out, info)
	}
	return out, nil
}

// Mapping is one control that a rule speaks to.
type Mapping struct {
	Framework, Control, Title string
	// Confidence is Checked or Unsure.
	Confidence string
}

// Mappings are the controls that a rule speaks to, in the order of frameworks
// and controls.
func Mappings(all []FrameworkInfo, rule string) []Mapping {
	var out []Mapping
	for _, fw := range all {
		for i, rules := range fw.Rules {
			for _, r := range rules {
				if r.ID == rule {
					out = append(out, Mapping{Framework: fw.ID, Control: fw.Controls[i].ID, Title: fw.Controls[i].Title, Confidence: r.Confidence})
				}
			}
		}
	}
	return out
}

// frameworkNames are the built-in ones, sorted.
func (l *library) frameworkNames() []string {
	var out []string
	for _, f := range l.tree.frameworks {
		out = append(out, frameworkName(f))
	}
	slices.Sort(out)
	return out
}

// framework reads the one that is named; the file of no other is parsed.
func (l *library) framework(name string, own map[string]*Framework) (*Framework, error) {
	if fw := own[name]; fw != nil {
		return fw, nil
	}
	for _, f := range l.tree.frameworks {
		if frameworkName(f) == name {
			fw, err := parseFramework(f)
			if err != nil {
				return nil, err
			}
			return fw, fw.known(l)
		}
	}
	return nil, system.BadInput("framework %q: no such catalogue", name).
		Suggest("use %s", join(append(l.frameworkNames(), slices.Sorted(maps.Keys(own))...)))
}

// ownFrameworks are those that the guests bring.
func (p *policies) ownFrameworks() (map[string]*Framework, error) {
	own := map[string]*Framework{}
	var errs []error
	for _, plan := range p.plans {
		for _, fw := range plan.Frameworks {
			if own[fw.ID] != nil {
				errs = append(errs, system.BadInput("framework %q is in two policies", fw.ID).Suggest("give it an id of its own"))
			}
			own[fw.ID] = fw
		}
	}
	return own, errors.Join(errs...)
}

// rows of the built-in tables, and those that guests add.
func (l *library) rows(p *policies) []Row {
	out := rowsOf(l.tables().data)
	for _, plan := range p.plans {
		for _, r := range plan.Rows {
			same := func(o Row) bool { return o.Rule == r.Rule && o.Resource == r.Resource }
			if !slices.ContainsFunc(out, same) {
				out = append(out, r)
			}
		}
	}
	return out
}

// views prepares the views that are asked for; nil for none.
func (l *library) views(asked []string, p *policies, wishes []trusted) (*frameworks, error) {
	own, err := p.ownFrameworks()
	if err != nil || len(asked) == 0 {
		return nil, err
	}
	f := &frameworks{policy: p.about.Name, rows: l.rows(p), homes: l.homes()}
	var errs []error
	for i, name := range asked {
		if slices.Contains(asked[:i], name) {
			continue
		}
		fw, err := l.framework(name, own)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fw.join(l, p.infos)
		f.asked = append(f.asked, fw)
	}
	for _, w := range wishes {
		s := scope{rules: map[string]bool{}, packs: w.active()}
		for _, id := range w.ids() {
			s.rules[id] = true
		}
		f.scopes = append(f.scopes, s)
	}
	for _, plan := range p.plans {
		s := scope{rules: map[string]bool{}, packs: plan.Active}
		for _, r := range plan.Rules {
			s.rules[r.ID] = true
		}
		f.scopes = append(f.scopes, s)
	}
	return f, errors.Join(errs...)
}

// homes tells the weakest built-in pack that lists each rule: the one that
// includes the fewest others.
func (l *library) homes() map[string]string {
	homes, depth := map[string]string{}, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(l.packs)) {
		packs, err := chain(l.packs, name)
		if err != nil {
			continue // whoever evaluates that pack is told
		}
		for _, id := range l.packs[name].rules {
			if homes[id] == "" || len(packs) < depth[id] {
				homes[id], depth[id] = name, len(packs)
			}
		}
	}
	return homes
}

// known refuses terms that name a rule which none of the libraries has.
func (fw *Framework) known(libs ...*library) error {
	var errs []error
	for _, c := range fw.Controls {
		for _, t := range c.Terms {
			if _, from := find(t.Rule, libs...); t.Rule != "" && from == nil {
				errs = append(errs, system.BadInput("framework %s: control %s names rule %q, which is not there", fw.ID, c.ID, t.Rule).
					Suggest("rules list shows those that are"))
			}
		}
	}
	return errors.Join(errs...)
}

// join adds the rules of guests that cite one of the framework's controls in
// their annotations, a ? behind it for unsure. What built-in rules cite is in
// the framework's file; a test holds that both say the same.
func (fw *Framework) join(l *library, infos []RuleInfo) {
	if fw.Cite == "" {
		return
	}
	for _, r := range infos {
		if _, from := find(r.ID, l); from != nil {
			continue
		}
		for _, cited := range r.Controls {
			name, unsure := strings.CutSuffix(cited, "?")
			t := Term{Rule: r.ID, Confidence: Checked}
			if unsure {
				t.Confidence = Unsure
			}
			for i := range fw.Controls {
				c := &fw.Controls[i]
				if fw.Citation(c.ID) == name && !slices.ContainsFunc(c.Terms, func(o Term) bool { return o.Rule == r.ID }) {
					c.Terms = append(c.Terms, t)
				}
			}
		}
	}
}
