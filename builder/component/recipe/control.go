package recipe

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

const maxStanzaLine = 1 << 20

// stanza is one paragraph of a Debian control file.
type stanza map[string]string

// readStanzas parses deb822 paragraphs: apt's index, apt sources.
func readStanzas(in io.Reader) ([]stanza, error) {
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 64<<10), maxStanzaLine)
	var out []stanza
	var cur stanza
	last := ""
	for sc.Scan() {
		line := sc.Text()
		switch {
		case strings.TrimSpace(line) == "":
			cur, last = nil, ""
		case strings.HasPrefix(line, "#"):
		case line[0] == ' ' || line[0] == '\t':
			if last == "" {
				return nil, fmt.Errorf("continuation line %q without a field", line)
			}
			cur[last] += "\n" + line
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok || name == "" || strings.ContainsAny(name, " \t") {
				return nil, fmt.Errorf("%q is not a field", line)
			}
			if cur == nil {
				cur = stanza{}
				out = append(out, cur)
			}
			if _, twice := cur[name]; twice {
				return nil, fmt.Errorf("duplicate field %s", name)
			}
			last, cur[name] = name, strings.TrimSpace(value)
		}
	}
	return out, sc.Err()
}

// relations are the package names in a field like Depends: one list of alternatives
// for each part between commas.
func relations(field string) [][]string {
	var out [][]string
	for _, part := range strings.Split(strings.ReplaceAll(field, "\n", " "), ",") {
		var names []string
		for _, alt := range strings.Split(part, "|") {
			alt = strings.TrimSpace(alt)
			if i := strings.IndexAny(alt, " (["); i >= 0 {
				alt = alt[:i]
			}
			alt, _, _ = strings.Cut(alt, ":")
			if alt != "" {
				names = append(names, alt)
			}
		}
		if len(names) > 0 {
			out = append(out, names)
		}
	}
	return out
}
