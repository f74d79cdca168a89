package seaworthy.test.MNT_016

import data.seaworthy.rules.MNT_016 as rule
import data.seaworthy.testing as t

test_fires_proc if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/p", "type": "proc", "source": "proc"})

test_fires_sysfs if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/s", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "nodev"]})

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/p", "type": "proc", "source": "proc"})
	found := rule.fail with input as system_now
	allowance := [t.allowance("MNT-016", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_taken_back if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec", "rexec"]})
