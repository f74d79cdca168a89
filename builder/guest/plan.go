package guest

import (
	"fmt"
	"path"
	"strings"
)

// Step is one action for a container. String describes it in words. It is one
// of stepCgroup, stepMkdir, stepMount, stepInterface and stepBindNS.
type Step interface{ String() string }

type (
	stepCgroup struct{ name string }
	stepMkdir  struct{ path string }
	stepMount  struct {
		source, typ string
		// If inside is set, dest is a path below inside. The container's own
		// files could redirect that path with symbolic links, so it is resolved
		// within inside.
		inside, dest string
		mountOptions
	}
	stepInterface struct {
		Interface
		kind string
	}
	stepBindNS struct{ file, path string }
)

func (s stepCgroup) String() string { return "cgroup " + s.name }
func (s stepMkdir) String() string  { return "mkdir " + s.path }
func (s stepMount) String() string {
	var b strings.Builder
	b.WriteString("mount ")
	switch {
	case s.flags&msRemount != 0:
		b.WriteString("remount")
	case s.flags&msBind != 0:
		b.WriteString("bind " + s.source)
	default:
		b.WriteString(s.typ)
	}
	b.WriteString(" on " + path.Join("/", s.inside, s.dest))
	return b.String()
}
func (s stepInterface) String() string {
	switch {
	case s.kind == "":
		return "move interface " + s.Name
	case s.Peer != "":
		return fmt.Sprintf("add interface %s (%s, peer %s)", s.Name, s.kind, s.Peer)
	}
	return fmt.Sprintf("add interface %s (%s)", s.Name, s.kind)
}
func (s stepBindNS) String() string { return "bind " + s.file + " namespace to " + s.path }

// Plan converts runtime.json to steps. dir is the absolute path of the
// container's folder. before holds the steps before the container is created,
// once. created holds the steps between its creation and each start. The order
// is LinuxKit's: cgroups, mounts, mkdir; then bindNS, interfaces.
func (r *Runtime) Plan(dir string) (before, created []Step) {
	for _, c := range r.Cgroups {
		before = append(before, stepCgroup{strings.Trim(c, "/")})
	}
	for _, m := range r.Mounts {
		s := stepMount{source: m.Source, typ: m.Type, dest: strings.TrimSuffix(m.Destination, "/"), mountOptions: parseOptions(m.Options)}
		if !strings.HasPrefix(m.Destination, "/") {
			s.inside = path.Join(dir, "rootfs")
		}
		if m.Type == "bind" { // in the OCI spec, the type may say that it is a bind mount
			s.flags |= msBind
		}
		before = append(before, s)
	}
	for _, d := range r.Mkdir {
		before = append(before, stepMkdir{strings.TrimSuffix(d, "/")})
	}
	for _, b := range r.BindNS.list() {
		created = append(created, stepBindNS{b.file, b.path})
	}
	for _, f := range r.Interfaces {
		created = append(created, stepInterface{f, f.kind()})
	}
	return before, created
}
