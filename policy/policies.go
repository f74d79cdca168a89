package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/framework"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// policies are all policies of a decision. The built-in rules are usually one program.
// Each guest is evaluated separately, so that its data does not affect other policies.
type policies struct {
	about    decision.Policy
	parts    []decision.PolicyPart // as rules see them; about has none for a single pack
	rules    []decision.Rule
	infos    []RuleInfo // by id
	programs []*engine.Program
	guests   []engine.Job // jobs for the decision
	host     engine.Host
	// frameworks is nil before prepare.
	frameworks *framework.Views
	plans      []*engine.Plan // of all guests
}

// read opens all policies of the options, and returns the built-in rules that they
// request. It compiles nothing in this process.
func (l *library) read(ctx context.Context, o Options, params bool) (*policies, []trusted, error) {
	sources, err := o.sources()
	if err != nil {
		return nil, nil, err
	}
	p := &policies{host: l.host(o)}
	// All built-in packs together are one request.
	wishes := make([]trusted, 1, len(sources)+1)
	var errs []error
	for _, s := range sources {
		if s.Bundle == nil && l.Packs[s.Name] != nil {
			part, whole, err := l.builtinPart(s.Name)
			errs = append(errs, err)
			p.about.Parts = append(p.about.Parts, part)
			if len(sources) == 1 {
				wishes[0].set = whole.set
			}
			for _, pack := range whole.packs {
				if !slices.Contains(wishes[0].packs, pack) {
					wishes[0].packs = append(wishes[0].packs, pack)
				}
			}
			continue
		}
		wish, err := p.addGuest(ctx, l, s, params)
		errs = append(errs, err)
		wishes = append(wishes, wish)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	p.parts = p.about.Parts
	p.about.Name, p.about.Digest = engine.OverallName(p.about.Parts), engine.OverallDigest(p.about.Parts)
	if len(sources) == 1 && len(p.guests) == 0 && p.about.Parts[0].Source == decision.SourceBuiltin {
		p.about.Parts = nil
	}
	return p, distinct(wishes), nil
}

func (l *library) host(o Options) engine.Host {
	if o.Isolate != nil {
		return sandbox.Process[engine.Work, engine.Result]{Command: o.Isolate}
	}
	return sandbox.InProcess[engine.Work, engine.Result]{Engine: l.Perform}
}

// builtinPart describes an unchanged built-in pack.
func (l *library) builtinPart(name string) (decision.PolicyPart, trusted, error) {
	packs, err := folder.Chain(l.Packs, name)
	if err != nil {
		return decision.PolicyPart{}, trusted{}, err
	}
	s, err := l.trustedSet(name, trusted{packs: packs})
	if err != nil {
		return decision.PolicyPart{}, trusted{}, err
	}
	return decision.PolicyPart{Name: name, Source: decision.SourceBuiltin, Digest: l.PackDigest(name, s), Rules: len(s.Rules())}, trusted{packs: packs, set: s}, nil
}

// addGuest opens a policy that is not built in. With params, its rules list the
// parameters that they read.
func (p *policies) addGuest(ctx context.Context, l *library, s Source, params bool) (trusted, error) {
	g, err := l.open(ctx, p.host, s, params)
	if err != nil {
		return trusted{}, err
	}
	p.plans = append(p.plans, g.plan)
	wish := trusted{rules: g.plan.Builtins}
	for _, name := range g.plan.Packs {
		wish.packs = append(wish.packs, l.Packs[name])
	}
	part := decision.PolicyPart{Name: g.plan.Name, Source: g.job.Work.Kind, Adjusted: g.plan.Adjusted, Rules: len(g.plan.Rules)}
	if b := s.Bundle; b != nil {
		part.Reference, part.Manifest, part.Pinned, part.Signed = s.Name, b.Manifest, b.Pinned, b.Signed
	}
	files := filesOf(g.tree, false, g.plan.Files)
	part.Content = folder.Digest(files)
	files = append(files, filesOf(l.Tree, true, g.plan.Files)...)
	if len(wish.ids()) > 0 {
		set, err := l.trustedSet(g.plan.Name, wish)
		if err != nil {
			return trusted{}, err
		}
		files, part.Rules = append(files, set.Files()...), part.Rules+len(set.Rules())
	}
	part.Digest = folder.Digest(files)
	p.about.Parts = append(p.about.Parts, part)
	for _, name := range g.plan.Packs {
		included, _, err := l.builtinPart(name)
		if err != nil {
			return trusted{}, err
		}
		included.IncludedBy = part.Name
		p.about.Parts = append(p.about.Parts, included)
	}
	if len(g.plan.Rules) > 0 {
		g.job.Work.Checked = true
		p.guests = append(p.guests, g.job)
		p.infos = append(p.infos, g.plan.Rules...)
	}
	return wish, nil
}

// filesOf finds files of a tree by their paths in a digest.
func filesOf(tree *folder.Tree, builtin bool, paths []string) []folder.File {
	var out []folder.File
	for _, list := range tree.Lists() {
		for _, f := range *list {
			if path := folder.DigestPath(f.Path, builtin); slices.Contains(paths, path) {
				out = append(out, folder.File{Path: path, Content: f.Content})
			}
		}
	}
	return out
}

// prepare reads and compiles all policies of the options.
func (l *library) prepare(ctx context.Context, o Options, date string) (*policies, error) {
	p, wishes, err := l.read(ctx, o, false)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, w := range wishes {
		set, err := l.trustedSet(p.about.Name, w)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.infos = append(p.infos, set.Rules()...)
		if o.Scope != nil {
			set = l.Narrow(set, o.Scope)
		}
		program, err := l.Compile(set, date, p.about.Parts)
		if errs = append(errs, err); err == nil {
			p.programs = append(p.programs, program)
		}
	}
	for i := range p.guests {
		p.guests[i].Do, p.guests[i].Work.Date, p.guests[i].Work.Parts = sandbox.Decide, date, p.parts
	}
	errs = append(errs, p.describeRules())
	p.frameworks, err = l.views(o.Frameworks, p, wishes)
	return p, errors.Join(append(errs, err)...)
}

// describeRules sorts the rules by id. A rule of two guests is an error: waivers and
// reports could not distinguish them. A built-in rule that is evaluated twice, once with
// data that a guest adjusts, counts as one rule.
func (p *policies) describeRules() error {
	slices.SortStableFunc(p.infos, func(a, b RuleInfo) int { return strings.Compare(a.ID, b.ID) })
	var errs []error
	var out []RuleInfo
	for _, r := range p.infos {
		if last := len(out) - 1; last >= 0 && out[last].ID == r.ID {
			if out[last].File != r.File {
				errs = append(errs, system.BadInput("%s: duplicate rule %s, also in %s", r.File, r.ID, out[last].File).Suggest("use another id"))
			}
			continue
		}
		out = append(out, r)
	}
	p.infos = out
	for i := range p.infos {
		p.rules = append(p.rules, p.infos[i].Describe())
	}
	p.about.Rules = len(p.rules)
	return errors.Join(errs...)
}

// evaluate runs every policy separately. A policy that looked at nothing is an error.
func (p *policies) evaluate(ctx context.Context, f *facts.Facts, deadline time.Duration) ([]decision.Finding, error) {
	results := make([][]decision.Finding, len(p.programs)+len(p.guests))
	errs := make([]error, len(results))
	done := make(chan struct{})
	for i, j := range p.guests {
		go func() {
			defer func() { done <- struct{}{} }()
			j.Work.Facts = f
			a, err := p.host.Perform(ctx, j)
			if errs[len(p.programs)+i] = err; err == nil {
				results[len(p.programs)+i] = a.Result.Findings
			}
		}()
	}
	for i, program := range p.programs {
		results[i], errs[i] = program.Run(ctx, f, deadline)
	}
	for range p.guests {
		<-done
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(results) == 1 {
		return results[0], nil
	}
	return merge(results), nil
}

// merge combines the findings of several policies. If two policies evaluated the same
// rule, the worse state wins: a pass or "not applicable" that the other policy
// contradicts is left out. Equal findings are listed once.
func merge(results [][]decision.Finding) []decision.Finding {
	all := slices.Concat(results...)
	worst := map[[2]string]int{}
	for i := range all {
		at := [2]string{all[i].ID, all[i].Resource}
		worst[at] = max(worst[at], gravity(all[i].State))
	}
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(f decision.Finding) bool {
		g, most := gravity(f.State), worst[[2]string{f.ID, f.Resource}]
		key := fmt.Sprintf("%s %s %s %s %s", f.ID, f.Resource, f.Key, f.State, f.Message)
		if g < most && g < gravity(decision.StateUnknown) || seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
	slices.SortFunc(all, engine.ByResource)
	return all
}

func gravity(s decision.State) int {
	switch s {
	case decision.StateNotApplicable:
		return 1
	case decision.StatePass:
		return 2
	case decision.StateUnknown:
		return 3
	}
	return 4
}
