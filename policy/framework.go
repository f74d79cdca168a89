package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// How sure a mapping of a control is.
const (
	// Checked: somebody held the rule against the control's text.
	Checked = "checked"
	// Unsure: nobody did, or the text leaves it open.
	Unsure = "unsure"
)

// Bounds on a framework file. The largest catalogue that is built in has two
// hundred controls.
const (
	maxControls      = 2000
	maxTerms         = 200 // of one control
	maxFrameworkText = 500 // runes
)

// Framework is a catalogue of controls and what answers them.
type Framework struct {
	// ID is its file's name without .yaml.
	ID      string
	Title   string
	Version string
	URL     string
	// Cite is how a rule's annotations name a control, {id} standing for its
	// id: "CIS-D {id}". "" where rules don't: rows of tables do.
	Cite string
	// Text says which copy of the text the mappings were held against.
	Text     string
	Controls []Control
	// Digest is sha256:HEX of its file.
	Digest string
}

// Control is one requirement of a catalogue.
type Control struct {
	ID    string
	Title string
	// Gap is what of the control's text no rule looks at, where that is much.
	Gap string
	// Arches are those that the control speaks of; none for all.
	Arches []string
	Terms  []Term
	// Decided: the file names the terms that decide. All of them have to be
	// evaluated; where it names none, any one satisfies the control.
	Decided bool
}

// Term selects findings that speak to a control: those of a rule, or those on
// the table rows that cite a source; in both cases perhaps only those on one
// resource. One of Rule and Source is set.
type Term struct {
	Rule       string
	Source     string
	Resource   string
	Confidence string // Checked or Unsure
	// Aside: its findings can speak against the control and do not satisfy it.
	// They are about what it presupposes, or a small part of it. The file says
	// so by naming the terms that decide.
	Aside bool
}

// String is the term as a framework file has it.
func (t Term) String() string {
	s := t.Rule
	if s == "" {
		s = rowsPrefix + t.Source
	}
	if t.Resource != "" {
		s += "@" + t.Resource
	}
	return s
}

const rowsPrefix = "rows:"

var (
	frameworkShape = lazyre.New(`^[a-z][a-z0-9-]{0,62}$`)
	webAddress     = lazyre.New(`^https?://[^\s"'<>]+$`)
)

// frameworkName is the id that a framework file stands for.
func frameworkName(f file) string {
	return strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".yaml"), ".yml")
}

// frameworkParser collects what is wrong with one file.
type frameworkParser struct{ strictyaml.Reader }

// parseFramework reads ID: {title, version, url, cite, text, controls: [{id,
// title, gap, arches: [ARCH], checked: [TERMS], unsure: [TERMS], decides:
// [TERMS]}]}.
func parseFramework(f file) (*Framework, error) {
	root, err := strictyaml.Parse(f.name, f.content)
	if err != nil {
		return nil, err
	}
	id := frameworkName(f)
	if root == nil || root.Kind != yaml.MappingNode || len(root.Content) != 2 || root.Content[0].Value != id {
		return nil, system.BadInput("%s: a framework file is a map with one key, its own name", f.name).
			Suggest("write %s: {title: …, controls: […]}", id)
	}
	p := &frameworkParser{strictyaml.Reader{Name: f.name}}
	fw := &Framework{ID: id, Digest: digests.Of(f.content)}
	if !frameworkShape.MatchString(id) {
		p.Bad(root.Content[0], "use small letters, digits and dashes", "framework %q", cut(id, 100))
	}
	p.Fields(root.Content[1], "framework "+id, map[string]func(*yaml.Node){
		"title": p.into(&fw.Title), "version": p.into(&fw.Version), "url": p.into(&fw.URL),
		"cite": p.into(&fw.Cite), "text": p.into(&fw.Text),
		"controls": func(n *yaml.Node) { p.controls(n, fw) },
	})
	switch at := root.Content[1]; {
	case fw.Title == "":
		p.Bad(at, "", "framework %s has no title", id)
	case len(fw.Controls) == 0 && !p.Failed():
		p.Bad(at, "", "framework %s has no controls", id)
	case fw.URL != "" && !webAddress.MatchString(fw.URL):
		p.Bad(at, "write https://…", "framework %s: url %q", id, fw.URL)
	case fw.Cite != "" && strings.Count(fw.Cite, "{id}") != 1:
		p.Bad(at, "write {id} where the control's id stands", "framework %s: cite %q", id, fw.Cite)
	}
	return fw, p.Err()
}

// into reads a short text of one line.
func (p *frameworkParser) into(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := strictyaml.Text(n)
		s = strings.Join(strings.Fields(s), " ")
		if !ok || s == "" || len([]rune(s)) > maxFrameworkText {
			p.Bad(n, "", "a text of at most %d letters is wanted here", maxFrameworkText)
			return
		}
		*to = s
	}
}

