package report

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// JSON returns decision.json: indented by two spaces, map keys sorted, a newline at
// the end, deceptive characters escaped.
func JSON(d *decision.Decision) ([]byte, error) { return encode(d) }

func writeJSON(w io.Writer, d *decision.Decision, _ Options) error {
	raw, err := JSON(d)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return safetext.JSON(b.Bytes()), nil
}

// value returns a value as people write it. A text has quotes only if it could be
// mistaken for another type.
func value(v any) string {
	s, ok := v.(string)
	if !ok || s == "" || json.Valid([]byte(s)) || strings.TrimSpace(s) != s {
		return compact(v, maxShown)
	}
	return cut(s, maxShown)
}

// compact returns a value on one line, cut to at most n runes. Each comma of a list
// is followed by a space, where a line can be wrapped.
func compact(v any, n int) string {
	if list, ok := v.([]any); ok {
		var parts []string
		for _, item := range list {
			parts = append(parts, compact(item, n))
		}
		return cut("["+strings.Join(parts, ", ")+"]", n)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "?"
	}
	return cut(string(bytes.TrimRight(b.Bytes(), "\n")), n)
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
