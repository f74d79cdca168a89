package recipe

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// reader reads a recipe.
type reader struct{ strictyaml.Reader }

func (r *reader) fail(n *yaml.Node, format string, args ...any) { r.Bad(n, "", format, args...) }

// number reads a number from least to most.
func (r *reader) number(n *yaml.Node, least, most int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
		r.fail(n, "must be a number from %d to %d", least, most)
		return 0
	}
	return v
}

// id reads a uid or gid.
func (r *reader) id(n *yaml.Node) int { return r.number(n, 0, 65535) }

// mode reads octal text, as in os.yml.
func (r *reader) mode(n *yaml.Node) uint32 {
	v, err := strconv.ParseUint(n.Value, 8, 32)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || err != nil || v > 0o7777 {
		r.Bad(n, `write the mode in quotes: mode: "0644"`, "mode must be octal text")
		return 0
	}
	return uint32(v)
}

func (r *reader) values(n *yaml.Node) []Value {
	var out []Value
	r.List(n, func(c *yaml.Node) { out = append(out, Value{r.Text(c), r.Pos(c)}) })
	return out
}

// path reads a path in the image: relative, or with one leading slash.
func (r *reader) path(n *yaml.Node) string {
	s := r.Text(n)
	p := strings.TrimPrefix(s, "/")
	if p == "" || !cleanPath(p) {
		r.fail(n, "path %q must be below the root of the image, without empty parts, \".\" and \"..\"", s)
		return ""
	}
	return p
}
