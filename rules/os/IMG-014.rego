# METADATA
# scope: package
# title: "Service runs as root by default"
# description: |-
#   Neither the image nor os.yml sets a user, so the service runs as root. An attacker who
#   takes it over has the rights of root in the container.
# custom:
#   id: IMG-014
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.1", "PSS-R Running as Non-root", "800-190 4.1.2", "NSA Non-root"]
#   remediation: "Set USER in the image, or `uid` of the service in os.yml."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.IMG_014

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("IMG-014", c, {
	"path": "/process/user/uid",
	"actual": 0,
	"expected": "a user in the image, or a uid in os.yml",
	"key": "user",
	"message": sprintf("%s runs as root: neither its image nor os.yml sets another user", [c.id]),
	"fix": edit.unprivileged_fix(c),
	"edits": edit.unprivileged(c),
}) if {
	some c in lib.services
	lib.root_user(lib.str(c.image.user))
	lib.uid(c) == 0
}
