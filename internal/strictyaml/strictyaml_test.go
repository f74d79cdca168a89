package strictyaml

import (
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/failure"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"empty":         {"", ""},
		"comment":       {"# nothing\n", ""},
		"mapping":       {"a: 1\nb: [x]\n", ""},
		"alias":         {"a: &x 1\nb: *x\n", "f.yml:2:4: aliases are not allowed"},
		"anchor":        {"a: &x 1\n", "f.yml:1:4: anchors are not allowed"},
		"duplicate":     {"a: 1\nb: 2\na: 3\n", `f.yml:3:1: duplicate key "a", first on line 1`},
		"deep":          {strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested deeper than 32 levels"},
		"key":           {"[a]: 1\n", "f.yml:1:1: a key must be text, not a list"},
		"two documents": {"a: 1\n---\nb: 2\n", "f.yml:2:1: more than one YAML document"},
		"syntax":        {"a: 1\nb: [\n", "f.yml:2:1: not valid YAML: "},
	} {
		_, err := Parse("f.yml", []byte(c.in))
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case err != nil && !errors.Is(err, failure.ErrInput):
			t.Errorf("%s: %v is not an ErrInput", name, err)
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	root, err := Parse("f.yml", []byte("name: 1.0\non: true\nlist: [a, 2]\nbad: [true]\nmore: x\nnul: \"a\\0\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := Reader{Name: "f.yml"}
	var name string
	var on bool
	var list []string
	r.Fields(root, "the file", map[string]func(*yaml.Node){
		"name": func(n *yaml.Node) { name = r.Text(n) },
		"on":   func(n *yaml.Node) { on = r.Bool(n) },
		"list": func(n *yaml.Node) { list = r.Texts(n) },
		"bad":  func(n *yaml.Node) { r.Texts(n); r.Bool(n); r.Fields(n, "bad", nil) },
		"nul":  func(n *yaml.Node) { r.Text(n); r.List(n, nil) },
	})
	if name != "1.0" || !on || strings.Join(list, " ") != "a 2" {
		t.Errorf("%q %v %q", name, on, list)
	}
	want := []string{
		`f.yml:4:7: bad: must be text, not "true"`, "f.yml:4:6: bad: must be true or false", "f.yml:4:6: bad must be a mapping, not a list",
		`f.yml:5:1: the file: unknown key "more"`, "f.yml:6:6: nul: contains a NUL byte", `f.yml:6:6: nul: must be a list, not "a`,
	}
	got := r.Err().Error()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not in\n%s", w, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != len(want) {
		t.Errorf("%d errors, want %d:\n%s", n, len(want), got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: {b: [1, 2]}\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		n, err := Parse("f", content)
		if n == nil {
			return
		}
		r := Reader{Name: "f"}
		r.Fields(n, "f", map[string]func(*yaml.Node){"a": func(n *yaml.Node) { r.Texts(n); r.Bool(n) }})
		if err == nil && r.Err() == nil && n.Kind != yaml.MappingNode {
			t.Error("a value that is not a mapping is read as one")
		}
	})
}
