package seaworthy.test.MNT_014

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_014 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_none if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/readonlyPaths", [])

test_fires_absent if t.fires(fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/linux/readonlyPaths")

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/readonlyPaths", [])
	found := fail with input as system_now
	allowance := [t.allowance("MNT-014", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_second_proc if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/proc2", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec"]})

test_silent_second_read_only if t.silent(fail) with input as t.nginx_mount({"destination": "/proc2", "type": "proc", "source": "proc", "options": ["ro"]})

# A path that is not visible cannot be written to.
test_silent_masked if {
	t.silent(fail) with input as json.patch(t.good, [
		{"op": "replace", "path": "/components/4/spec/linux/readonlyPaths", "value": ["/proc/bus", "/proc/fs", "/proc/irq"]},
		{"op": "replace", "path": "/components/4/spec/linux/maskedPaths", "value": array.concat(t.params.masked_paths, ["/proc/sys", "/proc/sysrq-trigger"])},
	])
}

sysfs := {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "nodev", "noexec"]}

# Most files of sysfs check only the owner, and no capability.
test_fires_sysfs_of_root if {
	system := t.host_users(t.put(t.nginx_mount(sysfs), "/components/4/spec/process/user", {"uid": 0, "gid": 0}))
	found := fail with input as system
	t.fires(found, "component:services/nginx")
	some f in found
	contains(f.message, "/sys")
}

test_silent_sysfs_of_others if t.silent(fail) with input as t.host_users(t.nginx_mount(sysfs))
