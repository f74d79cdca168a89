package seaworthy.test.RUN_002

import data.seaworthy.outcome
import data.seaworthy.rules.RUN_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

nginx := t.put(t.good, "/components/4/missingTargets", ["/tmp", "/data"])

test_fires if {
	{[f.key, f.path] | some f in fail} == {["/tmp", "/mounts/5"], ["/data", "/mounts"]} with input as nginx
	t.fires(fail, "component:services/nginx") with input as nginx
}

test_silent if {
	t.silent(fail) with input as t.good
	t.silent(fail) with input as t.put(nginx, "/components/4/spec/root/readonly", false)
}

test_unknown if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.tells(rule.unknown, "component:services/nginx") with input as t.drop(t.good, "/components/4/missingTargets")
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as nginx
	allowance := [t.allowance("RUN-002", found)]
	t.silent(fail) with input as nginx with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as nginx with data.components as allowance
}
