package diff

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// thing is one grant or one confinement of a container.
type thing struct {
	area string
	// text names the thing in a sentence: "CAP_SYS_ADMIN", "a read-only root".
	text string
	// pointer is the place in the effective spec, used to find the origin.
	pointer string
}

// things holds a container's grants or confinements by a key that is the same on both
// sides.
type things map[string]thing

func (t things) add(area, key, pointer, text string, args ...any) {
	t[area+" "+key] = thing{area, fmt.Sprintf(text, args...), pointer}
}

func (t things) has(key string) bool { _, ok := t[key]; return ok }

// seccompFilter is the key of the confinement by any filter.
const seccompFilter = "seccomp filter"

// namespaceKinds are the namespaces that a container can share with the host.
var namespaceKinds = []specs.LinuxNamespaceType{specs.PIDNamespace, specs.NetworkNamespace, specs.IPCNamespace,
	specs.UTSNamespace, specs.UserNamespace, specs.CgroupNamespace, specs.MountNamespace}

// grants returns what a component may do (granted) and what it may not do (confined).
func grants(c *facts.Component) (granted, confined things) {
	granted, confined = things{}, things{}
	var s specs.Spec
	if len(c.Spec) > 0 && json.Unmarshal(c.Spec, &s) == nil && s.Root != nil {
		process(&s, granted, confined)
		mounts(&s, granted)
		linux(&s, granted, confined)
	}
	imageFiles(c, granted)
	if c.Image.TrustRequired {
		confined.add("image", "trust", "", "a signature that os.yml requires")
	}
	if c.Image.Pinned || c.Image.Locked {
		confined.add("image", "pinned", "", "an image that is pinned by digest")
	}
	return granted, confined
}

func process(s *specs.Spec, granted, confined things) {
	if s.Root.Readonly {
		confined.add("root file system", "readonly", "/root/readonly", "a read-only root file system")
	}
	p := s.Process
	if p == nil {
		return
	}
	if caps := p.Capabilities; caps != nil {
		for _, list := range [][]string{caps.Bounding, caps.Effective, caps.Permitted, caps.Inheritable, caps.Ambient} {
			for _, name := range list {
				granted.add("capabilities", name, "/process/capabilities", "%s", name)
			}
		}
		for _, name := range caps.Ambient {
			granted.add("capabilities", "ambient "+name, "/process/capabilities/ambient", "ambient %s", name)
		}
	}
	if p.User.UID == 0 {
		granted.add("user", "root", "/process/user/uid", "uid 0")
	}
	if p.User.GID == 0 {
		granted.add("user", "group 0", "/process/user/gid", "group 0")
	}
	for _, gid := range p.User.AdditionalGids {
		granted.add("user", fmt.Sprint("group ", gid), "/process/user/additionalGids", "group %d", gid)
	}
	if p.NoNewPrivileges {
		confined.add("privileges", "noNewPrivileges", "/process/noNewPrivileges", "noNewPrivileges")
	}
	if p.ApparmorProfile != "" && p.ApparmorProfile != "unconfined" {
		confined.add("security modules", "apparmor", "/process/apparmorProfile", "an AppArmor profile")
	}
	if p.SelinuxLabel != "" {
		confined.add("security modules", "selinux", "/process/selinuxLabel", "an SELinux label")
	}
}

func mounts(s *specs.Spec, granted things) {
	for i, m := range s.Mounts {
		at := fmt.Sprintf("/mounts/%d", i)
		dest := path.Clean("/" + m.Destination)
		if m.Type == "bind" || slices.Contains(m.Options, "bind") || slices.Contains(m.Options, "rbind") {
			src := path.Clean("/" + m.Source)
			if !sharedSys(s, src, dest, m.Options) {
				granted.add("mounts", "bind "+src+" "+dest, at, "%s of the host, bound at %s", src, dest)
			}
			if writable(m.Options) {
				granted.add("mounts", "write "+src+" "+dest, at, "writing to %s of the host, bound at %s", src, dest)
			}
			for _, o := range []string{"shared", "rshared"} {
				if slices.Contains(m.Options, o) {
					granted.add("mounts", o+" "+dest, at, "mounts at %s that reach the host (%s)", dest, o)
				}
			}
		} else if writable(m.Options) && (m.Type == "sysfs" || m.Type == "cgroup" || m.Type == "cgroup2" || m.Type == "proc") && dest != "/proc" {
			granted.add("mounts", "write "+m.Type+" "+dest, at, "writing to %s at %s", m.Type, dest)
		}
		// These are grants, not confinements, so a removed mount does not look like a
		// removed confinement.
		for _, o := range [][2]string{{"nosuid", "setuid programs"}, {"nodev", "device nodes"}, {"noexec", "programs"}} {
			if !slices.Contains(m.Options, o[0]) {
				granted.add("mounts", o[0]+" "+dest, at, "%s at %s (not %s)", o[1], dest, o[0])
			}
		}
	}
}

