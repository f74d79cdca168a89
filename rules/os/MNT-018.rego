# METADATA
# scope: package
# title: "Persistent filesystem mounted with weak options"
# description: |-
#   A disk that is mounted at boot should hold data only. Without nodev, nosuid and
#   noexec, an attacker can store setuid programs or devices on it and use them after a
#   reboot.
# custom:
#   id: MNT-018
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R28", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Add nodev, nosuid and noexec to the options of the mount."
#   inputs: ["runtime"]
#   since: 0.1.0
package seaworthy.rules.MNT_018

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-018", c, {
	"path": p.path,
	"actual": lib.options(m),
	"expected": "nodev, nosuid, noexec",
	"key": key(p),
	"message": sprintf("the %s at %s of %s is mounted without %s", [m.type, m.destination, c.id, lib.one_line(missing)]),
	"fix": sprintf("add %s to the options of the mount at %s of %s", [lib.one_line(missing), m.destination, c.id]),
	"edits": edit.remount_placed(p, lib.opposite_options(missing), sort(missing)),
}) if {
	some p in array.concat(lib.placed, lib.on_host)
	c := p.c
	m := p.m
	not lib.is_bind(m)
	not m.type in diskless
	missing := lib.missing_flags(m, {"nodev", "nosuid", "noexec"})
	count(missing) > 0
}

# Every other filesystem keeps its files on a disk or on another machine.
diskless := {"", "bind", "cgroup", "cgroup2", "devpts", "hugetlbfs", "mqueue", "none", "overlay", "proc", "ramfs", "sysfs", "tmpfs"} | object.keys(lib.kernel_folders)

# A mount on the host and one in the container can have the same destination.
key(p) := sprintf("mounts:%s", [p.key]) if {
	startswith(p.path, "/")
} else := p.key
