package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// rulesPackage is the prefix of the packages of rules. Each of them is one rule. Any
// other package is a library.
const rulesPackage = "seaworthy.rules."

// sets are the names that the package of a rule can define for the engine.
var sets = []string{"checked", "fail", "unknown", "not_applicable"}

// RuleInfo is the description of a rule in its annotations.
type RuleInfo struct {
	ID          string
	Title       string
	Description string
	Severity    decision.Severity
	// Pack is the weakest pack that the rule is meant for.
	Pack        string
	Controls    []string
	Remediation string
	// Inputs are the facts that it reads, the most important one first.
	Inputs []string
	Since  string
	// File that holds it; Source is its text.
	File   string
	Source string
	// Packs are the packs that contain it, by name.
	Packs []string
	// Params are the names of the parameters that it reads. Only Rules and RulesOf fill
	// them.
	Params []string
}

// rule is the package of one rule.
type rule struct {
	RuleInfo
	pkg     string // CAP_001
	from    folder.File
	module  *ast.Module
	defines []string // which of sets
}

var (
	pkgClause = lazyre.New(`^package[ \t]+([A-Za-z_][A-Za-z0-9_.]*)[ \t]*(#.*)?$`)
)

// packageOf reads the package clause of a module without parsing the rest, so that
// unused rules cost nothing.
func packageOf(f folder.File) (string, error) {
	line := 0
	for l := range strings.Lines(string(f.Content)) {
		line++
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		if m := pkgClause.FindStringSubmatch(l); m != nil {
			return m[1], nil
		}
		return "", system.BadInput("a rule file starts with its package clause").At(system.Position{File: f.Name, Line: line, Column: 1}).
			Suggest("write package seaworthy.rules.ID")
	}
	return "", system.BadInput("%s: no package clause", f.Name).Suggest("write package seaworthy.rules.ID")
}

func parse(f folder.File) (*ast.Module, error) {
	m, err := ast.ParseModuleWithOpts(f.Name, string(f.Content), ast.ParserOptions{
		Capabilities: sandbox.Capabilities(), ProcessAnnotation: true, RegoVersion: ast.RegoV1,
	})
	if err != nil {
		return nil, regoErrors(err)
	}
	complete(m)
	return m, nil
}

// parseRule reads the annotations of a rule and checks its shape.
func parseRule(f folder.File) (*rule, error) {
	m, err := parse(f)
	if err != nil {
		return nil, err
	}
	pkg := strings.Join(ground(m.Package.Path), ".")
	r := &rule{pkg: strings.TrimPrefix(pkg, rulesPackage), from: f, module: m}
	r.File, r.Source = f.Name, string(f.Content)
	at := system.Position{File: f.Name, Line: m.Package.Location.Row, Column: m.Package.Location.Col}
	var errs []error
	bad := func(what string, args ...any) { errs = append(errs, system.BadInput(what, args...).At(at)) }

	var meta *ast.Annotations
	for _, a := range m.Annotations {
		if a.Scope == "package" {
			meta = a
		}
	}
	if meta == nil {
		bad("rule %s has no METADATA of scope package", r.pkg)
		return nil, errors.Join(errs...)
	}
	r.Title, r.Description = meta.Title, strings.TrimSpace(meta.Description)
	r.custom(meta.Custom, bad)
	switch {
	case r.ID == "":
		bad("rule %s: METADATA has no custom.id", r.pkg)
	case !decision.IsRuleID(r.ID):
		bad("rule id %q: must look like CAP-001", r.ID)
	case strings.ReplaceAll(r.ID, "-", "_") != r.pkg:
		bad("rule id %q is in package %s", r.ID, pkg)
	}
	if r.Title == "" {
		bad("rule %s: METADATA has no title", r.pkg)
	}
	if r.Severity.Rank() == 0 {
		bad("rule %s: severity %q must be low, medium, high or critical", r.pkg, r.Severity)
	}
	for _, rr := range m.Rules {
		name := headName(rr)
		if !slices.Contains(sets, name) {
			continue
		}
		if !isSet(rr) {
			errs = append(errs, mustBeSet(r.pkg, rr))
		} else if !slices.Contains(r.defines, name) {
			r.defines = append(r.defines, name)
		}
	}
	if rr := unjudged(m); rr != nil {
		errs = append(errs, mustBeSet(r.pkg, rr))
	} else if !slices.Contains(r.defines, "fail") && !slices.Contains(r.defines, "unknown") && !slices.Contains(r.defines, "not_applicable") {
		bad("rule %s can never fire: it must define found, fail, unknown or not_applicable", r.pkg)
	}
	return r, errors.Join(errs...)
}

// custom reads METADATA's custom section.
func (r *rule) custom(custom map[string]any, bad func(string, ...any)) {
	one := func(k string, v any) string {
		s, ok := v.(string)
		if !ok {
			if n, isNumber := v.(fmt.Stringer); isNumber {
				return n.String()
			}
			bad("rule %s: METADATA custom.%s is not text", r.pkg, k)
		}
		return s
	}
	many := func(k string, v any) []string {
		list, ok := v.([]any)
		if !ok {
			if v == nil {
				return nil
			}
			return []string{one(k, v)}
		}
		out := make([]string, 0, len(list))
		for _, item := range list {
			out = append(out, one(k, item))
		}
		return out
	}
	for _, k := range slices.Sorted(maps.Keys(custom)) {
		v := custom[k]
		switch k {
		case "id":
			r.ID = one(k, v)
		case "severity":
			r.Severity = decision.Severity(one(k, v))
		case "pack":
			r.Pack = one(k, v)
		case "controls":
			r.Controls = many(k, v)
		case "remediation":
			r.Remediation = strings.TrimSpace(one(k, v))
		case "inputs":
			r.Inputs = many(k, v)
		case "since":
			r.Since = fmt.Sprint(v)
		}
	}
}

// regoErrors converts OPA's errors, each with its place.
func regoErrors(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return system.BadInput("rules").Because(err)
	}
	var out []error
	for _, e := range list {
		se := system.BadInput("%s: %s", e.Code, e.Message)
		if e.Location != nil {
			se.Pos = system.Position{File: e.Location.File, Line: e.Location.Row, Column: max(e.Location.Col, 1)} // at the end of a file opa says 0
		}
		if e.Details != nil {
			if lines := e.Details.Lines(); len(lines) > 0 && e.Code == ast.ParseErr {
				se.What += ": " + strings.TrimSpace(lines[0])
			}
		}
		out = append(out, se)
	}
	return errors.Join(out...)
}
