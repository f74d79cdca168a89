package runtime

import (
	"fmt"
	"os"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

func (b *build) linux() *specs.Linux {
	b.origin("/linux", b.byDefault())
	l := &specs.Linux{
		Namespaces:        b.namespaces(),
		Sysctl:            pickMap(b, "/linux/sysctl", b.yaml.Sysctl, b.label.Sysctl),
		CgroupsPath:       pick(b, "/linux/cgroupsPath", b.yaml.CgroupsPath, b.label.CgroupsPath).Get(),
		RootfsPropagation: string(pick(b, "/linux/rootfsPropagation", b.yaml.RootfsPropagation, b.label.RootfsPropagation).Get()),
		MaskedPaths:       texts(pickList(b, "/linux/maskedPaths", b.yaml.MaskedPaths, b.label.MaskedPaths)),
		ReadonlyPaths:     texts(pickList(b, "/linux/readonlyPaths", b.yaml.ReadonlyPaths, b.label.ReadonlyPaths)),
		UIDMappings:       pickList(b, "/linux/uidMappings", b.yaml.UIDMappings, b.label.UIDMappings).Get(),
		GIDMappings:       pickList(b, "/linux/gidMappings", b.yaml.GIDMappings, b.label.GIDMappings).Get(),
	}
	if AutoUsers(b.Container, b.label) {
		b.autoUsers(l)
	}
	b.devices(l)
	return l
}

// namespaces returns the namespaces that the container does not share with the
// host. pid and mount are new unless they are set.
func (b *build) namespaces() []specs.LinuxNamespace {
	b.origin("/linux/namespaces", b.byDefault())
	var out []specs.LinuxNamespace
	add := func(kind specs.LinuxNamespaceType, path string) {
		b.origin(fmt.Sprintf("/linux/namespaces/%d", len(out)), b.out.Origins["/linux/namespaces/"+string(kind)])
		out = append(out, specs.LinuxNamespace{Type: kind, Path: path})
	}
	choose := func(kind specs.LinuxNamespaceType, otherwise spec.Namespace, yaml, label *spec.Value[spec.Namespace]) {
		v := pickText(b, "/linux/namespaces/"+string(kind), yaml, label).Get()
		if v == "" {
			v = otherwise
		}
		switch v {
		case "host":
		case "new", "none", spec.AutoUsers:
			add(kind, "")
		default:
			add(kind, string(v))
		}
	}
	choose(specs.NetworkNamespace, "host", b.yaml.Net, b.label.Net)
	choose(specs.IPCNamespace, "host", b.yaml.Ipc, b.label.Ipc)
	choose(specs.UTSNamespace, "host", b.yaml.Uts, b.label.Uts)
	choose(specs.PIDNamespace, "new", b.yaml.Pid, b.label.Pid)
	choose(specs.UserNamespace, "host", b.yaml.Userns, b.label.Userns)
	b.origin("/linux/namespaces/mount", b.byDefault())
	add(specs.MountNamespace, "")
	choose(specs.CgroupNamespace, "host", b.yaml.Cgroupns, b.label.Cgroupns)
	return out
}

// ownsNamespace reports whether a namespace key asks for another namespace than
// the host's.
func ownsNamespace(v *spec.Value[spec.Namespace]) bool {
	return v.Get() != "" && v.Get() != "host"
}

// devices sets the resources, the device nodes, and one rule for each device.
// The rules come after those in resources.
func (b *build) devices(l *specs.Linux) {
	resources := pick(b, "/linux/resources", b.yaml.Resources, b.label.Resources).Get()
	resources.Devices = slices.Clone(resources.Devices)
	b.origin("/linux/resources/devices", b.out.Origins["/linux/resources"])
	b.origin("/linux/devices", b.byDefault())
	list := b.yaml.Devices
	if list == nil {
		list = b.label.Devices
	}
	if list != nil {
		b.origin("/linux/devices", list.Origin)
		for _, item := range list.Items {
			d := item.V
			if d.Path == spec.AllDevices && item.Origin.Layer == system.LayerLabel {
				// Tools that write labels write 0 for a number that is not set.
				d.Major, d.Minor = nonZero(d.Major), nonZero(d.Minor)
			}
			// A pipe is not a device. crun would read a rule for a pipe as a
			// rule for character devices: without numbers, for all of them.
			if d.Type != "p" {
				b.originOf("/linux/resources/devices", len(resources.Devices), item.Origin)
				resources.Devices = append(resources.Devices, specs.LinuxDeviceCgroup{
					Allow: true, Type: ruleType(d.Type), Major: d.Major, Minor: d.Minor, Access: "rwm",
				})
			}
			if d.Path == spec.AllDevices {
				continue
			}
			b.originOf("/linux/devices", len(l.Devices), item.Origin)
			l.Devices = append(l.Devices, node(d))
		}
	}
	l.Resources = &resources
}

func nonZero(n *int64) *int64 {
	if n != nil && *n == 0 {
		return nil
	}
	return n
}

// ruleType returns the device type in a cgroup rule.
func ruleType(kind string) string {
	if kind == "u" { // mknod uses u for an unbuffered character device
		return "c"
	}
	return kind
}

func node(d spec.Device) specs.LinuxDevice {
	mode := os.FileMode(d.Mode)
	out := specs.LinuxDevice{Path: d.Path, Type: d.Type, FileMode: &mode}
	if d.Major != nil {
		out.Major = *d.Major
	}
	if d.Minor != nil {
		out.Minor = *d.Minor
	}
	return out
}
