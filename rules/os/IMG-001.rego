# METADATA
# scope: package
# title: "Image without a digest"
# description: |-
#   An attacker who controls the registry can make a tag refer to other bytes. A digest
#   fixes the bytes. A tag that is a hash of its source, as in LinuxKit's packages, is enough
#   for `baseline`. The registry can still serve other bytes under such a tag, so `hardened`
#   requires a digest there too.
# custom:
#   id: IMG-001
#   severity: high
#   pack: baseline
#   controls: ["800-190 4.1.5?", "CIS-D 4.2?", "800-190 4.2.2"]
#   remediation: "Run `seaworthy lock` and build with --locked, or write the digest into os.yml."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.IMG_001

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in input.components

pinned(c) if c.image.pinned == true

pinned(c) if c.image.locked == true

# The tag is a git hash of a tree or a commit.
pinned(c) if {
	not "hardened" in given.packs
	regex.match(`^[0-9a-f]{40}$`, c.image.tag)
}

found contains lib.finding("IMG-001", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": c.image.reference,
	"expected": "a digest, in os.yml or in os.lock.json",
	"key": "digest",
	"message": sprintf("%s uses a tag without a digest: %s can refer to other bytes later", [c.id, c.image.reference]),
	"fix": sprintf("run `seaworthy lock` and build with --locked, or write %s@%s in os.yml", [c.image.reference, c.image.digest]),
	"edits": edit.pinned(c),
}) if {
	some c in input.components
	not pinned(c)
}
