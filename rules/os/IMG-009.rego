# METADATA
# scope: package
# title: "Secret in the environment, a label or the history"
# description: |-
#   An attacker who can read the image can read its configuration: the environment,
#   labels, the history, the command and annotations.
# custom:
#   id: IMG-009
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 4.10", "800-190 4.1.4"]
#   remediation: "Replace the secret, and pass the new one at run time."
#   inputs: ["image", "spec"]
#   since: 0.1.0
package seaworthy.rules.IMG_009

import data.seaworthy.lib

checked contains lib.resource(c) if some c in input.components

places(c) := {
	"environment": array.concat(lib.arr(c.image.env), lib.arr(object.get(lib.obj(c.spec), ["process", "env"], []))),
	"labels": [sprintf("%s=%s", [k, v]) | some k, v in lib.obj(c.image.labels); k != "org.mobyproject.config"],
	"history": lib.arr(c.image.history),
	"command": [concat(" ", words) | some words in [lib.arr(object.get(lib.obj(c.spec), ["process", "args"], [])), array.concat(lib.arr(c.image.entrypoint), lib.arr(c.image.cmd))]],
	"annotations": [sprintf("%s=%s", [k, v]) | some k, v in lib.obj(object.get(lib.obj(c.spec), "annotations", {}))],
}

holds(_, text) if lib.secret_in(text)

holds("environment", text) if lib.literal_dollar_secret(text)

found contains lib.finding("IMG-009", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s: %s", [place, name]),
	"expected": "no secret",
	"key": sprintf("%s:%s", [place, name]),
	"message": sprintf("%s in the %s of %s looks like a secret", [name, place, c.id]),
	"fix": sprintf("remove %s from the %s of %s, and replace the secret", [name, place, c.id]),
}) if {
	some c in input.components
	some place, texts in places(c)
	some text in texts
	holds(place, text)
	name := lib.secret_name(text)
}