// sharedSys reports whether a bind is what a container with its own user ids has in place
// of sysfs (`userns: auto`): /sys of the host, read-only. It sees the same files in it.
func sharedSys(s *specs.Spec, src, dest string, options []string) bool {
	if src != "/sys" || dest != "/sys" || !slices.Contains(options, "rro") || writable(options) || s.Linux == nil {
		return false
	}
	own := slices.ContainsFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.UserNamespace && n.Path == "" })
	mapped := slices.Concat(s.Linux.UIDMappings, s.Linux.GIDMappings)
	root := slices.ContainsFunc(mapped, func(m specs.LinuxIDMapping) bool { return m.HostID == 0 })
	return own && len(s.Linux.UIDMappings) > 0 && len(s.Linux.GIDMappings) > 0 && !root
}

// writable reports whether mount options allow writing: the last of ro and rw counts,
// and the default is rw.
func writable(options []string) bool {
	rw := true
	for _, o := range options {
		switch o {
		case "ro", "rro":
			rw = false
		case "rw":
			rw = true
		}
	}
	return rw
}

func linux(s *specs.Spec, granted, confined things) {
	l := s.Linux
	if l == nil {
		l = &specs.Linux{}
	}
	for _, kind := range namespaceKinds {
		i := slices.IndexFunc(l.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == kind })
		switch {
		case i < 0 || strings.HasPrefix(l.Namespaces[i].Path, "/proc/1/"):
			granted.add("namespaces", string(kind), "/linux/namespaces", "the host's %s namespace", kind)
		case l.Namespaces[i].Path != "":
			granted.add("namespaces", string(kind)+" "+l.Namespaces[i].Path, "/linux/namespaces", "the %s namespace at %s", kind, l.Namespaces[i].Path)
		}
	}
	for _, m := range l.UIDMappings {
		if m.HostID == 0 && m.Size > 0 {
			granted.add("user", "host root", "/linux/uidMappings", "the host's uid 0, as its uid %d", m.ContainerID)
		}
	}
	for _, d := range l.Devices {
		name := fmt.Sprintf("%s (%s %d:%d)", d.Path, d.Type, d.Major, d.Minor)
		granted.add("devices", name, "/linux/devices", "the device %s", name)
	}
	if r := l.Resources; r != nil {
		for i, d := range r.Devices {
			at := fmt.Sprintf("/linux/resources/devices/%d", i)
			if d.Allow {
				granted.add("devices", "rule "+rule(d), at, "devices %s", rule(d))
			} else {
				confined.add("devices", "rule "+rule(d), at, "a denial of devices %s", rule(d))
			}
		}
	}
	for _, p := range l.MaskedPaths {
		confined.add("masked paths", p, "/linux/maskedPaths", "the mask over %s", p)
	}
	for _, p := range l.ReadonlyPaths {
		confined.add("read-only paths", p, "/linux/readonlyPaths", "a read-only %s", p)
	}
	seccomp(l.Seccomp, granted, confined)
}

func rule(d specs.LinuxDeviceCgroup) string {
	number := func(n *int64) string {
		if n == nil {
			return "*"
		}
		return fmt.Sprint(*n)
	}
	kind := d.Type
	if kind == "" {
		kind = "a"
	}
	return fmt.Sprintf("%s %s:%s %s", kind, number(d.Major), number(d.Minor), d.Access)
}

// seccomp adds the system calls that a filter allows. Calls that it allows only for
// some arguments have their own keys.
func seccomp(f *specs.LinuxSeccomp, granted, confined things) {
	if f == nil {
		return
	}
	confined.add("seccomp", "filter", "/linux/seccomp", "a seccomp filter")
	passes := func(a specs.LinuxSeccompAction) bool {
		return a == specs.ActAllow || a == specs.ActLog || a == specs.ActTrace
	}
	if passes(f.DefaultAction) {
		granted.add("seccomp", "default", "/linux/seccomp", "every system call that its filter does not name")
	}
	for _, group := range f.Syscalls {
		some := ""
		for _, a := range group.Args {
			some += fmt.Sprintf(" [%d %s %d %d]", a.Index, a.Op, a.Value, a.ValueTwo)
		}
		for _, name := range group.Names {
			if some != "" {
				name += " where" + some
			}
			if passes(group.Action) {
				granted.add("seccomp", "call "+name, "/linux/seccomp", "the system call %s", name)
			} else {
				confined.add("seccomp", "call "+name, "/linux/seccomp", "a filter on the system call %s", name)
			}
		}
	}
}

// imageFiles adds the files of the image that give programs or users more rights.
func imageFiles(c *facts.Component, granted things) {
	for _, list := range []struct {
		what string
		objs []facts.Obj
	}{
		{"the setuid or setgid file", c.Files.SetID}, {"the world-writable", c.Files.WorldWritable},
		{"the file with capabilities", c.Files.FileCaps}, {"the readable", c.Files.Sensitive}, {"a secret in", c.Files.Secrets},
		{"the tool", c.Files.Tools},
	} {
		for _, o := range list.objs {
			granted.add("image files", list.what+" "+o.Path, "", "%s %s", list.what, o.Path)
		}
	}
	for _, account := range c.Files.EmptyPasswords {
		granted.add("image files", "password "+account, "", "the account %s without a password", account)
	}
	for _, account := range c.Files.KnownPasswords {
		granted.add("image files", "known password "+account, "", "the account %s with a well-known password", account)
	}
	for _, p := range c.Files.AuthorizedKeys {
		granted.add("image files", "keys "+p, "", "the keys in %s", p)
	}
}
