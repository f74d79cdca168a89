package diff

import (
	"fmt"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// pairs says which component of the new side is which of the old: one that has
// another name now is compared with what it was, so that a change does not hide
// behind a renaming, nor a renaming look like one.
type pairs struct {
	// before is the old component by the id of the new one.
	before map[string]*facts.Component
	// now are the old side's resources as the new side calls them.
	now map[string]string
}

// pair goes by the id; a component whose id is found on one side alone by its
// image, where its section has one of that image on either side. The ids of
// init images count places, so their images come first.
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
		// What is gone is nobody's on the new side, whoever has its name now.
		if c := &old.Components[i]; !taken[c] {
			p.now[resource(c)] = "gone " + resource(c)
		}
	}
	return p
}

// lone gives the components by key, without those of no key and those that
// share theirs.
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

// resource is what the new side calls a resource of the old one.
func (p *pairs) resource(old string) string {
	if now, ok := p.now[old]; ok {
		return now
	}
	return old
}
