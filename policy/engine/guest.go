package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/framework"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// A guest is a policy that is not built in: a folder, or a bundle from a registry. The
// sandbox bounds everything that is done with it. A job goes in, and an answer comes
// out.
type (
	Job    = sandbox.Job[Work]
	Answer = sandbox.Answer[Result]
	Host   = sandbox.Host[Work, Result]
)

// Work is what the engine needs for a job.
type Work struct {
	// Kind and Base make the name of the policy in decisions.
	Kind string      `json:"kind"`
	Base string      `json:"base"`
	Tree folder.Tree `json:"tree"`
	Date string      `json:"date,omitempty"`
	// Parts and Facts are for sandbox.Decide.
	Parts []decision.PolicyPart `json:"parts,omitempty"`
	Facts *facts.Facts          `json:"facts,omitempty"`
	// Params asks for the parameters that each rule reads.
	Params bool `json:"params,omitempty"`
	// Checked: the same files were opened before, and had no errors.
	Checked bool `json:"checked,omitempty"`
}

// GuestBytes implements sandbox.Work.
func (w Work) GuestBytes() int {
	size := 0
	for _, list := range w.Tree.Lists() {
		for _, f := range *list {
			size += base64.StdEncoding.EncodedLen(len(f.Content)) + len(f.Path) + len(f.Name)
		}
	}
	return size
}

// Result is the outcome of a job. Plan is for sandbox.Open and sandbox.Decide, Findings
// for sandbox.Decide, and Output for sandbox.Test.
type Result struct {
	Plan     *Plan              `json:"plan,omitempty"`
	Findings []decision.Finding `json:"findings,omitempty"`
	Output   string             `json:"output,omitempty"`
}

// Plan is the description of a guest.
type Plan struct {
	// Name is its name in a decision.
	Name string `json:"name"`
	// Packs are the built-in packs that it includes. Builtins are the built-in rules
	// that its own packs name. Both are evaluated with the built-in data. Both are empty
	// if the guest adjusts that data; then Adjusted has the keys.
	Packs    []string `json:"packs,omitempty"`
	Builtins []string `json:"builtins,omitempty"`
	Adjusted []string `json:"adjusted,omitempty"`
	// Rules are evaluated as the guest's own.
	Rules []RuleInfo `json:"rules,omitempty"`
	// Params are the parameters that it brings or sets.
	Params []Parameter `json:"params,omitempty"`
	// Files are the paths, in the digest, of all files that decide.
	Files []string `json:"files,omitempty"`
	// Active are the built-in packs whose rows count for Rules, nil for all.
	Active []string `json:"active,omitempty"`
	// Rows are the rows of the tables, if the guest adjusts one. Frameworks are the
	// guest's own catalogues.
	Rows       []framework.Row        `json:"rows,omitempty"`
	Frameworks []*framework.Framework `json:"frameworks,omitempty"`
}

// NewJob makes a job of a rule folder. kind and base make the policy's name in
// decisions. Only sandbox.Test includes the tests of the rules.
func NewJob(do sandbox.Do, name, kind, base string, t *folder.Tree) Job {
	w := Work{Kind: kind, Base: base, Tree: *t}
	if do != sandbox.Test {
		w.Tree.Tests = nil
	}
	return Job{Do: do, Name: name, Work: w}
}

// guest is the policy of a job, after it was read.
type guest struct {
	library *Library // the built-in one
	own     *Library
	data    map[string]any
	packs   []*folder.Pack // what is evaluated here
	plan    Plan
	set     *Set // nil if it has no rules
}

// Perform does a job: it implements sandbox.Engine.
func (l *Library) Perform(ctx context.Context, j Job, credit func(bytes int)) (*Result, error) {
	l = l.credited(credit)
	g, err := l.openGuest(&j.Work.Tree)
	if err != nil {
		return nil, err
	}
	if j.Do == sandbox.Test {
		var out bytes.Buffer
		err = testRules(ctx, []*Library{l, g.own}, g.own, g.data, &out)
		return &Result{Output: out.String()}, err
	}
	if err := g.choose(j); err != nil {
		return nil, err
	}
	if j.Do == sandbox.Open {
		if err := g.readFrameworks(); err != nil {
			return nil, err
		}
	}
	if g.set == nil {
		return &Result{Plan: &g.plan}, nil
	}
	program, err := compile(g.set, j.Work.Date, j.Work.Parts, j.Work.Checked)
	if err != nil || j.Do == sandbox.Open {
		return &Result{Plan: &g.plan}, err
	}
	findings, err := program.decide(ctx, j.Work.Facts)
	return &Result{Plan: &g.plan, Findings: findings}, err
}

