package seaworthy.test.RES_001

import data.seaworthy.outcome
import data.seaworthy.rules.RES_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_absent if t.fires(fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/linux/resources/pids")

test_fires_unlimited if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/pids/limit", -1)

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.drop(t.good, "/components/4/spec/linux/resources/pids")
	found := fail with input as system_now
	allowance := [t.allowance("RES-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_unified if {
	system := t.nginx_with("/linux/resources/unified", {"pids.max": "max"})
	t.fires(fail, "component:services/nginx") with input as system
	{f.actual | some f in fail} == {"pids.max: max"} with input as system
}

test_fires_minus_one if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/pids/limit", -1)

shared(path) := t.put(t.nginx_with("/linux/cgroupsPath", path), "/components/5/spec/linux/cgroupsPath", "/a/b")

test_fires_shared if {
	every path in ["/a/b", "a/b/", "/a", "/a/b/c"] {
		{[f.resource, f.key] | some f in fail} == {["component:services/nginx", "cgroup"], ["component:services/report", "cgroup"]} with input as shared(path)
	}
}

test_silent_beside if t.silent(fail) with input as shared("/a/c")

test_fires_root_cgroup if {
	alone := t.drop(t.nginx_with("/linux/cgroupsPath", "/"), "/components/5")
	{[f.key, f.actual] | some f in fail} == {["cgroup", "/"]} with input as alone
}
