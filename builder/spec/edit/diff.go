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

// context is the number of unchanged lines around each change in a diff.
const context = 3

// Diff returns a unified diff that patch -p1 and git apply accept. It returns
// "" if no file changed. Both lists must name the same files. A file whose Data is nil
// before does not exist, and the diff makes it.
func Diff(before, after []File) string {
	var out strings.Builder
	for i, old := range before {
		if i >= len(after) || bytes.Equal(old.Data, after[i].Data) {
			continue
		}
		from := header("a/", old)
		if old.Data == nil {
			from = "/dev/null"
		}
		// Writing to a strings.Builder cannot fail.
		_ = difflib.WriteUnifiedDiff(&out, difflib.UnifiedDiff{
			A: splitLines(old.Data), FromFile: from,
			B: splitLines(after[i].Data), ToFile: header("b/", old), Context: context,
		})
	}
	return out.String()
}

// header returns a file name in the form that patch and git read. A name with
// spaces ends in a tab. A name with control characters is quoted.
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

// splitLines splits data into lines. It marks a last line without a line break
// as patch expects.
func splitLines(data []byte) []string {
	lines := strings.SplitAfter(string(data), "\n")
	last := len(lines) - 1
	if lines[last] == "" {
		return lines[:last]
	}
	lines[last] = fmt.Sprintf("%s\n\\ No newline at end of file\n", lines[last])
	return lines
}
