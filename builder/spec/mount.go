package spec

import (
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Bind is a bind mount, written `SOURCE:DESTINATION[:OPTIONS]`. A source
// without a leading slash is the name of a volume.
type Bind struct {
	Source, Destination string
	// Options as written; nil if there are none.
	Options []string
}

func (b *Bind) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	if !ok {
		return
	}
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		d.errorf(n, "write SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS", "bind %q has %s between colons, expected 2 or 3", text, words.Count(len(parts), "part", "parts"))
		return
	}
	b.Source, b.Destination = parts[0], parts[1]
	if len(parts) == 3 {
		b.Options = strings.Split(parts[2], ",")
	}
	if strings.HasPrefix(b.Source, "/") || !volumeName.MatchString(b.Source) {
		checkHostPath(d, n, "bind source", b.Source)
	}
	checkDestination(d, n, "bind destination", b.Destination)
}

// Tmpfs is a tmpfs mount, written `DESTINATION[:OPTIONS]`.
type Tmpfs struct {
	Destination string
	Options     []string
}

func (t *Tmpfs) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	if !ok {
		return
	}
	destination, options, found := strings.Cut(text, ":")
	t.Destination = destination
	if found {
		t.Options = strings.Split(options, ",")
	}
	if strings.Contains(options, ":") {
		d.errorf(n, "write DESTINATION or DESTINATION:OPTIONS", "tmpfs %q has more than one colon", text)
	}
	checkDestination(d, n, "tmpfs destination", destination)
}

// checkHostPath requires an absolute path without elements that hide its
// target, because the rules compare strings. It accepts a trailing slash, as
// LinuxKit does.
func checkHostPath(d *decoder, n *yaml.Node, what, p string) {
	switch {
	case !strings.HasPrefix(p, "/"):
		d.errorf(n, "write an absolute path", "%s %q is not an absolute path", what, p)
	case p != "/" && path.Clean(p) != strings.TrimSuffix(p, "/"):
		d.errorf(n, "write "+path.Clean(p), "%s %q is not a plain path", what, p)
	}
}

// checkDestination is like checkHostPath, for a path in a container. The
// leading slash may be missing: OCI runtimes resolve such a path from the
// container's root.
func checkDestination(d *decoder, n *yaml.Node, what, p string) {
	if p != "" && !strings.HasPrefix(p, "/") {
		if !slices.Contains(strings.Split(p, "/"), "..") {
			return
		}
		p = "/" + p
	}
	checkHostPath(d, n, what, p)
}

// Mount is an OCI mount. As in LinuxKit, missing fields get default values.
type Mount struct{ specs.Mount }

// pseudo lists the mounts that every container has. They complete an entry of
// `mounts` without type, source or destination.
var pseudo = []struct{ kind, destination string }{
	{"devpts", "/dev/pts"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"cgroup", "/sys/fs/cgroup"}, {"mqueue", "/dev/mqueue"},
}

func (m *Mount) fromNode(d *decoder, n *yaml.Node) {
	before := d.reported
	d.fill(n, &m.Mount)
	if d.reported != before || d.spent {
		return
	}
	if m.Type == "" {
		for _, p := range pseudo {
			if m.Source == p.kind {
				m.Type = p.kind
			}
		}
		if m.Type == "" && m.Destination == "/dev" {
			m.Type = "tmpfs"
		}
	}
	if m.Source == "" && m.Type != "bind" {
		m.Source = m.Type
	}
	if m.Destination == "" {
		for _, p := range pseudo {
			if m.Type == p.kind {
				m.Destination = p.destination
			}
		}
	}
	if m.Destination == "" {
		d.errorf(n, "add destination:", "the mount of type %q has no destination", m.Type)
		return
	}
	checkDestination(d, n, "mount destination", m.Destination)
	if m.Type == "bind" || slices.Contains(m.Options, "bind") || slices.Contains(m.Options, "rbind") {
		if strings.HasPrefix(m.Source, "/") || !volumeName.MatchString(m.Source) {
			checkHostPath(d, n, "mount source", m.Source)
		}
	}
}

// RuntimeMount is a mount that init makes before the container starts. Missing
// fields are not completed. A relative destination starts from the container's
// folder.
type RuntimeMount struct{ specs.Mount }

func (m *RuntimeMount) fromNode(d *decoder, n *yaml.Node) {
	before := d.reported
	d.fill(n, &m.Mount)
	if d.reported != before || d.spent {
		return
	}
	if m.Destination == "" || climbs(m.Destination) {
		d.errorf(n, "write the path of a folder, without `..`", "mount destination %q is not valid", m.Destination)
	}
}

// Device is a device node and the permission to use it. The path "all" gives
// the permission for all devices of the type, and makes no node.
type Device struct {
	Path, Type string
	// Major and Minor are nil if they are not set.
	Major, Minor *int64
	Mode         uint32
}

// AllDevices is the Path of an entry for all devices of a type.
const AllDevices = "all"

func (dev *Device) fromNode(d *decoder, n *yaml.Node) {
	var raw struct {
		Path  string    `key:"path"`
		Type  string    `key:"type"`
		Major *int64    `key:"major"`
		Minor *int64    `key:"minor"`
		Mode  *yamlNode `key:"mode"`
	}
	before := d.reported
	d.fill(n, &raw)
	if d.reported != before || d.spent {
		return
	}
	*dev = Device{Path: raw.Path, Type: raw.Type, Major: raw.Major, Minor: raw.Minor}
	if !slices.Contains([]string{"b", "c", "u", "p"}, raw.Type) && !(raw.Path == AllDevices && raw.Type == "a") {
		d.errorf(n, "write type: c or type: b", "device %q has the type %q, expected c (character) or b (block)", raw.Path, raw.Type)
	}
	for _, number := range []*int64{raw.Major, raw.Minor} {
		if number != nil && (*number < 0 || *number > 1<<32-1) {
			d.errorf(n, "", "device %q: the number %d is not between 0 and 4294967295", raw.Path, *number)
		}
	}
	if raw.Mode != nil {
		d.at("mode", func() { dev.Mode = modeOf(d, raw.Mode.node) })
	}
	if raw.Path == AllDevices {
		return
	}
	checkHostPath(d, n, "device path", raw.Path)
	if raw.Mode == nil {
		d.errorf(n, `add mode: "0660"`, "device %q has no mode", raw.Path)
	}
	if raw.Type != "p" && raw.Major == nil {
		d.errorf(n, "add major: and minor:", "device %q has no major number", raw.Path)
	}
}

// yamlNode keeps a node to decode it later.
type yamlNode struct{ node *yaml.Node }

func (y *yamlNode) fromNode(_ *decoder, n *yaml.Node) { y.node = n }
