# METADATA
# scope: package
# title: "Unexpected image in the init section"
# description: |-
#   Images of the init section are unpacked into the root of the host. An attacker who
#   controls such an image controls the system.
# custom:
#   id: INI-001
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.5.1", "800-190 4.5.2"]
#   remediation: "Run the image in onboot or services, or add its repository to data.params.init_repositories."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.INI_001

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.section == "init"
}

# expected are repositories with their registry. The default registry is docker.io, as
# in os.yml.
expected := {regex.replace(name, `^([^/.:]+/[^/]+)$`, "docker.io/$1") | some name in given.params.init_repositories}

fail contains lib.finding("INI-001", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": lib.full_repository(c),
	"expected": given.params.init_repositories,
	"key": "repository",
	"message": sprintf("%s is unpacked into the root of the host, and data.params.init_repositories does not list it", [c.image.reference]),
	"fix": sprintf("move %s to onboot or services, or add its repository to data.params.init_repositories", [c.image.reference]),
}) if {
	some c in input.components
	c.section == "init"
	not lib.full_repository(c) in expected
}
