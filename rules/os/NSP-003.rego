# METADATA
# scope: package
# title: "Host IPC namespace"
# description: |-
#   Shared memory and message queues are shared with everybody; it is the default.
# custom:
#   id: NSP-003
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.17", "PSS-B Host Namespaces", "NSA hostIPC"]
#   remediation: "set `ipc: new`"
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
	"expected": "a namespace of its own",
	"key": "ipc",
	"message": sprintf("%s shares memory segments and queues with the host", [c.id]),
	"fix": sprintf("set `ipc: new` at %s: it then shares no memory segments and queues with the host", [c.id]),
	"edits": edit.set_op(c, "/ipc", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "ipc")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
