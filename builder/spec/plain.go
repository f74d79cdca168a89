package spec

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain converts a tree without errors to plain values. It follows aliases and
// merges `<<` keys.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return plain(n.Alias)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			out = append(out, plain(item))
		}
		return out
	case yaml.MappingNode:
		quiet := &decoder{report: func(*yaml.Node, string, string, string) {}}
		out := map[string]any{}
		for _, e := range quiet.entries(n) {
			out[e.name] = plain(e.value)
		}
		return out
	}
	switch n.ShortTag() {
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(plainInt(n.Value), 0, 64); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(plainInt(n.Value), 0, 64); err == nil {
			return u
		}
	}
	return n.Value
}

// mergePlain merges documents as Load does: section by section, with lists
// appended.
func mergePlain(docs []map[string]any) map[string]any {
	out := map[string]any{}
	for _, doc := range docs {
		for key, value := range doc {
			switch have := out[key].(type) {
			case []any:
				if list, ok := value.([]any); ok {
					value = slices.Concat(have, list)
				}
			case map[string]any:
				if m, ok := value.(map[string]any); ok {
					value = mergeMaps(have, m)
				}
			}
			out[key] = value
		}
	}
	return out
}

// mergeMaps merges two kernel or trust sections: later fields override earlier
// ones, and lists are appended.
func mergeMaps(a, b map[string]any) map[string]any {
	return mergePlain([]map[string]any{a, b})
}
