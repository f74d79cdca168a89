package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/origin"
)

// maxEdits limits the edits of one finding.
const maxEdits = 100

// readEdits reads the list `edits` of a failing entry.
func readEdits(r *rule, v any) ([]decision.Edit, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, entryError(r, "edits", "%s is not a list", words.JSON(v))
	}
	if len(list) > maxEdits {
		return nil, entryError(r, "edits", "has %d edits, more than %d", len(list), maxEdits)
	}
	var out []decision.Edit
	for _, v := range list {
		e, err := readEdit(r, v)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func readEdit(r *rule, v any) (decision.Edit, error) {
	var e decision.Edit
	hasPath := false
	err := readObject(r, "edit", v, func(key string, v any) (bool, error) {
		switch key {
		case "op":
			return setText(&e.Op, v) && slices.Contains([]string{"set", "remove", "append"}, e.Op), nil
		case "component":
			return setText(&e.Component, v), nil
		case "path":
			hasPath = true
			return setText(&e.Path, v), nil
		case "value":
			e.Value = v
			raw, err := json.Marshal(v)
			return err == nil && len(raw) <= maxValue, nil
		}
		return false, entryError(r, "edit", "unknown key %q", key)
	})
	switch {
	case err != nil:
		return e, err
	case e.Op == "":
		return e, entryError(r, "edit", "no op")
	case !hasPath || e.Path != "" && !strings.HasPrefix(e.Path, "/"):
		return e, entryError(r, "edit", "path %q is not a JSON pointer", e.Path)
	case e.Path == "" && e.Component == "":
		return e, entryError(r, "edit", "has neither component nor path")
	case e.Value == nil && e.Op != "remove":
		return e, entryError(r, "edit", "has no value to %s", e.Op)
	}
	return e, nil
}

// checkEdits checks that each edit names an existing component. A file is named by its
// path in the image.
func (r *rule) checkEdits(edits []decision.Edit, places *origin.Places) error {
	for _, e := range edits {
		if e.Component == "" || places.Known(e.Component) || strings.HasPrefix(e.Component, "files/") {
			continue
		}
		return entryError(r, "edit", "the system has no component %q", e.Component)
	}
	return nil
}
