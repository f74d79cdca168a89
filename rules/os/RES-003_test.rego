package seaworthy.test.RES_003

import data.seaworthy.outcome
import data.seaworthy.rules.RES_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_absent if t.fires(fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/linux/resources/cpu")

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.drop(t.good, "/components/4/spec/linux/resources/cpu")
	found := fail with input as system_now
	allowance := [t.allowance("RES-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_pinned if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/cpu", {"cpus": "0", "mems": "0"})

test_fires_no_quota if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/cpu", {"quota": -1, "shares": 0})

test_fires_unified_max if {
	system := t.drop(t.nginx_with("/linux/resources/unified", {"cpu.max": "max 100000"}), "/components/4/spec/linux/resources/cpu")
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_quota if t.silent(fail) with input as t.nginx_with("/linux/resources/cpu", {"quota": 50000})

test_silent_unified if {
	system := t.drop(t.nginx_with("/linux/resources/unified", {"cpu.weight": "10"}), "/components/4/spec/linux/resources/cpu")
	t.silent(fail) with input as system
}

quota(cpu, unified) := t.put(t.nginx_with("/linux/resources/cpu", cpu), "/components/4/spec/linux/resources/unified", unified)

# A quota larger than the time of any machine is not a limit.
test_huge_quota if {
	t.fires(fail, "component:services/nginx") with input as quota({"quota": 51200000}, {})
	t.silent(fail) with input as quota({"quota": 51200000, "period": 1000000}, {})
	t.fires(fail, "component:services/nginx") with input as quota({}, {"cpu.max": "51200000"})
	t.silent(fail) with input as quota({}, {"cpu.max": "51199999 100000"})
}
