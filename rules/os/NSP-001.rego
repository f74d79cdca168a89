# METADATA
# scope: package
# title: "Service shares the host's pid namespace"
# description: |-
#   An attacker in the service can see every process of the host, and may send signals
#   to them.
# custom:
#   id: NSP-001
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.16", "PSS-B Host Namespaces", "NSA hostPID"]
#   remediation: "Remove `pid: host`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-001", c, {
	"path": "/linux/namespaces/pid",
	"actual": lib.ns_source(c, "pid"),
	"expected": "its own namespace",
	"key": "pid",
	"message": sprintf("%s sees every process of the host", [c.id]),
	"fix": sprintf("remove `pid: %s` from %s. %s", [lib.ns_source(c, "pid"), c.id, edit.loss_note(c, "view of the host's processes")]),
	"edits": edit.unset(c, "pid", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "pid")
}
