# METADATA
# scope: package
# title: "tmpfs without limits"
# description: |-
#   A tmpfs without a size takes all memory; without nosuid, nodev and noexec it is a place to drop programs.
# custom:
#   id: MNT-012
#   severity: low
#   pack: hardened
#   controls: ["ANSSI R28", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write `/tmp:nosuid,nodev,noexec,size=16m`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_012

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-012", c, {
	"path": lib.mount_path(p.i),
	"actual": lib.options(m),
	"expected": "nosuid, nodev, noexec and a size",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("the tmpfs %s of %s lacks %s", [m.destination, c.id, lib.one_line(missing)]),
	"fix": sprintf("write %s:nosuid,nodev,noexec,size=16m in the tmpfs of %s", [m.destination, c.id]),
	"edits": edit.remount(c, m.destination, {"suid", "dev", "exec"}, array.concat(sort(missing - {"size"}), [s | some s in ["size=16m"]; "size" in missing])),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	m.type == "tmpfs"
	not lib.under(p.destination, "/dev")
	has := {x | some o in lib.options(m); x := split(o, "=")[0]}
	missing := {"nosuid", "nodev", "noexec", "size"} - has
	count(missing) > 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
