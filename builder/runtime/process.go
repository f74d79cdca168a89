package runtime

import (
	"cmp"
	"path"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

func (b *build) process() *specs.Process {
	p := &specs.Process{
		User:         b.user(),
		Args:         b.args(),
		Env:          b.env(),
		Cwd:          b.cwd(),
		Capabilities: b.capabilities(),
	}
	for _, r := range pickList(b, "/process/rlimits", b.yaml.Rlimits, b.label.Rlimits).Get() {
		p.Rlimits = append(p.Rlimits, r.POSIXRlimit)
	}
	p.NoNewPrivileges = pick(b, "/process/noNewPrivileges", b.yaml.NoNewPrivileges, b.label.NoNewPrivileges).Get()
	if v := pick(b, "/process/oomScoreAdj", b.yaml.OOMScoreAdj, b.label.OOMScoreAdj); v != nil {
		score := v.V
		p.OOMScoreAdj = &score
	}
	p.ApparmorProfile = pick(b, "/process/apparmorProfile", b.yaml.AppArmor, b.label.AppArmor).Get()
	p.SelinuxLabel = pick(b, "/process/selinuxLabel", b.yaml.SELinux, b.label.SELinux).Get()
	return p
}

func (b *build) args() []string {
	const pointer = "/process/args"
	if command := pickList(b, pointer, b.yaml.Command, b.label.Command); command != nil {
		args := command.Get()
		if len(args) == 0 || args[0] == "" {
			b.fail(command.Origin, "name a program", "the command is empty")
		}
		return args
	}
	b.origin(pointer, b.byImage())
	args := append(slices.Clone(b.Image.Config.Entrypoint), b.Image.Config.Cmd...)
	if len(args) == 0 || args[0] == "" {
		// The image may have no command, so os.yml must have one.
		b.fail(b.Container.Image.Origin, "add command: to the entry", "image %s has no command", b.Image.Reference)
	}
	return args
}

func (b *build) env() []string {
	if env := pickList(b, "/process/env", b.yaml.Env, b.label.Env); env != nil {
		return env.Get()
	}
	if len(b.Image.Config.Env) > 0 {
		b.origin("/process/env", b.byImage())
	}
	return b.Image.Config.Env
}

func (b *build) cwd() string {
	if v := pickText(b, "/process/cwd", b.yaml.Cwd, b.label.Cwd); v != nil {
		return string(v.V)
	}
	dir := b.Image.Config.WorkingDir
	if dir == "" {
		return "/"
	}
	b.origin("/process/cwd", b.byImage())
	if !path.IsAbs(dir) {
		dir = "/" + dir
	}
	return dir
}

// user ignores the image's User, as LinuxKit does: a container runs as root
// unless a label or os.yml sets another user.
func (b *build) user() specs.User {
	u := specs.User{
		UID: b.id(pick(b, "/process/user/uid", b.yaml.UID, b.label.UID)),
		GID: b.id(pick(b, "/process/user/gid", b.yaml.GID, b.label.GID)),
	}
	b.origin("/process/user", b.out.Origins["/process/user/uid"])
	if gids := pickList(b, "/process/user/additionalGids", b.yaml.AdditionalGids, b.label.AdditionalGids); gids != nil {
		for i := range gids.Items {
			u.AdditionalGids = append(u.AdditionalGids, b.id(&gids.Items[i]))
		}
	}
	b.hasUsers(u)
	return u
}

func (b *build) id(v *spec.Value[spec.ID]) uint32 {
	if v == nil || v.V.Name == "" {
		return v.Get().Number
	}
	number, known := b.IDs[v.V.Name]
	if !known {
		b.fail(v.Origin, "set uid, gid or additionalGids in os.yml", "no container has the name %q", v.V.Name)
	}
	return number
}

// grant is one capability and the origin of it.
type grant struct {
	name   string
	origin system.Origin
}

const capabilityPointer = "/process/capabilities"

func (b *build) capabilities() *specs.LinuxCapabilities {
	list, listOrigin := b.grants()
	ambient, ambientOrigin := expand(pickList(b, capabilityPointer+"/ambient", b.yaml.Ambient, b.label.Ambient)), b.out.Origins[capabilityPointer+"/ambient"]
	union := unique(append(slices.Clone(list), ambient...))
	list, ambient = unique(list), unique(ambient)
	b.origin(capabilityPointer, listOrigin)
	both := listOrigin
	if len(list) == 0 {
		both = ambientOrigin
	}
	set := func(name string, of []grant, o system.Origin) []string {
		pointer := capabilityPointer + "/" + name
		for key := range b.out.Origins {
			// The positions in the original list are not those in the sorted
			// set.
			if len(key) > len(pointer) && key[:len(pointer)+1] == pointer+"/" {
				delete(b.out.Origins, key)
			}
		}
		b.origin(pointer, o)
		var names []string
		for i, g := range of {
			names = append(names, g.name)
			b.originOf(pointer, i, g.origin)
		}
		return names
	}
	return &specs.LinuxCapabilities{
		Bounding:    set("bounding", union, both),
		Effective:   set("effective", list, listOrigin),
		Inheritable: set("inheritable", union, both),
		Permitted:   set("permitted", union, both),
		Ambient:     set("ambient", ambient, ambientOrigin),
	}
}

// grants returns the capabilities other than ambient ones: the list in os.yml,
// else the label's list and the label's additions. The additions of os.yml
// follow.
func (b *build) grants() ([]grant, system.Origin) {
	base, adds := b.yaml.Capabilities, []*spec.List[spec.Capability]{b.yaml.CapabilitiesAdd}
	if base == nil {
		base, adds = b.label.Capabilities, []*spec.List[spec.Capability]{b.label.CapabilitiesAdd, b.yaml.CapabilitiesAdd}
	}
	origin := b.byDefault()
	if base != nil {
		origin = base.Origin
	}
	out := expand(base)
	for _, add := range adds {
		if add == nil || len(add.Items) == 0 {
			continue
		}
		if whole := wholeSet(base); whole != "" {
			b.fail(add.Origin, "write the whole list as capabilities:", "capabilities.add cannot be combined with the list %q", whole)
			continue
		}
		if len(out) == 0 {
			origin = add.Origin
		}
		out = append(out, expand(add)...)
	}
	return out, origin
}

// wholeSet returns "all" or "none" if it is the only entry of a list, else "".
func wholeSet(l *spec.List[spec.Capability]) spec.Capability {
	if l != nil && len(l.Items) == 1 && (l.Items[0].V == spec.CapAll || l.Items[0].V == spec.CapNone) {
		return l.Items[0].V
	}
	return ""
}

func expand(l *spec.List[spec.Capability]) []grant {
	if l == nil {
		return nil
	}
	var out []grant
	for _, c := range l.Items {
		switch c.V {
		case spec.CapAll:
			for _, name := range spec.Capabilities() {
				out = append(out, grant{name, l.Origin})
			}
		case spec.CapNone:
		default:
			out = append(out, grant{string(c.V), c.Origin})
		}
	}
	return out
}

// unique sorts by name and removes duplicates. It keeps the entry of os.yml if
// both os.yml and the label have the capability.
func unique(list []grant) []grant {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b grant) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(rank(a), rank(b)))
	})
	return slices.CompactFunc(out, func(a, b grant) bool { return a.name == b.name })
}

func rank(g grant) int {
	if g.origin.Layer == system.LayerOSYML {
		return 0
	}
	return 1
}
