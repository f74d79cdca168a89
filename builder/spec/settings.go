package spec

import (
	"fmt"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

var (
	hostName      = lazyre.New(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$`)
	sysctlKey     = lazyre.New(`^[A-Za-z0-9_-]+([./][A-Za-z0-9_:@-]+)+$`)
	interfaceName = lazyre.New(`^[^\s/]{1,15}$`)
)

// problem is one error in the settings. For os.yml, pos says where it is; for a
// label, path does.
type problem struct {
	pos        system.Position
	path       string
	what, next string
}

// settingsErrors checks conditions that are more than the syntax of one value.
func settingsErrors(s *Settings) []problem {
	var out []problem
	add := func(pos system.Position, key, next, format string, args ...any) {
		out = append(out, problem{pos, "/" + key, fmt.Sprintf(format, args...), next})
	}
	for _, l := range []struct {
		key  string
		list *List[Capability]
	}{{"capabilities", s.Capabilities}, {"capabilities.add", s.CapabilitiesAdd}, {"ambient", s.Ambient}} {
		if l.list == nil || len(l.list.Items) < 2 {
			continue
		}
		for _, c := range l.list.Items {
			if c.V == CapAll || c.V == CapNone {
				add(c.Pos(), l.key, "keep only this entry, or list the capabilities by name", "%s: %q cannot be combined with other entries", l.key, c.V)
			}
		}
	}
	if s.Devices != nil {
		seen := map[string]bool{}
		for _, d := range s.Devices.Items {
			if p := path.Clean(d.V.Path); seen[p] && d.V.Path != AllDevices {
				add(d.Pos(), "devices", "keep one of the two", "devices: duplicate device %q", d.V.Path)
			} else {
				seen[p] = true
			}
		}
	}
	if h := s.Hostname; h != nil && h.V != "" && !hostName.MatchString(h.V) {
		add(h.Pos(), "hostname", "use letters, digits, `-` and `.`", "hostname: bad name %q", h.V)
	}
	if s.Sysctl != nil {
		for _, p := range s.Sysctl.Items {
			if !sysctlKey.MatchString(p.Key) || climbs(p.Key) {
				add(p.Pos(), "sysctl", "write the name like net.ipv4.ip_forward", "sysctl: bad name %q", p.Key)
			}
		}
	}
	if c := s.CgroupsPath; c != nil && climbs(c.V) {
		add(c.Pos(), "cgroupsPath", "write the path without `..`", "cgroupsPath: %q contains `..`", c.V)
	}
	if c := s.OOMScoreAdj; c != nil && (c.V < -1000 || c.V > 1000) {
		add(c.Pos(), "oomScoreAdj", "", "oomScoreAdj: %d is not between -1000 and 1000", c.V)
	}
	switch c := s.Seccomp; {
	case c == nil:
	case c.V.Profile != nil:
		for _, bad := range CheckProfile(c.V.Profile) {
			add(c.Pos(), "seccomp", "", "%s", bad)
		}
	case c.V.Text == "":
		add(c.Pos(), "seccomp", "write default, unconfined or the path of a profile", "seccomp: the profile is empty")
	}
	if r := s.Runtime; r != nil {
		out = append(out, runtimeErrors(r)...)
	}
	return out
}

func runtimeErrors(r *Runtime) []problem {
	var out []problem
	add := func(pos system.Position, key, next, format string, args ...any) {
		out = append(out, problem{pos, "/runtime/" + key, fmt.Sprintf("runtime: "+format, args...), next})
	}
	if r.Cgroups != nil {
		for _, c := range r.Cgroups.Items {
			if c.V == "" || climbs(c.V) || path.Clean("/"+c.V) == "/" {
				add(c.Pos(), "cgroups", "", "cgroups: %q does not name a cgroup", c.V)
			}
		}
	}
	if r.Interfaces != nil {
		for _, i := range r.Interfaces.Items {
			for _, name := range []string{i.V.Name, i.V.Peer} {
				if name != "" && (!interfaceName.MatchString(name) || name == "." || name == "..") {
					add(i.Pos(), "interfaces", "use at most 15 characters, without spaces and slashes", "interfaces: bad name %q", name)
				}
			}
			if i.V.Name == "" {
				add(i.Pos(), "interfaces", "add name:", "interfaces: an interface has no name")
			}
		}
	}
	if b := r.BindNS; b != nil {
		for _, v := range []*Value[string]{b.Cgroup, b.Ipc, b.Mnt, b.Net, b.Pid, b.User, b.Uts} {
			if v != nil && v.V != "" && (!strings.HasPrefix(v.V, "/") || path.Clean(v.V) != v.V) {
				add(v.Pos(), "bindNS", "write an absolute path", "bindNS: %q is not a plain absolute path", v.V)
			}
		}
	}
	if n := r.Namespace; n != nil && strings.ContainsAny(n.V, "/ \t\n") {
		add(n.Pos(), "namespace", "", "namespace: bad name %q", n.V)
	}
	return out
}
