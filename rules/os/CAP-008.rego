# METADATA
# scope: package
# title: "Component can redirect or forge the host's traffic"
# description: |-
#   In the host's network namespace, an attacker with CAP_NET_ADMIN can redirect the
#   host's traffic. With CAP_NET_RAW the attacker can forge packets.
# custom:
#   id: CAP-008
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.4", "CIS-D 5.10", "800-190 4.4.2?", "PSS-B Capabilities"]
#   remediation: "Remove the capability, or give the component its own network (`net: new`)."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_008

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-008", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s in the host's network: it can redirect or forge all traffic", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.containers
	some name in (lib.host_caps(c) & {"CAP_NET_ADMIN", "CAP_NET_RAW"})
	lib.host_ns(c, "network")
}
