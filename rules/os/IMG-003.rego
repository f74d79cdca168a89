# METADATA
# scope: package
# title: "Image from a registry that is not allowed"
# description: |-
#   data.params.registries lists the registries and repositories from which images may
#   come. An attacker who controls another registry can put code into the system.
# custom:
#   id: IMG-003
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 4.2", "SSDF PW.4.1?", "800-190 4.1.5", "NSA Building secure images"]
#   remediation: "Use an image from an allowed registry."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.IMG_003

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	count(given.params.registries) > 0
	some c in input.components
}

not_applicable contains {"resource": lib.image_resource, "reason": "data.params.registries is empty: every registry is allowed"} if {
	count(given.params.registries) == 0
}

fail contains lib.finding("IMG-003", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": place,
	"expected": given.params.registries,
	"key": "registry",
	"message": sprintf("%s comes from %s, which data.params.registries does not list", [c.id, place]),
	"fix": sprintf("use an image from %s for %s", [concat(" or ", given.params.registries), c.id]),
}) if {
	count(given.params.registries) > 0
	some c in input.components
	place := sprintf("%s/%s", [c.image.registry, c.image.repository])
	not listed(place)
}

# An entry is a registry, or a registry and the start of a repository.
listed(place) if {
	some entry in given.params.registries
	lib.under(place, trim_suffix(entry, "/"))
}
