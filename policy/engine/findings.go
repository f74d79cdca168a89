package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/origin"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// explain turns the results of the rules into findings, with state, severity, text and
// place. They are sorted by resource, id and key, without duplicates.
func explain(s *Set, f *facts.Facts, results map[string]map[string][]any) ([]decision.Finding, error) {
	places := origin.New(f)
	var all []decision.Finding
	var errs []error
	looked := false
	for _, r := range s.rules {
		own, err := r.findings(f, results[r.pkg])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if len(own) > 0 {
			looked = true
		} else {
			own = []entryState{r.silent(f)}
		}
		if len(all)+len(own) > maxFindings {
			return nil, system.Unusable("more than %d findings", maxFindings)
		}
		for _, e := range own {
			finding, err := r.finding(e, places)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			all = append(all, finding)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !looked {
		return nil, system.Unusable("policy %q checked nothing in %q: no rule found a resource of its kind", s.name, f.Name).
			Suggest("choose another policy: a policy that checks nothing does not pass a system")
	}
	slices.SortFunc(all, ByResource)
	return all, nil
}

// entryState is an entry and its state.
type entryState struct {
	entry
	state decision.State
}

// findings combines the sets of one rule. A failing or unknown entry outweighs one that
// does not apply. A resource that was only checked passes.
func (r *rule) findings(f *facts.Facts, sets map[string][]any) ([]entryState, error) {
	count := 0
	for _, list := range sets {
		count += len(list)
	}
	if count > maxPerRule {
		return nil, entryError(r, "result", "%d entries, more than %d", count, maxPerRule)
	}
	var out []entryState
	var errs []error
	settled := map[string]bool{} // resources with a failing or unknown entry
	keys := map[[2]string]entry{}
	for _, v := range sets["fail"] {
		e, err := readFail(r, v)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		at := [2]string{e.resource, e.key}
		if other, dup := keys[at]; dup {
			if !reflect.DeepEqual(other, e) {
				errs = append(errs, entryError(r, "fail", "two findings on %s have the key %q", e.resource, e.key))
			}
			continue
		}
		keys[at] = e
		settled[e.resource] = true
		out = append(out, entryState{e, decision.StateFail})
	}
	add := func(name string, state decision.State, skip map[string]bool, mark map[string]bool) {
		seen := map[[2]string]bool{}
		for _, v := range sets[name] {
			e, err := readReason(r, name, v)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if skip[e.resource] || seen[[2]string{e.resource, e.reason}] {
				continue
			}
			seen[[2]string{e.resource, e.reason}] = true
			mark[e.resource] = true
			out = append(out, entryState{e, state})
		}
	}
	add("unknown", decision.StateUnknown, nil, settled)
	told := map[string]bool{}
	for resource := range settled {
		told[resource] = true
	}
	add("not_applicable", decision.StateNotApplicable, settled, told)
	for _, v := range sets["checked"] {
		e, err := readChecked(r, v)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if told[e.resource] {
			continue
		}
		told[e.resource] = true
		state := decision.StatePass
		if reason := r.missing(f, e.resource); reason != "" {
			state, e.reason = decision.StateUnknown, reason
		}
		out = append(out, entryState{e, state})
	}
	return out, errors.Join(errs...)
}

// finding completes one entry from the rule's annotations and the facts.
func (r *rule) finding(e entryState, places *origin.Places) (decision.Finding, error) {
	out := decision.Finding{
		ID: r.ID, Title: r.Title, State: e.state, Severity: r.Severity,
		Resource: e.resource, Path: e.path, Actual: e.actual, Expected: e.expected,
		Message: e.message, Fix: e.fix, Key: e.key, Origin: e.origin, Edits: e.edits, Because: e.because, Controls: r.Controls,
	}
	if e.severity != "" {
		out.Severity = e.severity
	}
	if out.Message == "" {
		out.Message = e.reason
	}
	if e.state == decision.StateFail && out.Fix == "" {
		out.Fix = r.Remediation
	}
	if id, ok := strings.CutPrefix(e.resource, "component:"); ok && !places.Known(id) {
		return out, entryError(r, "resource", "the system has no component %q", id)
	}
	if err := r.checkEdits(e.edits, places); err != nil {
		return out, err
	}
	if out.Origin == nil && e.state == decision.StateFail {
		out.Origin = places.Of(e.resource, e.path)
	}
	return out, nil
}

// silent is the finding of a rule that found no resource: unknown if one of its inputs
// is missing, else not applicable.
func (r *rule) silent(f *facts.Facts) entryState {
	e := entry{id: r.ID, resource: "image:" + f.Name, reason: "the system has nothing that this rule checks"}
	if len(r.defines) == 1 && r.defines[0] == "not_applicable" {
		return entryState{e, decision.StateNotApplicable}
	}
	for _, in := range r.Inputs {
		if what := missingInput(f, in, ""); what != "" {
			e.reason = what + ": nothing could be checked"
			return entryState{e, decision.StateUnknown}
		}
	}
	return entryState{e, decision.StateNotApplicable}
}

// missing is the reason why a resource cannot have passed: the only input of the rule
// is missing. Rules with several inputs report this themselves.
func (r *rule) missing(f *facts.Facts, resource string) string {
	if len(r.Inputs) != 1 {
		return ""
	}
	return missingInput(f, r.Inputs[0], resource)
}

// missingInput names a missing input: of one component if the resource is a component,
// else of any.
func missingInput(f *facts.Facts, in, resource string) string {
	id, one := strings.CutPrefix(resource, "component:")
	any := func(absent func(*facts.Component) bool) bool {
		for i := range f.Components {
			if c := &f.Components[i]; (!one || c.ID == id) && absent(c) {
				return true
			}
		}
		return false
	}
	switch in {
	case "spec":
		if any(func(c *facts.Component) bool { return runs(c.Section) && isNull(c.Spec) }) {
			return "no effective spec"
		}
	case "kernel config":
		if f.Kernel.Present && !f.Kernel.Config.Present {
			return "no kernel configuration"
		}
	case "files":
		if any(func(c *facts.Component) bool { return !c.Files.Present }) {
			return "no list of files"
		}
	case "sbom":
		if any(func(c *facts.Component) bool { return !c.SBOM.Present }) {
			return "no SBOM"
		}
	}
	return ""
}

func runs(section string) bool {
	return section == "onboot" || section == "onshutdown" || section == "services"
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// ByResource is the order of findings by resource, id and key.
func ByResource(a, b decision.Finding) int {
	return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key),
		cmp.Compare(a.State, b.State), cmp.Compare(a.Message, b.Message))
}
