# METADATA
# scope: package
# title: "Bind of the host's /dev, /proc or /sys"
# description: |-
#   Through these folders of the kernel, an attacker in the container can act on
#   devices, processes and settings of the host.
# custom:
#   id: MNT-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.6", "CIS-D 5.18", "PSS-B HostPath", "800-190 4.5.5", "PSS-B /proc Mount Type?", "NSA allowedHostPaths"]
#   remediation: "List the devices under `devices`, or use the container's own /proc and /sys."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-006", c, {
	"path": p.path,
	"actual": lib.named_paths(p, seen),
	"expected": "no mount of the host's /dev, /proc or /sys",
	"key": lib.mount_key(p, seen),
	"message": sprintf("%s sees %s of the host", [c.id, lib.named_paths(p, seen)]),
	"fix": sprintf("list only the devices that %s needs under `devices`. The suggested edit removes the mount at %s. %s", [c.id, m.destination, edit.loss_note(c, sprintf("mount at %s", [m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	seen := {path | some path in p.shows; lib.is_kernel_path(path)}
	count(seen) > 0
	not shared_sys(p)
}

# A container with its own user namespace cannot mount sysfs, unless it owns its network
# too. It then gets /sys of the host: the same files, and what they cover belongs to root
# of the host, which is no user of the container. `userns: auto` does so.
shared_sys(p) if {
	p.m.source == "/sys"
	p.m.destination == "/sys"
	not lib.writable(p.m)
	lib.recursive(p.m, "ro") == "rro"
	lib.own_ns(p.c, "user")
	not lib.host_root(p.c)
}
