# METADATA
# scope: package
# title: "Service shares the host's IPC namespace"
# description: |-
#   An attacker in the service can reach the shared memory and the message queues of the
#   host, and of all containers in this namespace. The host's IPC namespace is the
#   default.
# custom:
#   id: NSP-003
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.17", "PSS-B Host Namespaces", "NSA hostIPC"]
#   remediation: "Set `ipc: new`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-003", c, {
	"path": "/linux/namespaces/ipc",
	"actual": lib.ns_source(c, "ipc"),
	"expected": "its own namespace",
	"key": "ipc",
	"message": sprintf("%s shares memory segments and message queues with the host", [c.id]),
	"fix": sprintf("set `ipc: new` for %s. It then shares no memory segments or message queues with the host", [c.id]),
	"edits": edit.set_op(c, "/ipc", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "ipc")
}
