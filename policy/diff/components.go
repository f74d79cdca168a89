package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// components compares each component with the old one. A new component is compared
// with one that may do nothing, so every grant of it is reported.
func (c *comparison) components() {
	kept := map[*facts.Component]bool{}
	for i := range c.new.Facts.Components {
		now := &c.new.Facts.Components[i]
		before, there := c.pairs.before[now.ID]
		c.reported = map[string]bool{}
		if !there {
			c.add(Change{Direction: Changed, Area: "components", Resource: resource(now), Message: "is new", New: image(now), Origin: imageOrigin(now)})
			c.component(&facts.Component{}, now, false)
			continue
		}
		kept[before] = true
		if before.ID != now.ID {
			c.add(Change{Direction: Changed, Area: "components", Resource: resource(now), Message: "was called " + before.ID, Origin: imageOrigin(now)})
		}
		c.image(before, now)
		c.packages(before, now)
		c.component(before, now, true)
		c.settings(before, now)
	}
	for i := range c.old.Facts.Components {
		if gone := &c.old.Facts.Components[i]; !kept[gone] {
			c.add(Change{Direction: Changed, Area: "components", Resource: resource(gone), Message: "was removed", Old: image(gone), Origin: imageOrigin(gone)})
		}
	}
}

func (c *comparison) component(before, now *facts.Component, both bool) {
	oldGrants, oldConfined := grants(before)
	newGrants, newConfined := grants(now)
	if oldConfined.has(seccompFilter) != newConfined.has(seccompFilter) {
		// Without a filter on the other side, the list of calls in one filter is not
		// a difference.
		for _, t := range []things{oldGrants, newGrants, oldConfined, newConfined} {
			maps.DeleteFunc(t, func(key string, one thing) bool { return one.area == "seccomp" && key != seccompFilter })
		}
	}
	c.things(now, oldGrants, newGrants, Weaker, Stronger, "may now have %s", "may no longer have %s")
	if !both {
		return
	}
	c.things(now, oldConfined, newConfined, Stronger, Weaker, "is now confined by %s", "is no longer confined by %s")
	c.limits(before, now)
	c.command(before, now)
}

// things compares two sets. Keys only in new get the direction appears, keys only in
// old get vanishes.
func (c *comparison) things(at *facts.Component, old, new things, appears, vanishes Direction, now, nowNot string) {
	for _, key := range slices.Sorted(maps.Keys(new)) {
		if _, there := old[key]; !there {
			t := new[key]
			c.reported[t.pointer] = true
			c.add(Change{Direction: appears, Area: t.area, Resource: resource(at), Message: fmt.Sprintf(now, t.text), Origin: originOf(at, t.pointer)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if _, there := new[key]; !there {
			t := old[key]
			c.reported[t.pointer] = true
			c.add(Change{Direction: vanishes, Area: t.area, Resource: resource(at), Message: fmt.Sprintf(nowNot, t.text), Origin: originOf(at, t.pointer)})
		}
	}
}

// limits compares numbers. A lower limit is stronger, and no limit is the weakest.
func (c *comparison) limits(before, now *facts.Component) {
	for _, l := range []struct {
		name, pointer string
		of            func(*specs.LinuxResources) *int64
	}{
		{"pids limit", "/linux/resources/pids", func(r *specs.LinuxResources) *int64 {
			if r.Pids == nil {
				return nil
			}
			return r.Pids.Limit
		}},
		{"memory limit", "/linux/resources/memory", func(r *specs.LinuxResources) *int64 {
			if r.Memory == nil {
				return nil
			}
			return r.Memory.Limit
		}},
	} {
		old, new := limit(before, l.of), limit(now, l.of)
		if old == new {
			continue
		}
		ch := Change{Direction: Stronger, Area: "limits", Resource: resource(now), Message: "has a lower " + l.name, Origin: originOf(now, l.pointer)}
		switch {
		case new == 0:
			ch.Direction, ch.Message = Weaker, "no longer has a "+l.name
		case old == 0:
			ch.Message = "now has a " + l.name
		case new > old:
			ch.Direction, ch.Message = Weaker, "has a higher "+l.name
		}
		if old != 0 {
			ch.Old = old
		}
		if new != 0 {
			ch.New = new
		}
		c.reported[l.pointer] = true
		c.add(ch)
	}
}

// limit returns a positive limit, or 0 for no limit.
func limit(c *facts.Component, of func(*specs.LinuxResources) *int64) int64 {
	var s specs.Spec
	if len(c.Spec) == 0 || json.Unmarshal(c.Spec, &s) != nil || s.Linux == nil || s.Linux.Resources == nil {
		return 0
	}
	if n := of(s.Linux.Resources); n != nil {
		return max(*n, 0)
	}
	return 0
}

// command reports changed arguments and variables, which have no direction. Values of
// variables can be secrets, so only names are reported.
func (c *comparison) command(before, now *facts.Component) {
	var old, new specs.Spec
	if json.Unmarshal(before.Spec, &old) != nil || json.Unmarshal(now.Spec, &new) != nil || old.Process == nil || new.Process == nil {
		return
	}
	c.reported["/process/args"], c.reported["/process/env"] = true, true
	if !slices.Equal(old.Process.Args, new.Process.Args) {
		c.add(Change{Direction: Changed, Area: "command", Resource: resource(now), Message: "runs another command",
			Old: old.Process.Args, New: new.Process.Args, Origin: originOf(now, "/process/args")})
	}
	before2, after := variables(old.Process.Env), variables(new.Process.Env)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		switch value, there := before2[name]; {
		case !there:
			c.add(Change{Direction: Changed, Area: "environment", Resource: resource(now), Message: "now has the variable " + name, Origin: originOf(now, "/process/env")})
		case value != after[name]:
			c.add(Change{Direction: Changed, Area: "environment", Resource: resource(now), Message: "has another value of " + name, Origin: originOf(now, "/process/env")})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before2)) {
		if _, there := after[name]; !there {
			c.add(Change{Direction: Changed, Area: "environment", Resource: resource(now), Message: "no longer has the variable " + name, Origin: originOf(now, "/process/env")})
		}
	}
}

func variables(env []string) map[string]string {
	out := make(map[string]string, len(env))
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		out[name] = value
	}
	return out
}

func (c *comparison) image(before, now *facts.Component) {
	if before.Image.Digest == now.Image.Digest {
		return
	}
	c.add(Change{Direction: Changed, Area: "components", Resource: resource(now), Message: "has another image",
		Old: image(before), New: image(now), Origin: imageOrigin(now)})
}

func resource(c *facts.Component) string { return "component:" + c.ID }

func image(c *facts.Component) string { return c.Image.Name + "@" + c.Image.Digest }

func imageOrigin(c *facts.Component) *decision.Origin {
	o := decision.Origin(c.Image.Origin)
	return &o
}

// originOf returns the origin of the value at a pointer, or the place of the image if
// the value has none.
func originOf(c *facts.Component, pointer string) *decision.Origin {
	if o, ok := c.OriginOf(pointer); ok && pointer != "" {
		out := decision.Origin(o)
		return &out
	}
	return imageOrigin(c)
}
