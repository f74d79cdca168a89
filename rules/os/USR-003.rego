# METADATA
# scope: package
# title: "os.yml runs a non-root image as root"
# description: |-
#   The image names a user, but the effective spec runs it as root. An attacker who
#   takes over the service gets root privileges that the image does not need.
# custom:
#   id: USR-003
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.1", "PSS-R Running as Non-root User"]
#   remediation: "Set `uid` to the user of the image. LinuxKit ignores USER of the image."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.USR_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-003", c, {
	"path": "/process/user/uid",
	"actual": 0,
	"expected": user,
	"key": "user",
	"message": sprintf("the image of %s names the user %s, but it runs as root", [c.id, user]),
	"fix": edit.unprivileged_fix(c),
	"edits": edit.unprivileged(c),
}) if {
	some c in lib.services
	lib.uid(c) == 0
	not lib.unshared_root(c)
	user := lib.str(c.image.user)
	not lib.root_user(user)
}
