// Package words formats numbers and names for sentences.
package words

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Count is a number with its noun: "1 file", "2 files".
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + many
}

// List joins names with commas.
func List(names []string) string { return strings.Join(names, ", ") }

// Cut is s, or its first n characters and "…" if s is longer. The result is
// valid UTF-8.
func Cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// JSON is a value as JSON, short enough for a message.
func JSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return Cut(string(raw), 200)
}
