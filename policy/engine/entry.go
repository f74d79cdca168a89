package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Limits for the results of rules.
const (
	maxPerRule  = 20_000
	maxFindings = 100_000
	maxText     = 4000  // runes of a text
	maxValue    = 16384 // bytes of an actual or expected value, as JSON
)

// entry is one element of a rule's set, after its shape was checked.
type entry struct {
	id, resource, path, key string
	message, fix, reason    string
	actual, expected        any
	severity                decision.Severity
	origin                  *decision.Origin
	edits                   []decision.Edit
	because                 []string
}

// entryError is an error about the output of a rule, with the place in the rule.
func entryError(r *rule, set string, what string, args ...any) error {
	return system.Unusable("rule %s: malformed %s: %s", r.ID, set, fmt.Sprintf(what, args...)).At(r.place(set)).
		Suggest("see docs/policies.md for the form of a rule and its findings")
}

// place is the first definition of a rule's set, or else the start of the rule.
func (r *rule) place(set string) system.Position {
	at := r.module.Package.Location
	if strings.HasPrefix(set, "edit") {
		set = "fail" // which holds them
	}
	for _, rr := range r.module.Rules {
		if rr.Head.Ref()[0].Equal(ast.VarTerm(set)) {
			at = rr.Location
			break
		}
	}
	return system.Position{File: at.File, Line: at.Row, Column: at.Col}
}

// readChecked reads an element of `checked`: a resource.
func readChecked(r *rule, v any) (entry, error) {
	s, ok := v.(string)
	if !ok {
		return entry{}, entryError(r, "checked", "%s is not a text", words.JSON(v))
	}
	return entry{id: r.ID, resource: s}, checkResource(r, "checked", s)
}

// readReason reads an element of `unknown` or `not_applicable`.
func readReason(r *rule, set string, v any) (entry, error) {
	e := entry{id: r.ID}
	err := readObject(r, set, v, func(key string, v any) (bool, error) {
		switch key {
		case "resource":
			return setText(&e.resource, v), nil
		case "reason":
			return setText(&e.reason, v), nil
		case "id":
			return setText(&e.id, v), nil
		}
		return false, entryError(r, set, "unknown key %q", key)
	})
	if err != nil {
		return e, err
	}
	if e.reason == "" {
		return e, entryError(r, set, "no reason for %s", words.JSON(e.resource))
	}
	if e.id != r.ID {
		return e, entryError(r, set, "id %q", e.id)
	}
	return e, checkResource(r, set, e.resource)
}

// readFail reads an element of `fail`.
func readFail(r *rule, v any) (entry, error) {
	var e entry
	err := readObject(r, "fail", v, func(key string, v any) (bool, error) {
		switch key {
		case "id":
			return setText(&e.id, v), nil
		case "resource":
			return setText(&e.resource, v), nil
		case "path":
			return setText(&e.path, v), nil
		case "key":
			return setText(&e.key, v), nil
		case "message":
			return setText(&e.message, v), nil
		case "fix":
			return setText(&e.fix, v), nil
		case "severity":
			var s string
			ok := setText(&s, v)
			e.severity = decision.Severity(s)
			return ok && e.severity.Rank() > 0, nil
		case "actual":
			e.actual = cutValue(v)
			return true, nil
		case "expected":
			e.expected = cutValue(v)
			return true, nil
		case "origin":
			return setOrigin(&e.origin, v), nil
		case "because":
			return setTexts(&e.because, v), nil
		case "edits":
			var err error
			e.edits, err = readEdits(r, v)
			return true, err
		}
		return false, entryError(r, "fail", "unknown key %q", key)
	})
	switch {
	case err != nil:
		return e, err
	case e.id != r.ID:
		return e, entryError(r, "fail", "id %q", e.id)
	case e.key == "":
		return e, entryError(r, "fail", "no key for %s", words.JSON(e.resource))
	case e.message == "":
		return e, entryError(r, "fail", "no message for %s", words.JSON(e.resource))
	case e.path != "" && !strings.HasPrefix(strings.TrimPrefix(e.path, "runtime:"), "/"):
		return e, entryError(r, "fail", "path %q is not a JSON pointer", e.path)
	}
	return e, checkResource(r, "fail", e.resource)
}

func readObject(r *rule, set string, v any, field func(string, any) (bool, error)) error {
	obj, ok := v.(map[string]any)
	if !ok {
		return entryError(r, set, "%s is not an object", words.JSON(v))
	}
	keys := make([]string, 0, len(obj))
	for k := range obj {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		ok, err := field(k, obj[k])
		if err != nil {
			return err
		}
		if !ok {
			return entryError(r, set, "%s: %s is not allowed", k, words.JSON(obj[k]))
		}
	}
	return nil
}

func checkResource(r *rule, set, s string) error {
	if decision.IsResource(s) {
		return nil
	}
	return entryError(r, set, "resource %q must start with one of %s", s, strings.Join(decision.ResourceKinds(), " "))
}

func setText(to *string, v any) bool {
	s, ok := v.(string)
	if ok {
		*to = words.Cut(s, maxText)
	}
	return ok
}

// setTexts reads a short list of texts.
func setTexts(to *[]string, v any) bool {
	list, ok := v.([]any)
	if !ok || len(list) > maxEdits {
		return false
	}
	for _, v := range list {
		var s string
		if !setText(&s, v) {
			return false
		}
		*to = append(*to, s)
	}
	return true
}

func setOrigin(to **decision.Origin, v any) bool {
	if v == nil {
		return true
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return false
	}
	o := &decision.Origin{}
	for k, v := range obj {
		switch k {
		case "layer":
			ok = setText(&o.Layer, v)
		case "file":
			ok = setText(&o.File, v)
		case "line":
			ok = setInt(&o.Line, v)
		case "column":
			ok = setInt(&o.Column, v)
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	if o.Layer != "" { // {} means that the rule knows no origin
		*to = o
	}
	return true
}

func setInt(to *int, v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	i, err := n.Int64()
	*to = int(i)
	return err == nil && i >= 0
}

// cutValue replaces a large value by the start of its JSON.
func cutValue(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	if len(raw) <= maxValue {
		return v
	}
	return words.Cut(string(raw[:maxValue]), maxText)
}
