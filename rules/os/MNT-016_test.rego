package seaworthy.test.MNT_016

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_016 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_proc if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/p", "type": "proc", "source": "proc"})

test_fires_sysfs if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/s", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "nodev"]})

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/p", "type": "proc", "source": "proc"})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-016", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_taken_back if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec", "rexec"]})
