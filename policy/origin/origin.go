// Package origin finds the place that a finding is about: which layer set the
// value, and where.
package origin

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Places finds the origins of the values of one system.
type Places struct {
	facts      *facts.Facts
	components map[string]*facts.Component
}

// New prepares the search in facts.
func New(f *facts.Facts) *Places {
	p := &Places{facts: f, components: make(map[string]*facts.Component, len(f.Components))}
	for i := range f.Components {
		p.components[f.Components[i].ID] = &f.Components[i]
	}
	return p
}

// Of is the origin of a resource, for a rule that names none.
func (p *Places) Of(resource, path string) *decision.Origin {
	kind, name, _ := strings.Cut(resource, ":")
	switch kind {
	case "component":
		return p.origin(name, path)
	case "kernel":
		// A kernel's configuration always comes from its image, unless it was checked
		// alone.
		if p.facts.Scope != nil {
			return p.configOrigin(name)
		}
		return p.image("kernel", "image")
	case "cmdline":
		if o := decision.Origin(p.facts.Cmdline.Origin); o.Layer != "" {
			return &o
		}
	case "sysctl":
		return p.sysctl(name)
	}
	return nil
}

// image is the place of a component's image reference, for a value that another layer
// set. It is nil if the component is unknown.
func (p *Places) image(id, layer string) *decision.Origin {
	c := p.components[id]
	if c == nil {
		return nil
	}
	o := decision.Origin(c.Image.Origin)
	o.Layer = layer
	return &o
}

// sysctl is the origin of the last setting of a key. A key without a setting has the
// kernel's default. Its place is where a setting belongs: the component that applies
// other settings, or else the kernel.
func (p *Places) sysctl(key string) *decision.Origin {
	var last, other *facts.Setting
	for i := range p.facts.Sysctl.Settings {
		s := &p.facts.Sysctl.Settings[i]
		if strings.ReplaceAll(s.Key, "/", ".") == key && (last == nil || s.Order >= last.Order) {
			last = s
		}
		if other == nil && p.Known(s.Component) && s.Source != "spec" {
			other = s
		}
	}
	switch {
	case last == nil && p.facts.Scope != nil:
		return &decision.Origin{Layer: "default"}
	case last == nil && other == nil:
		return p.image("kernel", "default")
	case last == nil:
		return p.image(other.Component, "default")
	case last.Component == "cmdline":
		return p.Of("cmdline:", "")
	case last.Line > 0 && last.Component == "":
		return &decision.Origin{Layer: "sysctl", File: last.Source, Line: last.Line, Column: 1}
	case !p.Known(last.Component):
		return nil
	case last.Source == "spec":
		return p.origin(last.Component, "/linux/sysctl/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(last.Key))
	}
	return p.image(last.Component, "image")
}

// Known reports whether a system has a component.
func (p *Places) Known(id string) bool { return p.components[id] != nil }

// origin is the origin of the longest known prefix of a JSON pointer. Without one it is
// the origin of the whole spec, and without a spec the place of the image reference.
func (p *Places) origin(id, path string) *decision.Origin {
	c := p.components[id]
	if o, ok := c.OriginOf(path); ok {
		out := decision.Origin(o)
		return &out
	}
	for _, o := range []facts.Origin{c.Origins[""], c.Image.Origin} {
		if o.Layer != "" {
			out := decision.Origin(o)
			return &out
		}
	}
	return nil
}

// configOrigin is the place of an option in a kernel's configuration that is checked
// alone. It has the line of the option, if there is one.
func (p *Places) configOrigin(option string) *decision.Origin {
	o := &decision.Origin{Layer: "config"}
	if line := p.facts.Kernel.Config.Lines[option]; line > 0 {
		o.Line, o.Column = line, 1
	}
	for _, s := range p.facts.Sources {
		o.File = s.Path
		break
	}
	return o
}
