package seaworthy.test.CAP_014

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_014 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_label if {
	system := t.put(t.nginx_caps(["CAP_NET_ADMIN"]), "/components/4/origins", {"": {"layer": "default"}, "/process/capabilities": {"layer": "label"}})
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_os_yml if t.silent(fail) with input as t.nginx_caps(["CAP_NET_ADMIN"])

test_silent_prefix if {
	system := t.put(t.nginx_caps(["CAP_NET_ADMIN"]), "/components/4/origins", {"": {"layer": "label"}, "/process": {"layer": "os.yml"}})
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_caps(["CAP_NET_ADMIN"]), "/components/4/origins", {"": {"layer": "default"}, "/process/capabilities": {"layer": "label"}})
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("CAP-014", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_label_within_bounds if {
	system := t.put(t.nginx_caps(["CAP_CHOWN"]), "/components/4/origins", {"": t.origin, "/process/capabilities": {"layer": "label"}})
	t.silent(fail) with input as system
}

test_fires_ambient if {
	system := json.patch(t.nginx_caps([]), [
		{"op": "add", "path": "/components/4/spec/process/capabilities/ambient", "value": ["CAP_CHOWN", "CAP_SYS_MODULE"]},
		{"op": "add", "path": "/components/4/origins", "value": {"": {"layer": "os.yml"}, "/process/capabilities/ambient": {"layer": "label"}}},
	])
	t.fires(fail, "component:services/nginx") with input as system
	{f.actual | some f in fail} == {["CAP_SYS_MODULE"]} with input as system
}

# Both os.yml and the label grant a capability: only that of the label is reported.
test_fires_one_of_two if {
	system := t.put(t.nginx_caps(["CAP_NET_ADMIN", "CAP_SYS_TIME"]), "/components/4/origins", {"": {"layer": "os.yml"}, "/process/capabilities/bounding/1": {"layer": "label"}})
	{f.actual | some f in fail} == {["CAP_SYS_TIME"]} with input as system
}
