# METADATA
# scope: package
# title: "The mount point of a mount is missing"
# description: |-
#   The runtime creates a missing mount point, but not in a read-only root filesystem.
#   The container then does not start.
# custom:
#   id: RUN-002
#   severity: medium
#   pack: baseline
#   controls: []
#   remediation: "Add the folder or file to the image, or mount at a different path."
#   inputs: ["spec", "image", "file tree"]
#   since: 0.1.0
package seaworthy.rules.RUN_002

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": "its mount points were not searched for"} if {
	some c in lib.containers
	object.get(c, "missingTargets", null) == null
}

found contains lib.finding("RUN-002", c, {
	"path": path(c, destination),
	"actual": destination,
	"expected": "a path that exists in the image",
	"key": destination,
	"message": sprintf("%s cannot start: its root is read-only, and the mount point %s does not exist in its image", [c.id, destination]),
	"fix": sprintf("add %s to the image %s, as a folder or an empty file. Or mount at a path that exists in the image, or below a tmpfs", [destination, c.image.repository]),
}) if {
	some c in lib.containers
	lib.readonly_root(c)
	some destination in lib.arr(c.missingTargets)
}

path(c, destination) := sprintf("/mounts/%d", [i]) if {
	i := [n | some n, m in lib.mounts(c); m.destination == destination][0]
} else := "/mounts"
