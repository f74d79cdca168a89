package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

var update = flag.Bool("update", false, "write the generated parts of README.md")

const readmePage = "README.md"

// TestReadme compares the generated parts of README.md with the rules: the index
// of rules and the reference of the helper library.
func TestReadme(t *testing.T) {
	old, err := os.ReadFile(readmePage)
	if err != nil {
		t.Fatal(err)
	}
	all, page := modules(t), string(old)
	for name, text := range map[string]string{"index": ruleIndex(t, all), "helpers": helperReference(t, all)} {
		page = replacePart(t, page, name, text)
	}
	if page == string(old) {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the rules: run go test ./rules -run TestReadme -update", readmePage)
	}
	if err := os.WriteFile(readmePage, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replacePart replaces the text between the two markers of a generated part.
func replacePart(t *testing.T, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->"
	before, rest, found := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s lacks the markers %q and %q", readmePage, strings.TrimSpace(begin), end)
	}
	return before + begin + text + end + after
}

// ruleIndex returns a list of the rules with their titles.
func ruleIndex(t *testing.T, all map[string]*ast.Module) string {
	t.Helper()
	var lines []string
	titles := map[string]string{}
	for id, m := range ruleFiles(t, all) {
		file := m.Package.Location.File
		for _, a := range m.Annotations {
			if a.Scope != "package" {
				continue
			}
			if other := titles[a.Title]; other != "" {
				t.Errorf("%s and %s have the same title: %s", id, other, a.Title)
			}
			titles[a.Title] = id
			lines = append(lines, fmt.Sprintf("| %s | [%s](%s) | %v | %v |\n", cell(a.Title), id, file, a.Custom["severity"], a.Custom["pack"]))
		}
	}
	if len(lines) < 60 {
		t.Fatalf("only %d rules have a title", len(lines))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return "| title | rule | severity | pack |\n|---|---|---|---|\n" + strings.Join(lines, "")
}

// libraries are the packages of rules/lib that rules import.
var libraries = []string{"lib", "edit", "fact", "given", "helper", "kernel", "outcome"}

// helperReference returns a list of the documented helpers of each library.
func helperReference(t *testing.T, all map[string]*ast.Module) string {
	t.Helper()
	var out strings.Builder
	used := usedHelpers(all)
	for _, library := range libraries {
		helpers := map[string]helper{}
		for name, m := range all {
			if m.Package.Path.String() == "data.seaworthy."+library && !isTest(name) {
				addHelpers(helpers, m)
			}
		}
		fmt.Fprintf(&out, "### %s\n\n| helper | meaning |\n|---|---|\n", library)
		for _, name := range sortedKeys(helpers) {
			h := helpers[name]
			if h.comment != "" {
				fmt.Fprintf(&out, "| `%s` | %s |\n", h.signature(name), cell(h.comment))
			} else if user := used[library+"."+name]; user != "" {
				t.Errorf("%s uses %s.%s, whose comment is missing or does not begin with its name", user, library, name)
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

// usedHelpers returns, for each helper that rules use, the file of one such
// rule.
func usedHelpers(all map[string]*ast.Module) map[string]string {
	used := map[string]string{}
	for name, m := range all {
		if isTest(name) || path.Dir(name) == "lib" {
			continue
		}
		ast.WalkRefs(m, func(r ast.Ref) bool {
			head, isVar := r[0].Value.(ast.Var)
			if len(r) < 2 || !isVar || !slices.Contains(libraries, string(head)) {
				return false
			}
			if helper, isText := r[1].Value.(ast.String); isText {
				key := string(head) + "." + string(helper)
				if old := used[key]; old == "" || name < old {
					used[key] = name
				}
			}
			return false
		})
	}
	return used
}

// helper is one name of a library, with all its definitions.
type helper struct {
	args    []string
	call    bool
	comment string
}

func (h helper) signature(name string) string {
	if !h.call {
		return name
	}
	return name + "(" + strings.Join(h.args, ", ") + ")"
}

// addHelpers adds the definitions of one file. Definitions of one function can
// name an argument differently, or match a constant: the first name counts.
func addHelpers(helpers map[string]helper, m *ast.Module) {
	comments := map[int]string{}
	for _, c := range m.Comments {
		if c.Location.Col == 1 {
			comments[c.Location.Row] = strings.TrimSpace(string(c.Text))
		}
	}
	for _, r := range m.Rules {
		name := r.Head.Ref()[0].String()
		h := helpers[name]
		for i, arg := range r.Head.Args {
			h.call = true
			if len(h.args) <= i {
				h.args = append(h.args, "_")
			}
			if v, isVar := arg.Value.(ast.Var); isVar && h.args[i] == "_" && !v.IsWildcard() {
				h.args[i] = string(v)
			}
		}
		if h.comment == "" {
			h.comment = sentenceAbove(comments, r.Location.Row, name)
		}
		helpers[name] = h
	}
}

// nameEnd is what may follow the name of a helper in its comment.
var nameEnd = regexp.MustCompile(`^(: | is | are | )`)

var sentenceEnd = regexp.MustCompile(`^\.( [A-Z\x60].*)?$`)

// sentenceAbove is the first sentence of the comment above a row, without the
// name at its beginning. It is "" if the comment does not begin with the name.
func sentenceAbove(comments map[int]string, row int, name string) string {
	var lines []string
	for at := row - 1; comments[at] != ""; at-- {
		lines = append([]string{comments[at]}, lines...)
	}
	text, found := strings.CutPrefix(strings.Join(lines, " "), name)
	if verb := nameEnd.FindString(text); found && verb != "" {
		text = text[len(verb):]
	} else {
		return ""
	}
	for i := range text {
		if text[i] == '.' && sentenceEnd.MatchString(text[i:]) {
			return text[:i+1]
		}
	}
	return text
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// cell makes a text fit a cell of a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
