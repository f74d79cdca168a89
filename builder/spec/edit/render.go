package edit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// quotes returns how a text is quoted: with ', with " or not at all. New texts
// are quoted in the same way.
func quotes(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode:
	case n.Style&yaml.SingleQuotedStyle != 0:
		return "'"
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return `"`
	}
	return ""
}

func isScalar(v any) bool {
	switch v.(type) {
	case Map, map[string]any, []any:
		return false
	}
	return true
}

// pairs returns the keys of a mapping in the order in which they are written.
func pairs(v any) (Map, bool) {
	switch v := v.(type) {
	case Map:
		return v, true
	case map[string]any:
		out := make(Map, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, Pair{k, v[k]})
		}
		return out, true
	}
	return nil, false
}

// inline writes a value on one line. inFlow: the value is inside brackets.
func inline(v any, quote string, inFlow bool) string {
	if m, ok := pairs(v); ok {
		var parts []string
		for _, p := range m {
			parts = append(parts, inline(p.Key, "", true)+": "+inline(p.Value, "", true))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	switch v := v.(type) {
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, inline(one, "", true))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return text(v, quote, inFlow)
	}
	return fmt.Sprint(v)
}

// block writes a list or mapping on separate lines. The last line has no line
// break.
func (j *job) block(indent string, v any) string {
	var lines []string
	if m, ok := pairs(v); ok {
		for _, p := range m {
			lines = append(lines, j.pairLines(indent, p.Key, p.Value))
		}
		return strings.Join(lines, j.eol)
	}
	for _, one := range v.([]any) {
		if _, isMap := pairs(one); isMap {
			body := j.block(indent+"  ", one)
			lines = append(lines, indent+"- "+strings.TrimPrefix(body, indent+"  "))
			continue
		}
		lines = append(lines, indent+"- "+inline(one, "", false))
	}
	return strings.Join(lines, j.eol)
}

var (
	// Some YAML readers do not read such a word as text.
	ambiguousWord = lazyre.New(`^(?i:y|n|yes|no|on|off|true|false|null|~|[-+.]?[0-9][0-9a-f_.:+xo-]*)$`)
	day           = lazyre.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// text writes a text. It uses the given quotes. Without them it writes the text
// plain if every YAML reader understands it, else quoted.
func text(s, quote string, inFlow bool) string {
	printable := !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\uFEFF' || r == '\u2028' || r == '\u2029'
	})
	switch {
	case quote == "'" && printable:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case quote == "" && printable && plain(s, inFlow):
		return s
	}
	return strconv.Quote(s)
}

func plain(s string, inFlow bool) bool {
	if ambiguousWord.MatchString(s) && !day.MatchString(s) {
		return false
	}
	doc := "- " + s
	if inFlow {
		doc = "[" + s + "]"
	}
	var n yaml.Node
	if yaml.Unmarshal([]byte(doc), &n) != nil || len(n.Content) != 1 || len(n.Content[0].Content) != 1 {
		return false
	}
	got := n.Content[0].Content[0]
	return got.Kind == yaml.ScalarNode && got.Style == 0 && got.Anchor == "" && got.Value == s &&
		(got.ShortTag() == "!!str" || got.ShortTag() == "!!timestamp") && got.LineComment == ""
}
