package edit

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// context is how many lines of a diff stand round each change.
const context = 3

// Diff is a unified diff of the files that changed, which patch -p1 and git
// apply take; "" where none did. Both lists name the same files.
func Diff(before, after []File) string {
	var out strings.Builder
	for i, old := range before {
		if i >= len(after) || bytes.Equal(old.Data, after[i].Data) {
			continue
		}
		// It writes to a strings.Builder, which takes everything.
		_ = difflib.WriteUnifiedDiff(&out, difflib.UnifiedDiff{
			A: splitLines(old.Data), FromFile: "a/" + old.Name,
			B: splitLines(after[i].Data), ToFile: "b/" + old.Name, Context: context,
		})
	}
	return out.String()
}

// splitLines marks a last line without a break as patch wants it.
func splitLines(data []byte) []string {
	lines := strings.SplitAfter(string(data), "\n")
	last := len(lines) - 1
	if lines[last] == "" {
		return lines[:last]
	}
	lines[last] = fmt.Sprintf("%s\n\\ No newline at end of file\n", lines[last])
	return lines
}
