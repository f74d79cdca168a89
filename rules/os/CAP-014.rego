# METADATA
# scope: package
# title: "Capabilities granted by an image label"
# description: |-
#   The label org.mobyproject.config can grant capabilities that os.yml does not show. An
#   attacker who controls the image can grant them, and reviewers of os.yml do not see it.
# custom:
#   id: CAP-014
#   severity: medium
#   pack: hardened
#   controls: ["SSDF PW.9.1?", "800-190 4.1.2?"]
#   remediation: "List the capabilities in os.yml, where reviewers see them."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.CAP_014

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-014", c, {
	"path": "/process/capabilities",
	"actual": sort(names),
	"expected": "capabilities that os.yml lists",
	"key": "label",
	"message": sprintf("a label of the image grants %s %s, which os.yml does not list", [c.id, lib.one_line(names)]),
	"fix": sprintf("write `capabilities: [%s]` for %s in os.yml, or `capabilities: []` if it needs none", [lib.one_line(names), c.id]),
	"edits": edit.own_caps(c),
}) if {
	some c in lib.containers
	names := from_label(c)
	count(names) > 0
}

from_label(c) := {name |
	some kind in ["bounding", "ambient"]
	some i, name in object.get(c.spec, ["process", "capabilities", kind], [])
	not name in given.params.pss_baseline_caps
	lib.origin_layer(c, sprintf("/process/capabilities/%s/%d", [kind, i])) == "label"
}
