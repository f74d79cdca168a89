# METADATA
# scope: package
# title: "Service with ambient capabilities"
# description: |-
#   Ambient capabilities pass to every program that the service starts, also to one that
#   an attacker starts. CAP_NET_BIND_SERVICE alone is not reported: a service that does not
#   run as root can use it for low ports only as an ambient capability. The sysctl
#   net.ipv4.ip_unprivileged_port_start opens low ports without a capability.
# custom:
#   id: CAP-012
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.4.3?", "ANSSI R64"]
#   remediation: "Remove the capability from `ambient`. For low ports, set the sysctl net.ipv4.ip_unprivileged_port_start."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_012

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-012", c, {
	"path": "/process/capabilities/ambient",
	"actual": sort(names),
	"expected": "at most CAP_NET_BIND_SERVICE",
	"key": "ambient",
	"message": sprintf("%s passes %s to every program that it starts", [c.id, lib.one_line(names)]),
	"fix": edit.ambient_fix(c),
	"edits": edit.without_ambient(c),
}) if {
	some c in lib.services
	names := lib.ambient(c) - {"CAP_NET_BIND_SERVICE"}
	count(names) > 0
}
