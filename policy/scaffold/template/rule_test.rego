package seaworthy.test.{{PACKAGE}}

import data.seaworthy.outcome
import data.seaworthy.rules.{{PACKAGE}} as rule

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

service(name) := {"components": [{"id": sprintf("services/%s", [name]), "section": "services", "name": name, "spec": {"process": {}}}]}

no_spec := {"components": [{"id": "services/a", "section": "services", "name": "a"}]}

test_fires if {
	some f in fail with input as service("replace-me")
	f.resource == "component:services/replace-me"
	f.key == "name"
}

test_silent if {
	count(fail) == 0 with input as service("a")
	count(rule.checked) == 1 with input as service("a")
}

test_unknown_without_spec if {
	count(rule.unknown) == 1 with input as no_spec
	count(fail) == 0 with input as no_spec
}

# An allowance for a known component makes the finding not applicable.
test_allowed if {
	system := {"components": [object.union(service("replace-me").components[0], {"image": {"digest": "sha256:1"}})]}
	allowance := [{"digest": "sha256:1", "reason": "a test", "rules": {"{{ID}}": ["name"]}}]
	count(fail) == 0 with input as system with data.components as allowance
	count(not_applicable) == 1 with input as system with data.components as allowance
}
