package diff

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// kernel compares the kernel's version, options and command line, and sysctls.
// The rules give the direction.
func (c *comparison) kernel() {
	old, new := c.old.Facts, c.new.Facts
	if old.Kernel.Version != new.Kernel.Version {
		c.add(Change{Direction: Changed, Area: "kernel", Resource: "component:kernel", Message: "is another version", Old: old.Kernel.Version, New: new.Kernel.Version})
	}
	if old.Kernel.Config.Present && !new.Kernel.Config.Present {
		c.add(Change{Direction: Weaker, Area: "kernel", Resource: "component:kernel", Message: "no longer has a known configuration"})
	}
	if old.Kernel.Config.Present && new.Kernel.Config.Present {
		c.values("kernel options", "kernel:", options(old), options(new), nil)
	}
	origin := decision.Origin(new.Cmdline.Origin)
	c.values("kernel command line", "cmdline:", params(old), params(new), func(string) *decision.Origin { return &origin })
	c.values("sysctls", "sysctl:", sysctls(old), sysctls(new), nil)
}

// values compares settings by name. A value on the command line can be a secret, so
// the values of settings without a rule are not reported.
func (c *comparison) values(area, kind string, old, new map[string]string, origin func(string) *decision.Origin) {
	names := maps.Clone(old)
	maps.Copy(names, new)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, was := old[name]
		after, is := new[name]
		if was == is && before == after {
			continue
		}
		ch := Change{Area: area, Resource: kind + name, Message: "has another value"}
		switch {
		case !was:
			ch.Message = "is new"
		case !is:
			ch.Message = "was removed"
		}
		if was {
			ch.Old = before
		}
		if is {
			ch.New = after
		}
		if origin != nil {
			ch.Origin = origin(name)
		}
		c.failing.direct(&ch)
		if kind == "cmdline:" && facts.Secretive(name) {
			ch.Old, ch.New = nil, nil
		}
		c.add(ch)
	}
}

func options(f *facts.Facts) map[string]string {
	out := make(map[string]string, len(f.Kernel.Config.Options))
	for name, value := range f.Kernel.Config.Options {
		if value != "n" { // "n" and a missing option are the same
			out[name] = value
		}
	}
	return out
}

// params returns the values of each parameter in order; a flag without a value is "".
func params(f *facts.Facts) map[string]string {
	out := map[string]string{}
	for _, p := range f.Cmdline.Params {
		value := ""
		if p.Value != nil {
			value = *p.Value
		}
		if before, there := out[p.Name]; there {
			value = before + " " + value
		}
		out[p.Name] = value
	}
	return out
}

// sysctls returns the last value of each key.
func sysctls(f *facts.Facts) map[string]string {
	out := map[string]string{}
	for _, s := range f.Sysctl.Settings {
		out[s.Key] = s.Value
	}
	return out
}

// files compares the files section.
func (c *comparison) files() {
	old, new := map[string]facts.File{}, map[string]facts.File{}
	for _, f := range c.old.Facts.Files {
		old[f.Path] = f
	}
	for _, f := range c.new.Facts.Files {
		new[f.Path] = f
		origin := decision.Origin(f.Origin)
		ch := Change{Direction: Changed, Area: "files", Resource: "file:" + f.Path, Origin: &origin}
		before, there := old[f.Path]
		switch {
		case !there:
			ch.Message, ch.New = "is new", describe(f)
		case describe(before) != describe(f):
			ch.Message, ch.Old, ch.New = "has other contents, owner or mode", describe(before), describe(f)
		default:
			continue
		}
		c.failing.direct(&ch)
		c.add(ch)
	}
	for _, f := range c.old.Facts.Files {
		if _, there := new[f.Path]; !there {
			origin := decision.Origin(f.Origin)
			c.add(Change{Direction: Changed, Area: "files", Resource: "file:" + f.Path, Message: "was removed", Old: describe(f), Origin: &origin})
		}
	}
}

func describe(f facts.File) string {
	s := fmt.Sprintf("%s %s %d:%d", f.Type, f.Mode, f.UID, f.GID)
	if f.Link != "" {
		s += " -> " + f.Link
	}
	if f.Digest != "" {
		s += " " + f.Digest
	}
	return s
}
