package waiver

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// MaxBytes limits the size of a waiver file.
const MaxBytes = 1 << 20

const maxWaivers = 5000

// maxText limits a text, in bytes.
const maxText = 4000

// Read reads the waiver file at path. A file that is missing or malformed is an
// ErrInput. The path "" gives an empty Set.
func Read(path string) (*Set, error) {
	if path == "" {
		return &Set{List: []decision.Waiver{}}, nil
	}
	content, err := bounded.ReadFile(path, MaxBytes)
	if err != nil {
		return nil, system.BadInput("waivers: cannot read %s", path).Because(err).Suggest("give --waivers the path of a readable file")
	}
	list, err := Parse(shownPath(path), content)
	if err != nil {
		return nil, err
	}
	return &Set{List: list, Digest: digests.Of(content)}, nil
}

// shownPath returns the name of a file in outputs: relative to the working directory
// if it is below it, else the base name. So outputs do not depend on the folder of
// the build.
func shownPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.Base(path)
	}
	wd, err := os.Getwd()
	if err != nil {
		return filepath.Base(path)
	}
	rel, err := filepath.Rel(wd, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.Base(path)
	}
	return filepath.ToSlash(rel)
}

// Parse parses `waivers: [...]`. Its error is an ErrInput that lists every mistake.
func Parse(name string, content []byte) ([]decision.Waiver, error) {
	root, err := strictyaml.Parse(name, content)
	if err != nil {
		return nil, err
	}
	const next = "write waivers: [{rule, resource, reason, owner, expires: YYYY-MM-DD}]"
	if root == nil || root.Kind != yaml.MappingNode {
		return nil, system.BadInput("a waiver file is a map with the key waivers").At(system.Position{File: name, Line: 1, Column: 1}).
			Suggest("%s", next)
	}
	r := &strictyaml.Reader{Name: name}
	var list *yaml.Node
	r.Fields(root, "a waiver file", map[string]func(*yaml.Node){"waivers": func(n *yaml.Node) { list = n }})
	switch {
	case list == nil:
		r.Bad(root, next, "no key waivers")
	case list.Kind != yaml.SequenceNode:
		r.Bad(list, next, "waivers: must be a list, not %s", strictyaml.Kind(list))
	case len(list.Content) > maxWaivers:
		r.Bad(list, "", "more than %d waivers", maxWaivers)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	out := make([]decision.Waiver, 0, len(list.Content))
	seen := map[string]int{}
	for _, n := range list.Content {
		w, ok := parseWaiver(r, n)
		if !ok {
			continue
		}
		same := strings.Join([]string{w.Rule, w.Resource, w.Digest}, "\x00")
		if line, dup := seen[same]; dup {
			r.Bad(n, "keep one of the two", "the waiver on line %d covers the same finding", line)
		}
		seen[same] = n.Line
		out = append(out, w)
	}
	return out, r.Err()
}

var (
	dateShape = lazyre.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// parseWaiver parses one entry; ok is false if the entry has a mistake.
func parseWaiver(r *strictyaml.Reader, n *yaml.Node) (w decision.Waiver, ok bool) {
	one := &strictyaml.Reader{Name: r.Name}
	defer func() {
		ok = !one.Failed()
		r.Add(one)
	}()
	if n.Kind != yaml.MappingNode {
		one.Bad(n, "", "a waiver must be a mapping, not %s", strictyaml.Kind(n))
		return w, false
	}
	w.Origin = decision.Origin{Layer: "waivers", File: r.Name, Line: n.Line, Column: n.Column}
	nodes, known := map[string]*yaml.Node{}, map[string]func(*yaml.Node){}
	for key, to := range map[string]*string{
		"rule": &w.Rule, "resource": &w.Resource, "digest": &w.Digest,
		"reason": &w.Reason, "owner": &w.Owner, "expires": &w.Expires,
	} {
		known[key] = func(value *yaml.Node) {
			nodes[key] = value
			switch s := one.Text(value); {
			case len(s) > maxText:
				one.Bad(value, "", "%s: longer than %d bytes", key, maxText)
			default:
				*to = strings.TrimSpace(s)
			}
		}
	}
	one.Fields(n, "a waiver", known)
	for _, key := range []string{"rule", "reason", "owner", "expires"} {
		if node := nodes[key]; node == nil {
			one.Bad(n, "every waiver needs rule, resource or digest, reason, owner and expires", "%s is missing", key)
		} else if s, isText := strictyaml.Text(node); isText && strings.TrimSpace(s) == "" {
			one.Bad(node, "", "%s is empty", key)
		}
	}
	checkWaiver(&w, n, nodes, one.Bad)
	return w, true
}

// checkWaiver checks the values of the keys that are present.
func checkWaiver(w *decision.Waiver, n *yaml.Node, nodes map[string]*yaml.Node, bad func(*yaml.Node, string, string, ...any)) {
	if w.Rule != "" && !decision.IsRuleID(w.Rule) {
		bad(nodes["rule"], "waive one rule at a time, by its id", "rule %q: must look like CAP-001", w.Rule)
	}
	switch resource, digest := nodes["resource"], nodes["digest"]; {
	case resource == nil && digest == nil:
		bad(n, "say which resource, or the digest of which component", "resource or digest is missing")
	case resource != nil && digest != nil:
		bad(digest, "keep one of the two", "resource and digest are both given")
	case resource != nil && !decision.IsResource(w.Resource):
		bad(resource, "copy it from the finding: component:services/web, kernel:CONFIG_X", "resource %q: must start with one of %s",
			w.Resource, strings.Join(decision.ResourceKinds(), " "))
	case digest != nil && !digests.Valid(w.Digest):
		bad(digest, "", "digest %q: must be sha256: and 64 hexadecimal digits", w.Digest)
	}
	if w.Expires != "" {
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil || !dateShape.MatchString(w.Expires) {
			bad(nodes["expires"], "", "expires %q: must be a day, YYYY-MM-DD", w.Expires)
		}
	}
}
