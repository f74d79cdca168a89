# METADATA
# scope: package
# title: "Service without its own cgroup namespace"
# description: |-
#   An attacker in the service can see the host's cgroup tree.
# custom:
#   id: NSP-007
#   severity: low
#   pack: strict
#   controls: []
#   remediation: "Set `cgroupns: new`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_007

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-007", c, {
	"path": "/linux/namespaces/cgroup",
	"actual": lib.ns_source(c, "cgroup"),
	"expected": "its own namespace",
	"key": "cgroupns",
	"message": sprintf("%s sees the cgroup tree of the host", [c.id]),
	"fix": sprintf("set `cgroupns: new` for %s", [c.id]),
	"edits": edit.set_op(c, "/cgroupns", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "cgroup")
}
