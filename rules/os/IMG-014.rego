# METADATA
# scope: package
# title: "Image that runs as root"
# description: |-
#   The image names no user, and os.yml gives none: the service runs as root.
# custom:
#   id: IMG-014
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.1", "PSS-R Running as Non-root", "800-190 4.1.2", "NSA Non-root"]
#   remediation: "Give the image a USER, and the service a `uid`."
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
	"message": sprintf("nobody gave %s a user: it runs as root", [c.id]),
	"fix": edit.unprivileged_fix(c),
	"edits": edit.unprivileged(c),
}) if {
	some c in lib.services
	lib.root_user(lib.str(c.image.user))
	lib.uid(c) == 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
