# METADATA
# scope: package
# title: "Persistent mount with weak options"
# description: |-
#   A disk that is mounted at boot holds data, not programs or devices.
# custom:
#   id: MNT-018
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R28", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Add nodev, nosuid and noexec."
#   inputs: ["runtime"]
#   since: 0.1.0
package seaworthy.rules.MNT_018

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-018", c, {
	"path": sprintf("runtime:/mounts/%d", [i]),
	"actual": lib.options(m),
	"expected": "nodev, nosuid, noexec",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("the disk at %s of %s is mounted without %s", [m.destination, c.id, lib.one_line(missing)]),
	"fix": sprintf("add %s to the options of runtime.mounts %s of %s", [lib.one_line(missing), m.destination, c.id]),
	"edits": edit.runtime_mount(c, m, sort(missing)),
}) if {
	some c in lib.containers
	some i, m in lib.arr(object.get(lib.obj(c.runtime), "mounts", []))
	m.type in {"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "iso9660", "nfs", "nfs4", "9p", "virtiofs", "f2fs"}
	missing := {"nodev", "nosuid", "noexec"} - {o | some o in lib.options(m)}
	count(missing) > 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
