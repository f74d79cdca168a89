# METADATA
# scope: package
# title: "Host UTS namespace"
# description: |-
#   The service shares the host's name; it is the default.
# custom:
#   id: NSP-004
#   severity: low
#   pack: strict
#   controls: ["CIS-D 5.21"]
#   remediation: "set `uts: new`"
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-004", c, {
	"path": "/linux/namespaces/uts",
	"actual": lib.ns_source(c, "uts"),
	"expected": "a namespace of its own",
	"key": "uts",
	"message": sprintf("%s shares the host name with the host", [c.id]),
	"fix": sprintf("set `uts: new` at %s", [c.id]),
	"edits": edit.set_op(c, "/uts", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "uts")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