func (p *frameworkParser) controls(n *yaml.Node, fw *Framework) {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxControls {
		p.Bad(n, "", "a list of at most %d controls is wanted here", maxControls)
		return
	}
	seen := map[string]bool{}
	for _, item := range n.Content {
		var c Control
		var decides *yaml.Node
		p.Fields(item, "a control", map[string]func(*yaml.Node){
			"id": p.into(&c.ID), "title": p.into(&c.Title), "gap": p.into(&c.Gap),
			"arches": func(n *yaml.Node) {
				for _, item := range p.OneOrMore(n) {
					c.Arches = append(c.Arches, item.Value)
				}
			},
			Checked:   func(n *yaml.Node) { p.terms(n, &c, Checked) },
			Unsure:    func(n *yaml.Node) { p.terms(n, &c, Unsure) },
			"decides": func(n *yaml.Node) { decides = n },
		})
		if decides != nil {
			p.decides(decides, &c)
		}
		if c.ID == "" || c.Title == "" {
			p.Bad(item, "", "a control needs an id and a title")
		} else if seen[c.ID] {
			p.Bad(item, "", "control %q is there already", c.ID)
		}
		seen[c.ID] = true
		fw.Controls = append(fw.Controls, c)
	}
}

// decides reads those terms of the control that do, as they are written there.
func (p *frameworkParser) decides(n *yaml.Node, c *Control) {
	c.Decided = true
	for i := range c.Terms {
		c.Terms[i].Aside = true
	}
	for _, item := range p.OneOrMore(n) {
		i := slices.IndexFunc(c.Terms, func(t Term) bool { return t.String() == item.Value })
		if i < 0 {
			p.Bad(item, "name one of checked or unsure", "%q is no term of the control", cut(item.Value, 100))
			continue
		}
		c.Terms[i].Aside = false
	}
}

func (p *frameworkParser) terms(n *yaml.Node, c *Control, confidence string) {
	for _, item := range p.OneOrMore(n) {
		t := Term{Confidence: confidence}
		selector, resource, narrowed := strings.Cut(item.Value, "@")
		source, rows := strings.CutPrefix(selector, rowsPrefix)
		if rows {
			t.Source = strings.TrimSpace(source)
		} else {
			t.Rule = selector
		}
		t.Resource = resource
		twice := func(o Term) bool { o.Confidence = confidence; return o == t }
		switch {
		case rows && t.Source == "" || !rows && !decision.IsRuleID(selector) || narrowed && !decision.IsResource(resource):
			p.Bad(item, "write RULE, RULE@RESOURCE or rows:SOURCE", "%q selects no findings", cut(item.Value, 100))
		case slices.ContainsFunc(c.Terms, twice):
			p.Bad(item, "", "%q is there already", cut(item.Value, 100))
		case len(c.Terms) == maxTerms:
			p.Bad(item, "", "more than %d terms", maxTerms)
			return
		default:
			c.Terms = append(c.Terms, t)
		}
	}
}

// Citation is how annotations name a control of the framework, "" where they
// don't.
func (fw *Framework) Citation(id string) string {
	return strings.ReplaceAll(fw.Cite, "{id}", id)
}

// Row is a row of the kernel tables as mappings see it.
type Row struct {
	Rule     string
	Resource string
	Pack     string
	Sources  []string
	Arches   []string
}

type tableKey struct{ table, field, kind string }

// tableKeys are the tables, and how findings name their rows.
var tableKeys = []tableKey{
	{"kconfig", "option", "kernel:"}, {"cmdline", "param", "cmdline:"}, {"sysctl", "key", "sysctl:"},
}

// rowsOf lists the rows of the tables in data, those without a rule left out.
func rowsOf(data map[string]any) []Row {
	words := func(v any) []string {
		var out []string
		list, _ := v.([]any)
		for _, item := range list {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	var out []Row
	for _, k := range tableKeys {
		list, _ := data[k.table].([]any)
		for _, item := range list {
			row, _ := item.(map[string]any)
			rule, _ := row["rule"].(string)
			name, _ := row[k.field].(string)
			pack, _ := row["pack"].(string)
			if rule != "" && name != "" {
				out = append(out, Row{Rule: rule, Resource: k.kind + name, Pack: pack, Sources: words(row["sources"]), Arches: words(row["arches"])})
			}
		}
	}
	return out
}

// selects: the term is about rows like this one.
func (t Term) selects(r *Row) bool {
	if t.Source == "" || t.Resource != "" && t.Resource != r.Resource {
		return false
	}
	return slices.ContainsFunc(r.Sources, func(s string) bool {
		return s == t.Source || strings.HasPrefix(s, t.Source+" ")
	})
}

// rules are those whose findings can answer a control, sorted; the surer
// mapping of two counts.
func (c *Control) rules(rows []Row) []decision.ControlRule {
	found := map[string]*decision.ControlRule{}
	add := func(id string, t Term) {
		r := found[id]
		if r == nil {
			r = &decision.ControlRule{ID: id, Aside: true}
			found[id] = r
		}
		if r.Confidence != Checked {
			r.Confidence = t.Confidence
		}
		r.Aside = r.Aside && t.Aside
	}
	for _, t := range c.Terms {
		if t.Rule != "" {
			add(t.Rule, t)
			continue
		}
		for i := range rows {
			if t.selects(&rows[i]) {
				add(rows[i].Rule, t)
			}
		}
	}
	var out []decision.ControlRule
	for _, r := range found {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b decision.ControlRule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
