# METADATA
# scope: package
# title: "Host network namespace"
# description: |-
#   The service shares the host's interfaces and everything that listens on 127.0.0.1; it is the default.
# custom:
#   id: NSP-002
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.10", "PSS-B Host Namespaces", "800-190 4.4.2?", "NSA hostNetwork"]
#   remediation: "set `net: new`"
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-002", c, {
	"path": "/linux/namespaces/network",
	"actual": lib.ns_source(c, "network"),
	"expected": "a namespace of its own",
	"key": "net",
	"message": sprintf("%s shares the network of the host", [c.id]),
	"fix": edit.net_fix(c),
	"edits": edit.own_net(c),
}) if {
	some c in lib.services
	lib.host_ns(c, "network")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
