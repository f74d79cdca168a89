package runtime

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Ranges have numbers. The first ones stay free: range 0 has the ids of the host, and
// people use those after it for mappings of their own. Ids below 2^31 are safe in all
// programs.
const (
	firstRange = 16
	lastRange  = 1<<15 - 1
)

// AutoUsers reports whether a container asks for its own range of ids.
func AutoUsers(c *spec.Container, label *spec.Settings) bool {
	v := c.Userns
	if v.Get() == "" && label != nil {
		v = label.Userns
	}
	return v.Get() == spec.AutoUsers
}

// Mappings returns the mappings of users and groups that a container sets itself.
func Mappings(c *spec.Container, label *spec.Settings) (out []specs.LinuxIDMapping) {
	if label == nil {
		label = &spec.Settings{}
	}
	for _, m := range append(items(c.UIDMappings, label.UIDMappings), items(c.GIDMappings, label.GIDMappings)...) {
		out = append(out, m.V)
	}
	return out
}

// Ranges gives each container its own range of ids, and returns the first id of each.
// The range depends on the name, so that a container keeps its range, and the files that
// it has written, when the system gets other containers. taken are mappings that some
// containers set themselves: no range has their ids.
func Ranges(names []string, taken []specs.LinuxIDMapping) map[string]uint32 {
	used := map[uint32]bool{}
	for _, m := range taken {
		if m.Size == 0 {
			continue
		}
		first, last := m.HostID/system.UsersPerContainer, (uint64(m.HostID)+uint64(m.Size)-1)/system.UsersPerContainer
		for n := uint64(first); n <= min(last, lastRange); n++ {
			used[uint32(n)] = true
		}
	}
	out := map[string]uint32{}
	for _, name := range slices.Sorted(slices.Values(names)) {
		sum := sha256.Sum256([]byte(name))
		const count = lastRange - firstRange + 1
		start := binary.BigEndian.Uint32(sum[:]) % count
		for i := range uint32(count) { // two names rarely have the same number
			n := firstRange + (start+i)%count
			if !used[n] {
				used[n] = true
				out[name] = n * system.UsersPerContainer
				break
			}
		}
	}
	return out
}

// autoUsers adds the mappings of a container with its own range, and checks its ids.
func (b *build) autoUsers(l *specs.Linux) {
	v := pickText(b, "/linux/namespaces/user", b.yaml.Userns, b.label.Userns)
	for _, set := range []*spec.List[specs.LinuxIDMapping]{b.yaml.UIDMappings, b.yaml.GIDMappings, b.label.UIDMappings, b.label.GIDMappings} {
		// os.yml replaces the mappings of the label.
		if set != nil && (set.Origin.Layer == system.LayerOSYML || v.Origin.Layer == system.LayerLabel) {
			b.fail(set.Origin, "remove the mappings, or write `userns: new`", "userns: auto makes the mappings of users and groups")
			return
		}
	}
	if b.Users == 0 {
		b.fail(v.Origin, "use `userns: new` with mappings for some containers", "userns: auto: the other containers have all ranges of user ids")
		return
	}
	l.UIDMappings = []specs.LinuxIDMapping{{ContainerID: 0, HostID: b.Users, Size: system.UsersPerContainer}}
	l.GIDMappings = slices.Clone(l.UIDMappings)
	b.origin("/linux/uidMappings", v.Origin)
	b.origin("/linux/gidMappings", v.Origin)
}

// hasUsers checks that the container has the ids of its process.
func (b *build) hasUsers(u specs.User) {
	if !AutoUsers(b.Container, b.label) {
		return
	}
	for i, id := range append([]uint32{u.UID, u.GID}, u.AdditionalGids...) {
		if id >= system.UsersPerContainer {
			pointer := []string{"/process/user/uid", "/process/user/gid", "/process/user/additionalGids"}[min(i, 2)]
			b.fail(b.out.Origins[pointer], "use a smaller id", "userns: auto: the container has no id %d; it has 0 to %d", id, system.UsersPerContainer-1)
		}
	}
}
