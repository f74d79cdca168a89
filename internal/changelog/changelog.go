// Package changelog writes CHANGELOG.md from fragments. There is one file for each
// change that a user notices, so that two changes never conflict.
package changelog

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// kinds of changes, in the order of their sections.
var kinds = []struct{ prefix, title string }{
	{"security-", "Security"}, {"changed-", "Changed"}, {"added-", "Added"}, {"fixed-", "Fixed"},
}

const head = `# Changelog

What changed for users. Fixed weaknesses are listed under Security, with what to build or verify again.
This page is written from the files in docs/changes: ` + "`make changelog`" + `.

## Unreleased
`

// Assemble returns the page for a folder of fragments. Each fragment is a file
// KIND-NAME.md with one list item, without its dash.
func Assemble(dir fs.FS) (string, error) {
	names, err := fs.Glob(dir, "*")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(head)
	used := 0
	for _, k := range kinds {
		first := true
		for _, name := range slices.Sorted(slices.Values(names)) {
			if !strings.HasPrefix(name, k.prefix) || !strings.HasSuffix(name, ".md") {
				continue
			}
			used++
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				return "", err
			}
			body := strings.TrimSpace(string(text))
			if body == "" || strings.HasPrefix(body, "-") {
				return "", fmt.Errorf("%s: write the change as plain sentences", name)
			}
			if first {
				fmt.Fprintf(&b, "\n### %s\n\n", k.title)
				first = false
			}
			fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(body, "\n", "\n  "))
		}
	}
	if used != len(names) {
		return "", fmt.Errorf("docs/changes contains other files than fragments: write the name of a fragment as %s and NAME.md", prefixes())
	}
	return b.String(), nil
}

func prefixes() string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.prefix)
	}
	return strings.Join(out, ", ")
}
