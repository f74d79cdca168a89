# METADATA
# scope: package
# title: "Host pid namespace"
# description: |-
#   The service sees, and may signal, every process.
# custom:
#   id: NSP-001
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.16", "PSS-B Host Namespaces", "NSA hostPID"]
#   remediation: "remove `pid: host`"
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
	"expected": "a namespace of its own",
	"key": "pid",
	"message": sprintf("%s sees every process of the host", [c.id]),
	"fix": sprintf("remove `pid: %s` at %s. %s", [lib.ns_source(c, "pid"), c.id, edit.loss_note(c, "sight of the processes of the host")]),
	"edits": edit.unset(c, "pid", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "pid")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
