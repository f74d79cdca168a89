# METADATA
# scope: package
# title: "No limit on processes"
# description: |-
#   An attacker can start so many processes in the service (a fork bomb) that all other
#   services stop.
# custom:
#   id: RES-001
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.29", "CRA I.I(2)(h)"]
#   remediation: "Add `resources: {pids: {limit: 100}}`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.RES_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("RES-001", c, {
	"path": "/linux/resources/pids/limit",
	"actual": lib.limit_text(c, "pids.max"),
	"expected": "a limit",
	"key": "pids",
	"message": sprintf("%s can start any number of processes", [c.id]),
	"fix": sprintf("add `resources: {pids: {limit: 100}}` to %s. If it starts more processes under load, set a higher limit", [c.id]),
	"edits": edit.limit(c, "pids", "limit", 100),
}) if {
	some c in lib.services
	lib.pids_limit(c) <= 0
}

# Limits belong to a cgroup: the last container that joins it sets them, for all
# containers in it and below.
found contains lib.finding("RES-001", c, {
	"path": "/linux/cgroupsPath",
	"actual": sprintf("%s, with %s", [lib.cgroup(c), lib.one_line(others)]),
	"expected": "its own cgroup",
	"key": "cgroup",
	"message": sprintf("%s shares the cgroup %s with %s: they also share its limits", [c.id, lib.cgroup(c), lib.one_line(others)]),
	"fix": sprintf("remove cgroupsPath from %s", [c.id]),
	"edits": edit.unset(c, "cgroupsPath", sprintf("/%s", [c.name])),
}) if {
	some c in lib.services
	others := lib.cgroup_shared[c.id]
}

# The root cgroup has no limits, and contains all other cgroups.
found contains lib.finding("RES-001", c, {
	"path": "/linux/cgroupsPath",
	"actual": "/",
	"expected": "its own cgroup",
	"key": "cgroup",
	"message": sprintf("%s is in the root cgroup, which has no limits", [c.id]),
	"fix": sprintf("remove cgroupsPath from %s", [c.id]),
	"edits": edit.unset(c, "cgroupsPath", sprintf("/%s", [c.name])),
}) if {
	some c in lib.services
	lib.cgroup(c) == "/"
	not lib.cgroup_shared[c.id]
}
