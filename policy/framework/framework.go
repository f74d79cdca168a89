// Package framework reads catalogues of controls, such as CIS benchmarks, and answers
// their controls from the findings of a decision.
package framework

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The confidence of a mapping.
const (
	// Checked: a person compared the rule with the text of the control.
	Checked = "checked"
	// Unsure: the rule was not compared, or the text is ambiguous.
	Unsure = "unsure"
)

// Limits of a framework file. The largest built-in catalogue has 200 controls.
const (
	maxControls = 2000
	maxTerms    = 200 // of one control
	maxText     = 500 // runes
)

// Framework is a catalogue of controls with their mappings to rules.
type Framework struct {
	// ID is the name of the file without .yaml.
	ID      string
	Title   string
	Version string
	URL     string
	// Cite is the form in which annotations of rules name a control, with {id} for
	// its id: "CIS-D {id}". It is "" if annotations do not name the controls, as for
	// catalogues that rows of tables cite.
	Cite string
	// Text names the edition of the text that the mappings were compared with.
	Text     string
	Controls []Control
	// Digest is sha256:HEX of the file.
	Digest string
}

// Control is one requirement of a catalogue.
type Control struct {
	ID    string
	Title string
	// Gap names an important part of the control's text that no rule checks.
	Gap string
	// Arches are the architectures that the control is for; empty for all.
	Arches []string
	Terms  []Term
	// Decided means that the file names the terms that decide the control. All of
	// them must be evaluated. Otherwise any term can satisfy the control.
	Decided bool
}

// Term selects findings that are about a control: the findings of a rule, or those of
// the table rows that cite a source. Resource limits both to one resource. Either
// Rule or Source is set.
type Term struct {
	Rule       string
	Source     string
	Resource   string
	Confidence string // Checked or Unsure
	// Aside means that findings of the term can violate the control but cannot
	// satisfy it, because the term checks a precondition or a small part of it. A
	// file says so by naming the terms that decide.
	Aside bool
}

// String returns the term as written in a framework file.
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
	idShape    = lazyre.New(`^[a-z][a-z0-9-]{0,62}$`)
	webAddress = lazyre.New(`^https?://[^\s"'<>]+$`)
)

// Name returns the id of a framework file: its base name without .yaml.
func Name(file string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".yaml"), ".yml")
}

// parser collects the mistakes of one file.
type parser struct{ strictyaml.Reader }

// Parse reads the catalogue in content. file is its path, which gives the id, and
// name is its name in errors. The file holds ID: {title, version, url, cite, text,
// controls: [{id, title, gap, arches: [ARCH], checked: [TERMS], unsure: [TERMS],
// decides: [TERMS]}]}. Mistakes are an ErrInput.
func Parse(file, name string, content []byte) (*Framework, error) {
	root, err := strictyaml.Parse(name, content)
	if err != nil {
		return nil, err
	}
	id := Name(file)
	if root == nil || root.Kind != yaml.MappingNode || len(root.Content) != 2 || root.Content[0].Value != id {
		return nil, system.BadInput("%s: a framework file is a map with one key, its own name", name).
			Suggest("write %s: {title: …, controls: […]}", id)
	}
	p := &parser{strictyaml.Reader{Name: name}}
	fw := &Framework{ID: id, Digest: digests.Of(content)}
	if !idShape.MatchString(id) {
		p.Bad(root.Content[0], "use small letters, digits and dashes", "framework %q", words.Cut(id, 100))
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
		p.Bad(at, "write {id} in the place of the control's id", "framework %s: cite %q", id, fw.Cite)
	}
	return fw, p.Err()
}

// into returns a function that reads a short text of one line.
func (p *parser) into(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := strictyaml.Text(n)
		s = strings.Join(strings.Fields(s), " ")
		if !ok || s == "" || len([]rune(s)) > maxText {
			p.Bad(n, "", "must be a text of at most %d characters", maxText)
			return
		}
		*to = s
	}
}

func (p *parser) controls(n *yaml.Node, fw *Framework) {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxControls {
		p.Bad(n, "", "must be a list of at most %d controls", maxControls)
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
			p.Bad(item, "", "duplicate control %q", c.ID)
		}
		seen[c.ID] = true
		fw.Controls = append(fw.Controls, c)
	}
}

// decides reads the terms that decide the control. They are written as in checked or
// unsure.
func (p *parser) decides(n *yaml.Node, c *Control) {
	c.Decided = true
	for i := range c.Terms {
		c.Terms[i].Aside = true
	}
	for _, item := range p.OneOrMore(n) {
		i := slices.IndexFunc(c.Terms, func(t Term) bool { return t.String() == item.Value })
		if i < 0 {
			p.Bad(item, "use a term of checked or unsure", "%q is not a term of the control", words.Cut(item.Value, 100))
			continue
		}
		c.Terms[i].Aside = false
	}
}

func (p *parser) terms(n *yaml.Node, c *Control, confidence string) {
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
			p.Bad(item, "write RULE, RULE@RESOURCE or rows:SOURCE", "%q selects no findings", words.Cut(item.Value, 100))
		case slices.ContainsFunc(c.Terms, twice):
			p.Bad(item, "", "duplicate term %q", words.Cut(item.Value, 100))
		case len(c.Terms) == maxTerms:
			p.Bad(item, "", "more than %d terms", maxTerms)
			return
		default:
			c.Terms = append(c.Terms, t)
		}
	}
}

// Citation returns the form in which annotations of rules name a control, or "" if
// they do not name it.
func (fw *Framework) Citation(id string) string {
	return strings.ReplaceAll(fw.Cite, "{id}", id)
}
