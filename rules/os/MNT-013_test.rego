package seaworthy.test.MNT_013

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_013 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_none if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/maskedPaths", [])

test_fires_null if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/maskedPaths", null)

test_fires_one_missing if t.fires(fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/linux/maskedPaths/1")

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/maskedPaths", [])
	found := fail with input as system_now
	allowance := [t.allowance("MNT-013", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

# A mask in /proc does not mask a second mount of procfs.
test_fires_second_proc if {
	system := t.nginx_mount({"destination": "/proc2", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec"]})
	t.fires(fail, "component:services/nginx") with input as system
	{e.value | some f in fail; some e in f.edits; "/proc2/kcore" in e.value; not "/proc/kcore" in e.value} != set() with input as system
}

test_silent_folder_masked if t.silent(fail) with input as t.nginx_with("/linux/maskedPaths", ["/proc", "/sys/firmware/"])

test_silent_nothing_there if {
	t.silent(fail) with input as json.patch(t.good, [
		{"op": "replace", "path": "/components/4/spec/mounts", "value": []},
		{"op": "replace", "path": "/components/4/spec/linux/maskedPaths", "value": null},
	])
}
