package policy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/framework"
)

// Frameworks lists the catalogues of controls by id: first the built-in ones, then those
// in the policies of the options. It uses Policy, Policies and Isolate of the options.
func Frameworks(ctx context.Context, o Options) ([]framework.Info, error) {
	library, err := linked()
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

func (l *library) frameworkInfos(p *policies) ([]framework.Info, error) {
	own, err := p.ownFrameworks()
	if err != nil {
		return nil, err
	}
	names := append(l.FrameworkNames(), slices.Sorted(maps.Keys(own))...)
	rows := l.rows(p)
	var out []framework.Info
	for _, name := range names {
		fw, err := l.Framework(name, own)
		if err != nil {
			return nil, err
		}
		addCited(fw, l, p.infos)
		info := framework.Info{Framework: fw, Rules: make([][]decision.ControlRule, len(fw.Controls))}
		for i := range fw.Controls {
			info.Rules[i] = fw.Controls[i].RulesOf(rows)
		}
		out = append(out, info)
	}
	return out, nil
}

// ownFrameworks are the catalogues of the guests, by id.
func (p *policies) ownFrameworks() (map[string]*framework.Framework, error) {
	own := map[string]*framework.Framework{}
	var errs []error
	for _, plan := range p.plans {
		for _, fw := range plan.Frameworks {
			if own[fw.ID] != nil {
				errs = append(errs, system.BadInput("framework %q is in two policies", fw.ID).Suggest("give one of them another id"))
			}
			own[fw.ID] = fw
		}
	}
	return own, errors.Join(errs...)
}

// rows are the rows of the built-in tables, and the rows that guests add.
func (l *library) rows(p *policies) []framework.Row {
	out := framework.RowsOf(l.Tables())
	for _, plan := range p.plans {
		for _, r := range plan.Rows {
			same := func(o framework.Row) bool { return o.Rule == r.Rule && o.Resource == r.Resource }
			if !slices.ContainsFunc(out, same) {
				out = append(out, r)
			}
		}
	}
	return out
}

// views prepares the requested views. It is nil without any.
func (l *library) views(asked []string, p *policies, wishes []trusted) (*framework.Views, error) {
	own, err := p.ownFrameworks()
	if err != nil || len(asked) == 0 {
		return nil, err
	}
	f := &framework.Views{Policy: p.about.Name, Rows: l.rows(p), Homes: l.homes()}
	var errs []error
	for i, name := range asked {
		if slices.Contains(asked[:i], name) {
			continue
		}
		fw, err := l.Framework(name, own)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		addCited(fw, l, p.infos)
		f.Asked = append(f.Asked, fw)
	}
	for _, w := range wishes {
		s := framework.Scope{Rules: map[string]bool{}, Packs: w.active()}
		for _, id := range w.ids() {
			s.Rules[id] = true
		}
		f.Scopes = append(f.Scopes, s)
	}
	for _, plan := range p.plans {
		s := framework.Scope{Rules: map[string]bool{}, Packs: plan.Active}
		for _, r := range plan.Rules {
			s.Rules[r.ID] = true
		}
		f.Scopes = append(f.Scopes, s)
	}
	return f, errors.Join(errs...)
}

// homes is the weakest built-in pack that lists each rule: the pack that includes the
// fewest others.
func (l *library) homes() map[string]string {
	homes, depth := map[string]string{}, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(l.Packs)) {
		packs, err := folder.Chain(l.Packs, name)
		if err != nil {
			continue // the evaluation of that pack reports the error
		}
		for _, id := range l.Packs[name].Rules {
			if homes[id] == "" || len(packs) < depth[id] {
				homes[id], depth[id] = name, len(packs)
			}
		}
	}
	return homes
}

// addCited adds the rules of guests that cite a control of the framework in their
// annotations; a ? after the control means unsure. For built-in rules the file of the
// framework has the same information, and a test compares both.
func addCited(fw *framework.Framework, l *library, infos []RuleInfo) {
	if fw.Cite == "" {
		return
	}
	for _, r := range infos {
		if l.Has(r.ID) {
			continue
		}
		for _, cited := range r.Controls {
			name, unsure := strings.CutSuffix(cited, "?")
			t := framework.Term{Rule: r.ID, Confidence: framework.Checked}
			if unsure {
				t.Confidence = framework.Unsure
			}
			for i := range fw.Controls {
				c := &fw.Controls[i]
				if fw.Citation(c.ID) == name && !slices.ContainsFunc(c.Terms, func(o framework.Term) bool { return o.Rule == r.ID }) {
					c.Terms = append(c.Terms, t)
				}
			}
		}
	}
}
