package policy

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// places answers who set a value of a component.
type places struct {
	components map[string]*facts.Component
}

func newPlaces(f *facts.Facts) *places {
	p := &places{components: make(map[string]*facts.Component, len(f.Components))}
	for i := range f.Components {
		p.components[f.Components[i].ID] = &f.Components[i]
	}
	return p
}

func (p *places) known(id string) bool { return p.components[id] != nil }

// origin is the origin of the longest prefix of a JSON pointer that the
// component knows, that of the whole spec where it knows none, and the place
// of the image reference where there is no spec.
func (p *places) origin(id, path string) *decision.Origin {
	c := p.components[id]
	if path != "" || len(c.Origins) > 0 {
		for at := path; ; {
			if o, ok := c.Origins[at]; ok {
				out := decision.Origin(o)
				return &out
			}
			cut := strings.LastIndexByte(at, '/')
			if cut < 0 {
				break
			}
			at = at[:cut]
		}
	}
	for _, o := range []facts.Origin{c.Origins[""], c.Image.Origin} {
		if o.Layer != "" {
			out := decision.Origin(o)
			return &out
		}
	}
	return nil
}
