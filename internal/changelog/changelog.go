// Package changelog puts CHANGELOG.md together from fragments: one file per
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
This page is put together from docs/changes: ` + "`make changelog`" + `.

## Unreleased
`

// Assemble writes the page of a folder of fragments. Each is KIND-NAME.md and
// holds one paragraph or list item without its dash.
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
		return "", fmt.Errorf("docs/changes holds files that are no fragments: a name is %s and NAME.md", prefixes())
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
