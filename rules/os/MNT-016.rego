# METADATA
# scope: package
# title: "/proc or /sys mounted with weak options"
# description: |-
#   The default mounts of /proc and /sys have nosuid, nodev and noexec. This mount
#   replaces one of them and lacks some of these options, so an attacker has one
#   obstacle less.
# custom:
#   id: MNT-016
#   severity: medium
#   pack: baseline
#   controls: ["PSS-B /proc Mount Type?"]
#   remediation: "Add nosuid, nodev and noexec to the options of the mount."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_016

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-016", c, {
	"path": p.path,
	"actual": lib.options(m),
	"expected": "nosuid, nodev, noexec",
	"key": p.key,
	"message": sprintf("the mount at %s of %s lacks %s", [m.destination, c.id, lib.one_line(missing)]),
	"fix": sprintf("add nosuid, nodev and noexec to the options of the mount at %s of %s", [m.destination, c.id]),
	"edits": edit.remount_placed(p, lib.opposite_options(missing), sort(missing)),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	m.type in {"proc", "sysfs"}
	missing := lib.missing_flags(m, {"nosuid", "nodev", "noexec"})
	count(missing) > 0
}
