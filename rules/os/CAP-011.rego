# METADATA
# scope: package
# title: "Service with a capability other than CAP_NET_BIND_SERVICE"
# description: |-
#   The restricted level of the Pod Security Standards permits only
#   CAP_NET_BIND_SERVICE. Each further capability gives an attacker further rights. A
#   component with all capabilities is a finding of CAP-001 or CAP-002 instead.
# custom:
#   id: CAP-011
#   severity: low
#   pack: strict
#   controls: ["PSS-R Capabilities", "CIS-D 5.4?"]
#   remediation: "Remove the capability."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_011

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-011", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s: a restricted service has at most CAP_NET_BIND_SERVICE", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.services
	some name in (lib.caps(c) & (lib.caps(c) - {"CAP_NET_BIND_SERVICE"}))
	not lib.all_caps(c)
}
