# METADATA
# scope: package
# title: "Writable cgroup tree"
# description: |-
#   An attacker who can write to the cgroup tree can lift resource limits. With release
#   agents, the attacker can also run programs on the host.
# custom:
#   id: MNT-008
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "800-190 4.5.5", "PSS-B HostPath", "NSA allowedHostPaths"]
#   remediation: "Mount the cgroup tree read-only."
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
	"fix": sprintf("mount %s of %s read-only, and everything that is mounted below it. A component that starts containers must write there. For such a component, write an allowance or a waiver", [m.destination, c.id]),
	"edits": edit.read_only(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	trees := {path | some path in written(p); lib.under(path, "/sys/fs/cgroup")}
	count(trees) > 0
}

# Every mount shows the same cgroup tree. To a container with its own cgroup
# namespace, the runtime shows only the container's part of the tree. The container
# cannot change the limits of this part.
written(p) := {"/sys/fs/cgroup" | lib.writable(p.m); not own_part(p)} if {
	p.m.type in {"cgroup", "cgroup2", "cpuset"}
} else := p.writes | {"/sys/fs/cgroup" | some path in p.writes; path in {"/sys", "/sys/fs"}}

own_part(p) if {
	startswith(p.path, "/")
	lib.own_ns(p.c, "cgroup")
}