// openGuest reads a rule folder, and adds its data to the built-in data.
func (l *Library) openGuest(t *folder.Tree) (*guest, error) {
	own, err := index(t, false)
	if err != nil {
		return nil, err
	}
	given := own.tables()
	for _, key := range slices.Sorted(maps.Keys(given.Data)) {
		err = errors.Join(err, folder.CheckNumbers(given.Owner[key], []string{key}, given.Data[key]))
	}
	if err != nil {
		return nil, err
	}
	if err := l.clashes(own); err != nil {
		return nil, err
	}
	defaults, err := l.checkParams(own)
	if err != nil {
		return nil, err
	}
	g := &guest{library: l, own: own}
	if g.data, g.plan.Adjusted, err = folder.Overlay(l.tables().Data, given.Data); err != nil {
		return nil, err
	}
	if len(defaults) > 0 {
		all, _ := g.data[folder.ParamsKey].(map[string]any)
		all = maps.Clone(all)
		maps.Copy(all, defaults)
		g.data[folder.ParamsKey] = all
	}
	g.plan.Params, err = own.describeParams(g.data)
	if err != nil {
		return nil, err
	}
	set, _, err := own.params()
	for name, value := range set {
		if !slices.ContainsFunc(g.plan.Params, func(p Parameter) bool { return p.Name == name }) {
			g.plan.Params = append(g.plan.Params, Parameter{Name: name, Value: value})
		}
	}
	return g, err
}

// choose selects what is evaluated. Without packs, it is all rules of the folder and no
// built-in ones. With packs, it is the pack that no other pack includes. Packs can
// include built-in packs and name built-in rules.
func (g *guest) choose(j Job) error {
	list := []*folder.Pack{{Name: j.Work.Base, Rules: g.own.ruleIDs()}}
	top := j.Work.Base
	if len(g.own.Packs) > 0 {
		packs := maps.Clone(g.library.Packs)
		maps.Copy(packs, g.own.Packs)
		var err error
		if top, err = folder.TopPack(j.Name, g.own.Packs); err != nil {
			return err
		}
		if list, err = folder.Chain(packs, top); err != nil {
			return err
		}
	}
	g.plan.Name = j.Work.Kind + ":" + top
	if !slices.ContainsFunc(list, func(p *folder.Pack) bool { return len(p.Rules) > 0 }) {
		return system.BadInput("policy %q has no rules", j.Name).Suggest("a rule is a package seaworthy.rules.ID in a .rego file")
	}
	if len(g.plan.Adjusted) > 0 {
		g.packs = list
	} else {
		g.split(list)
	}
	own := slices.ContainsFunc(g.packs, func(p *folder.Pack) bool { return len(p.Rules) > 0 })
	var err error
	if own {
		if g.set, err = assemble(g.plan.Name, g.packs, g.data, g.library, g.own); err != nil {
			return err
		}
		if j.Do == sandbox.Open {
			if err := g.describe(j.Work.Params); err != nil {
				return err
			}
		}
	} else {
		g.set = &Set{}
		for _, p := range g.packs {
			g.set.addPack(p)
		}
		g.set.addFiles(g.own, g.own.Tree.Data)
	}
	g.set.addFiles(g.own, g.own.Tree.Schemas)
	for _, f := range g.set.files {
		g.plan.Files = append(g.plan.Files, f.Path)
	}
	if !own {
		g.set = nil
	} else if len(g.plan.Packs) > 0 {
		g.set.active = g.plan.Packs
	}
	if own {
		g.plan.Active = g.set.active
	}
	return nil
}

// readFrameworks reads the guest's own catalogues, and the rows of the tables if the
// guest adjusts them.
func (g *guest) readFrameworks() error {
	var errs []error
	for _, f := range g.own.Frameworks {
		fw, err := framework.Parse(f.Path, f.Name, f.Content)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if slices.Contains(g.library.FrameworkNames(), fw.ID) {
			errs = append(errs, system.BadInput("%s: framework %q is built in", f.Name, fw.ID).
				Suggest("give your framework another name. To add a rule to a built-in framework, use the annotation controls of the rule"))
		}
		errs = append(errs, checkTerms(fw, g.library, g.own))
		g.plan.Frameworks = append(g.plan.Frameworks, fw)
	}
	if slices.ContainsFunc(g.plan.Adjusted, framework.IsTable) {
		g.plan.Rows = framework.RowsOf(g.data)
	}
	return errors.Join(errs...)
}

// describe lists the rules of the guest, and the parameters that they read.
func (g *guest) describe(params bool) error {
	for _, r := range g.set.rules {
		g.plan.Rules = append(g.plan.Rules, r.RuleInfo)
	}
	if !params {
		return nil
	}
	uses, err := newUses(g.library, g.own)
	if err != nil {
		return err
	}
	for i, r := range g.set.rules {
		g.plan.Rules[i].Params = uses.params(r.module)
	}
	return nil
}

// split separates the built-in rules and packs from the guest's own.
func (g *guest) split(list []*folder.Pack) {
	for _, p := range list {
		if p.Builtin {
			g.plan.Packs = append(g.plan.Packs, p.Name)
			continue
		}
		own := *p
		own.Rules = nil
		for _, id := range p.Rules {
			if _, from := find(id, g.library); from != nil {
				g.plan.Builtins = append(g.plan.Builtins, id)
			} else {
				own.Rules = append(own.Rules, id)
			}
		}
		g.packs = append(g.packs, &own)
	}
}
