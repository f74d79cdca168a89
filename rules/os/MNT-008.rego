# METADATA
# scope: package
# title: "Writable cgroup tree"
# description: |-
#   Who writes there lifts limits and, with release agents, runs programs on the host.
# custom:
#   id: MNT-008
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "800-190 4.5.5", "PSS-B HostPath", "NSA allowedHostPaths"]
#   remediation: "Mount it read-only."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_008

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-008", c, {
	"path": p.path,
	"actual": sprintf("%s, writable", [lib.named_paths(p, trees)]),
	"expected": "read-only",
	"key": lib.mount_key(p, trees),
	"message": sprintf("%s can change the limits of every container", [c.id]),
	"fix": sprintf("mount %s of %s read-only, with all that is mounted below it. What makes containers there must write to it: an allowance or a waiver says so", [m.destination, c.id]),
	"edits": edit.read_only(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	trees := {path | some path in written(p); lib.under(path, "/sys/fs/cgroup")}
	count(trees) > 0
}

# Wherever it is mounted, there is one tree; the runtime shows a container with a
# cgroup namespace its own part of it, whose limits it cannot change.
written(p) := {"/sys/fs/cgroup" | lib.writable(p.m); not own_part(p)} if {
	p.m.type in {"cgroup", "cgroup2", "cpuset"}
} else := p.writes | {"/sys/fs/cgroup" | some path in p.writes; path in {"/sys", "/sys/fs"}}

own_part(p) if {
	startswith(p.path, "/")
	lib.own_ns(p.c, "cgroup")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
