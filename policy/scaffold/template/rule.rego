# METADATA
# scope: package
# title: "{{TITLE}}"
# description: |-
#   TODO: what an attacker can do.
# custom:
#   id: {{ID}}
#   severity: {{SEVERITY}}
#   pack: {{PACK}}
#   controls: []
#   remediation: "TODO: what to change, as an instruction."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.{{PACKAGE}}

import data.seaworthy.lib

# What the rule looked at.
checked contains lib.resource(c) if some c in lib.services

# What it could not check, for example because an input is missing.
unknown contains u if some u in lib.no_spec_services

# What is wrong. It fails, unless an allowance covers it.
found contains lib.finding("{{ID}}", c, {
	"path": "",
	"actual": c.name,
	"expected": "TODO: what it should be",
	"key": "name",
	"message": sprintf("%s: TODO: what is wrong, in one sentence", [c.id]),
	"fix": sprintf("Rename %s. TODO: what to change.", [c.id]),
}) if {
	some c in lib.services
	dangerous(c)
}

# TODO: test for the property that is dangerous, not for examples of it.
dangerous(c) if c.name == "replace-me"
