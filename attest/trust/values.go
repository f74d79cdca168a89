package trust

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// pattern is a kind of names, which may end in a star. next is the next step after
// one that is malformed.
type pattern struct {
	kind, next string
	form       *lazyre.Regexp
}

var (
	repository = pattern{"repository", "write REGISTRY/REPOSITORY, REGISTRY/PATH/* or *",
		lazyre.New(`^(\*|[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/([a-z0-9._-]+|\*))$`)}
	systemName = pattern{"system", "write the NAME of a system, NAME* or *",
		lazyre.New(`^(\*|[A-Za-z0-9][A-Za-z0-9._-]*\*?)$`)}
)

// patterns reads a list of patterns that is not empty.
func (l *loader) patterns(n *yaml.Node, p pattern) []string {
	var out []string
	l.limited(n, func(c *yaml.Node) {
		if c.Kind != yaml.ScalarNode || !p.form.MatchString(c.Value) {
			l.Bad(c, p.next, "%q is not a %s", c.Value, p.kind)
			return
		}
		out = append(out, c.Value)
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		l.Bad(n, p.next, "the list covers no %s", p.kind)
	}
	return out
}

// overlap reports whether two lists of patterns can cover the same name.
func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool {
			p, openX := strings.CutSuffix(x, "*")
			q, openY := strings.CutSuffix(y, "*")
			return x == y || openX && strings.HasPrefix(q, p) || openY && strings.HasPrefix(p, q)
		})
	})
}

// find is the index of an authority, -1 if it does not exist.
func (l *loader) find(name string) int {
	return slices.IndexFunc(l.policy.authorities, func(a authority) bool { return a.Name == name })
}

func count(nodes ...*yaml.Node) int {
	n := 0
	for _, one := range nodes {
		if one != nil {
			n++
		}
	}
	return n
}

// needed reads a text that must be given.
func (l *loader) needed(in, value *yaml.Node, what string) string {
	if value == nil {
		if in.Kind == yaml.MappingNode {
			l.Bad(in, "", "the entry has no %s", what)
		}
		return ""
	}
	s := l.Text(value)
	if s == "" && value.Kind == yaml.ScalarNode {
		l.Bad(value, "", "%s is empty", what)
	}
	return s
}

// path of a file that is relative to the policy, "" for "".
func (l *loader) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(l.Name), name)
}

// time reads a time or a day. A day means its beginning.
func (l *loader) time(n *yaml.Node) (at time.Time, day bool) {
	s := l.Text(n)
	t, err := time.Parse(time.DateOnly, s)
	if day = err == nil; !day {
		t, err = time.Parse(time.RFC3339, s)
	}
	if err != nil || t.IsZero() { // the zero time means that no time is given
		l.Bad(n, "write YYYY-MM-DD, or a time as in RFC 3339", "%q is not a time", s)
	}
	return t, day
}

// endOf reads a time or a day. A day is included.
func (l *loader) endOf(n *yaml.Node) time.Time {
	t, day := l.time(n)
	if day {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

func (l *loader) number(n *yaml.Node, least, most int) int {
	v, err := strconv.Atoi(l.Text(n))
	if err != nil || v < least || v > most {
		l.Bad(n, "", "%q is not a number from %d to %d", n.Value, least, most)
		return least
	}
	return v
}

func (l *loader) severity(n *yaml.Node) string {
	s := l.Text(n)
	if decision.Severity(s).Rank() == 0 {
		l.Bad(n, "use low, medium, high or critical", "%q is not a severity", s)
	}
	return s
}

// digests reads a list of sha256:HEX.
func (l *loader) digests(n *yaml.Node) []string {
	return l.texts(n, "digest", "write sha256:HEX", digests.Valid)
}

// some requires that a mapping of requirements is not empty: it would require nothing.
func (l *loader) some(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		l.Bad(n, "write what is required, or leave out the field", "the field is empty, and so requires nothing")
	}
	return n
}

// names reads a list of texts that are not empty.
func (l *loader) names(n *yaml.Node, what string) []string {
	return l.texts(n, what, "write it as it is in the provenance", func(s string) bool { return strings.TrimSpace(s) != "" })
}

func (l *loader) rules(n *yaml.Node) []string {
	return l.texts(n, "id of a rule", "write an id as in `seaworthy rules list`", decision.IsRuleID)
}

// texts reads a list of texts. An empty list is an error: where it says what is
// required, it would require nothing.
func (l *loader) texts(n *yaml.Node, what, next string, valid func(string) bool) []string {
	var out []string
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		l.Bad(n, "add the "+what+", or leave out the field", "the list is empty")
	}
	l.limited(n, func(c *yaml.Node) {
		s := l.Text(c)
		if !valid(s) {
			l.Bad(c, next, "%q is not the %s", s, what)
		}
		out = append(out, s)
	})
	return out
}
