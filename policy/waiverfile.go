package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// MaxWaiverBytes bounds a waiver file.
const MaxWaiverBytes = 1 << 20

const maxWaivers = 5000

// waiverSet is a waiver file.
type waiverSet struct {
	list   []decision.Waiver
	digest string
}

// readWaivers reads the waiver file at path; "" is none.
func readWaivers(path string) (*waiverSet, error) {
	if path == "" {
		return &waiverSet{list: []decision.Waiver{}}, nil
	}
	content, err := bounded.ReadFile(path, MaxWaiverBytes)
	if err != nil {
		return nil, system.BadInput("waivers: cannot read %s", path).Because(err).Suggest("give --waivers a file that can be read")
	}
	list, err := ParseWaivers(shownPath(path), content)
	if err != nil {
		return nil, err
	}
	return &waiverSet{list: list, digest: digests.Of(content)}, nil
}

// shownPath is how outputs name a file: relative to the working directory
// where it lies below it, else its base name, so that no output depends on
// where it was made.
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

// ParseWaivers reads `waivers: [...]` and reports every mistake at once.
func ParseWaivers(name string, content []byte) ([]decision.Waiver, error) {
	root, err := document(name, content)
	if err != nil {
		return nil, err
	}
	const next = "write waivers: [{rule, resource, reason, owner, expires: YYYY-MM-DD}]"
	if root == nil || root.Kind != yaml.MappingNode {
		return nil, system.BadInput("a waiver file is a map with the key waivers").At(system.Position{File: name, Line: 1, Column: 1}).
			Suggest("%s", next)
	}
	var list *yaml.Node
	var errs []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i]; key.Value == "waivers" {
			list = root.Content[i+1]
		} else {
			errs = append(errs, system.BadInput("unknown key %q", key.Value).At(nodePos(name, key)).Suggest("%s", next))
		}
	}
	switch {
	case list == nil:
		errs = append(errs, system.BadInput("no key waivers").At(nodePos(name, root)).Suggest("%s", next))
	case list.Kind != yaml.SequenceNode:
		errs = append(errs, system.BadInput("waivers: a list is wanted, not %s", kindName(list)).At(nodePos(name, list)).Suggest("%s", next))
	case len(list.Content) > maxWaivers:
		errs = append(errs, system.BadInput("more than %d waivers", maxWaivers).At(nodePos(name, list)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := make([]decision.Waiver, 0, len(list.Content))
	seen := map[string]int{}
	for _, n := range list.Content {
		w, ok := parseWaiver(name, n, &errs)
		if !ok {
			continue
		}
		same := strings.Join([]string{w.Rule, w.Resource, w.Digest}, "\x00")
		if line, dup := seen[same]; dup {
			errs = append(errs, system.BadInput("the waiver on line %d covers the same", line).At(nodePos(name, n)).Suggest("keep one of the two"))
		}
		seen[same] = n.Line
		out = append(out, w)
	}
	return out, errors.Join(errs...)
}

var (
	digestShape = lazyre.New(`^sha256:[0-9a-f]{64}$`)
	dateShape   = lazyre.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// parseWaiver reads one entry; ok is false where it had a mistake.
func parseWaiver(name string, n *yaml.Node, errs *[]error) (w decision.Waiver, ok bool) {
	at := nodePos(name, n)
	before := len(*errs)
	bad := func(n *yaml.Node, next, what string, args ...any) {
		*errs = append(*errs, system.BadInput(what, args...).At(nodePos(name, n)).Suggest("%s", next))
	}
	if n.Kind != yaml.MappingNode {
		bad(n, "", "a waiver is a map, not %s", kindName(n))
		return w, false
	}
	w.Origin = decision.Origin{Layer: "waivers", File: at.File, Line: at.Line, Column: at.Column}
	fields := map[string]*string{
		"rule": &w.Rule, "resource": &w.Resource, "digest": &w.Digest,
		"reason": &w.Reason, "owner": &w.Owner, "expires": &w.Expires,
	}
	nodes := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		to := fields[key.Value]
		if to == nil {
			bad(key, "keys are rule, resource or digest, reason, owner, expires", "unknown key %q", key.Value)
			continue
		}
		nodes[key.Value] = value
		s, isText := text(value)
		switch {
		case !isText:
			bad(value, "", "%s: a text is wanted, not %s", key.Value, kindName(value))
		case len(s) > maxText:
			bad(value, "", "%s: longer than %d bytes", key.Value, maxText)
		default:
			*to = strings.TrimSpace(s)
		}
	}
	for _, key := range []string{"rule", "reason", "owner", "expires"} {
		if node := nodes[key]; node == nil {
			bad(n, "every waiver says rule, resource or digest, reason, owner and expires", "%s is missing", key)
		} else if s, isText := text(node); isText && strings.TrimSpace(s) == "" {
			bad(node, "", "%s is empty", key)
		}
	}
	checkWaiver(&w, n, nodes, bad)
	return w, len(*errs) == before
}

// checkWaiver checks the values that are there.
func checkWaiver(w *decision.Waiver, n *yaml.Node, nodes map[string]*yaml.Node, bad func(*yaml.Node, string, string, ...any)) {
	if w.Rule != "" && !idShape.MatchString(w.Rule) {
		bad(nodes["rule"], "waive one rule at a time, by its id", "rule %q: must look like CAP-001", w.Rule)
	}
	switch resource, digest := nodes["resource"], nodes["digest"]; {
	case resource == nil && digest == nil:
		bad(n, "say which resource, or the digest of which component", "resource or digest is missing")
	case resource != nil && digest != nil:
		bad(digest, "keep one of the two", "resource and digest are both there")
	case resource != nil && !isResource(w.Resource):
		bad(resource, "copy it from the finding: component:services/web, kernel:CONFIG_X", "resource %q: is none of %s",
			w.Resource, strings.Join(kinds, " "))
	case digest != nil && !digestShape.MatchString(w.Digest):
		bad(digest, "", "digest %q: must be sha256: and 64 hexadecimal digits", w.Digest)
	}
	if w.Expires != "" {
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil || !dateShape.MatchString(w.Expires) {
			bad(nodes["expires"], "", "expires %q: must be a day, YYYY-MM-DD", w.Expires)
		}
	}
}
