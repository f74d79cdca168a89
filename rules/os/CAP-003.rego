# METADATA
# scope: package
# title: "Service with CAP_SYS_ADMIN"
# description: |-
#   CAP_SYS_ADMIN permits mounts, changes of namespaces and many other operations. An
#   attacker who takes over the service is close to root on the system.
# custom:
#   id: CAP-003
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.4", "PSS-B Capabilities"]
#   remediation: "Remove CAP_SYS_ADMIN from the service."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-003", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s: it can mount filesystems, change namespaces and more", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.services
	some name in (lib.caps(c) & {"CAP_SYS_ADMIN"})
}
