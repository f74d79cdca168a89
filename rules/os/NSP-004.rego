# METADATA
# scope: package
# title: "Service shares the host's UTS namespace"
# description: |-
#   The service shares the host's name. An attacker in a service with CAP_SYS_ADMIN can
#   change it for the whole host. The host's UTS namespace is the default.
# custom:
#   id: NSP-004
#   severity: low
#   pack: strict
#   controls: ["CIS-D 5.21"]
#   remediation: "Set `uts: new`."
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
	"expected": "its own namespace",
	"key": "uts",
	"message": sprintf("%s shares the host name of the host", [c.id]),
	"fix": sprintf("set `uts: new` for %s", [c.id]),
	"edits": edit.set_op(c, "/uts", "new"),
}) if {
	some c in lib.services
	lib.host_ns(c, "uts")
}
