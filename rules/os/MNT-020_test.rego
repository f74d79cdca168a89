package seaworthy.test.MNT_020

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_020 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_twice if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/tmp/", "type": "tmpfs", "source": "tmpfs", "options": []})

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/tmp/", "type": "tmpfs", "source": "tmpfs", "options": []})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-020", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_in_two_components if t.silent(fail) with input as t.drop(t.good, "/components/4/spec/mounts/0")

test_fires_by_init if {
	system := t.put(t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": []}), "/components/4/runtime", {"mounts": [{"destination": "x", "type": "tmpfs"}, {"destination": "x", "type": "tmpfs"}]})
	t.fires(fail, "component:services/nginx") with input as system
	count(fail) == 1 with input as system
}

# The edit removes the hidden mount. It cannot remove a default mount, and it cannot
# distinguish two mounts that are written in the same way.
test_edits if {
	own := {"destination": "/data/", "type": "tmpfs", "source": "tmpfs", "options": []}
	hidden := {"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": []}
	entry := {"mounts": [hidden, own]}
	two := t.put(t.put(t.nginx_mount(hidden), "/components/4/spec/mounts/-", own), "/components/4/entry", entry)
	{e.value | some f in fail; some e in f.edits} == {hidden} with input as two
	usual := t.put(two, "/components/4/origins", {"": t.origin, "/mounts/6": {"layer": "default"}})
	{e.value | some f in fail; some e in f.edits} == {own} with input as usual
	alike := t.put(t.nginx_mount(own), "/components/4/spec/mounts/-", own)
	{f.edits | some f in fail} == {[]} with input as alike
}
