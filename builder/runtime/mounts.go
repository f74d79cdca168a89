package runtime

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// mount is a mount and the origin of it.
type mount struct {
	specs.Mount
	origin system.Origin
}

// defaultMounts are the mounts that every container has. They are LinuxKit's.
func defaultMounts(readonly bool) []specs.Mount {
	dev := []string{"nosuid", "strictatime", "mode=755", "size=65536k"}
	sys := []string{"nosuid", "noexec", "nodev"}
	if readonly {
		dev, sys = append(dev, "ro"), append(sys, "ro")
	}
	return []specs.Mount{
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: dev},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "nodev", "noexec", "relatime"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: sys},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"nosuid", "noexec", "nodev", "relatime", "ro"}},
	}
}

// sharedSys is /sys of a container whose user namespace is not that of its network. The
// kernel lets only the owner of the network mount sysfs, so the container gets the /sys
// of the host, with the file systems in it: it cannot uncover what they cover.
var sharedSys = specs.Mount{Destination: "/sys", Type: "bind", Source: "/sys", Options: []string{"rbind", "nosuid", "noexec", "nodev", "rro"}}

func (b *build) ownsNetwork() bool {
	net := pickText(b, "/linux/namespaces/network", b.yaml.Net, b.label.Net).Get()
	return net == "new" || net == "none"
}

// allMounts combines defaults, tmpfs, binds and mounts by destination; the last
// one wins. It sorts them so that a folder comes before the paths in it.
func (b *build) allMounts(readonly bool) []specs.Mount {
	b.origin("/mounts", b.byDefault())
	for _, m := range defaultMounts(readonly) {
		if m.Type == "sysfs" && AutoUsers(b.Container, b.label) && !b.ownsNetwork() {
			m = sharedSys
		}
		b.mounts[m.Destination] = mount{m, b.byDefault()}
	}
	add := func(m specs.Mount, key string, o system.Origin) {
		if !strings.HasPrefix(m.Destination, "/") {
			p := path.Clean("/" + m.Destination)
			b.remark(o, key, m.Destination, "the destination %q is not absolute and is read as %q", m.Destination, p)
			m.Destination = p
		}
		b.mounts[m.Destination] = mount{m, o}
	}
	for _, t := range items(b.yaml.Tmpfs, b.label.Tmpfs) {
		add(specs.Mount{Destination: t.V.Destination, Type: "tmpfs", Source: "tmpfs", Options: t.V.Options}, "tmpfs", t.Origin)
	}
	for _, bind := range b.binds() {
		m := specs.Mount{Destination: bind.V.Destination, Type: "bind", Source: bind.V.Source}
		if bind.V.Options == nil {
			m.Options = []string{"rw", "rbind", "rshared"}
		} else {
			m.Options = append(slices.Clone(bind.V.Options), "rbind")
		}
		if !strings.HasPrefix(m.Source, "/") {
			b.volume(&m, bind.Origin)
		}
		add(m, "binds", bind.Origin)
	}
	for _, v := range items(b.yaml.Mounts, b.label.Mounts) {
		m := v.V.Mount
		if _, isVolume := b.Volumes[m.Source]; m.Type == "bind" && (isVolume || !strings.HasPrefix(m.Source, "/")) {
			b.volume(&m, v.Origin)
		}
		add(m, "mounts", v.Origin)
	}
	var out []specs.Mount
	for i, destination := range slices.Sorted(maps.Keys(b.mounts)) {
		m := b.mounts[destination]
		out = append(out, m.Mount)
		b.origin(fmt.Sprintf("/mounts/%d", i), m.origin)
	}
	return out
}

// items returns the entries of the list in os.yml. If it is not set, it returns
// those of the label.
func items[T any](yaml, label *spec.List[T]) []spec.Value[T] {
	switch {
	case yaml != nil:
		return yaml.Items
	case label != nil:
		return label.Items
	}
	return nil
}

// binds returns the list in os.yml. If it is not set, it returns the label's
// list and the label's additions. The additions of os.yml follow.
func (b *build) binds() []spec.Value[spec.Bind] {
	var out []spec.Value[spec.Bind]
	out = append(out, items(b.yaml.Binds, b.label.Binds)...)
	if b.yaml.Binds == nil {
		out = append(out, items(nil, b.label.BindsAdd)...)
	}
	return append(out, items(b.yaml.BindsAdd, nil)...)
}

// volume replaces the name of a volume by its path in the tree.
func (b *build) volume(m *specs.Mount, o system.Origin) {
	readonly, known := b.Volumes[m.Source]
	switch {
	case !known:
		b.fail(o, "add the volume to volumes:, or write an absolute path", "unknown volume %q", m.Source)
		return
	case readonly && (!slices.Contains(m.Options, "ro") || slices.Contains(m.Options, "rw")):
		b.fail(o, "add the option ro", "volume %q is read-only, but %s would be writable", m.Source, m.Destination)
	}
	m.Source = below("containers/volumes", m.Source, "merged")
}
