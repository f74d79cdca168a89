# METADATA
# scope: package
# title: "A mount without a mount point"
# description: |-
#   The runtime makes a mount point that is missing, but not in a root filesystem that is read-only: the container does not start.
# custom:
#   id: RUN-002
#   severity: medium
#   pack: baseline
#   controls: []
#   remediation: "Add the folder or file to the image, or mount elsewhere."
#   inputs: ["spec", "image", "file tree"]
#   since: 0.1.0
package seaworthy.rules.RUN_002

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": "nothing looked for its mount points"} if {
	some c in lib.containers
	object.get(c, "missingTargets", null) == null
}

found contains lib.finding("RUN-002", c, {
	"path": path(c, destination),
	"actual": destination,
	"expected": "a path that the image has",
	"key": destination,
	"message": sprintf("%s cannot start: its root is read-only, and its image has no %s to mount on", [c.id, destination]),
	"fix": sprintf("add %s to the image %s, as a folder or an empty file; or mount at a path that it has, or below a tmpfs", [destination, c.image.repository]),
}) if {
	some c in lib.containers
	lib.readonly_root(c)
	some destination in lib.arr(c.missingTargets)
}

path(c, destination) := sprintf("/mounts/%d", [i]) if {
	i := [n | some n, m in lib.mounts(c); m.destination == destination][0]
} else := "/mounts"

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
