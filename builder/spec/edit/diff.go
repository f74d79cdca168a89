package edit

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"

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
			A: splitLines(old.Data), FromFile: header("a/", old),
			B: splitLines(after[i].Data), ToFile: header("b/", old), Context: context,
		})
	}
	return out.String()
}

// header names a file as patch and git read it: a name with blanks ends in a
// tab, one with control characters stands in quotes.
func header(side string, f File) string {
	name := side + cmp.Or(f.Path, f.Name)
	switch {
	case strings.ContainsFunc(name, unicode.IsControl):
		return strconv.Quote(name)
	case strings.Contains(name, " "):
		return name + "\t"
	}
	return name
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
