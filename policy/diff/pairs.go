package diff

import (
	"fmt"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// pairs maps components of the old side to those of the new side. A renamed component
// is compared with its old self: a rename neither hides a change nor is reported as
// one.
type pairs struct {
	// before holds the old component by the id of the new one.
	before map[string]*facts.Component
	// now maps resources of the old side to their names on the new side.
	now map[string]string
}

// pair matches components by id. A component whose id exists on one side only is
// matched by image, if each side has a single one of that image in the section. The
// ids of init images are positions, so these are matched by image first.
func pair(old, new *facts.Facts) *pairs {
	p := &pairs{before: map[string]*facts.Component{}, now: map[string]string{"image:" + old.Name: "image:" + new.Name}}
	taken := map[*facts.Component]bool{}
	by := func(key func(*facts.Component) string) {
		then := lone(old, key, func(c *facts.Component) bool { return !taken[c] })
		for k, now := range lone(new, key, func(c *facts.Component) bool { return p.before[c.ID] == nil }) {
			if c := then[k]; c != nil {
				p.before[now.ID], taken[c] = c, true
				p.now[resource(c)] = resource(now)
			}
		}
	}
	by(func(c *facts.Component) string {
		if c.Section != "init" {
			return ""
		}
		return repository(c)
	})
	by(func(c *facts.Component) string { return c.ID })
	by(repository)
	for i := range old.Components {
		// A removed component must not match a new one that has its name now.
		if c := &old.Components[i]; !taken[c] {
			p.now[resource(c)] = "gone " + resource(c)
		}
	}
	return p
}

// lone returns the components by key. Components without a key or with a shared key
// are left out.
func lone(f *facts.Facts, key func(*facts.Component) string, free func(*facts.Component) bool) map[string]*facts.Component {
	out := map[string]*facts.Component{}
	shared := map[string]bool{}
	for i := range f.Components {
		c := &f.Components[i]
		k := key(c)
		if k == "" || !free(c) || shared[k] {
			continue
		}
		if out[k] != nil {
			shared[k] = true
			delete(out, k)
			continue
		}
		out[k] = c
	}
	return out
}

func repository(c *facts.Component) string {
	return fmt.Sprintf("%s %s/%s", c.Section, c.Image.Registry, c.Image.Repository)
}

// resource returns the new side's name of an old resource.
func (p *pairs) resource(old string) string {
	if now, ok := p.now[old]; ok {
		return now
	}
	return old
}
