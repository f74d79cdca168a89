# METADATA
# scope: package
# title: "Service shares the host's network namespace"
# description: |-
#   An attacker in the service can use the host's interfaces and connect to everything
#   that listens on 127.0.0.1. The host's network namespace is the default.
# custom:
#   id: NSP-002
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.10", "PSS-B Host Namespaces", "800-190 4.4.2?", "NSA hostNetwork"]
#   remediation: "Set `net: new`."
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
	"expected": "its own namespace",
	"key": "net",
	"message": sprintf("%s shares the network namespace of the host", [c.id]),
	"fix": edit.net_fix(c),
	"edits": edit.own_net(c),
}) if {
	some c in lib.services
	lib.host_ns(c, "network")
}
