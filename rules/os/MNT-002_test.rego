package seaworthy.test.MNT_002

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_default if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rw", "rbind", "rshared"]})

test_silent_ro if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["ro", "rbind"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rw", "rbind", "rshared"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

# Data stays writable. System folders of the host become read-only.
test_edits if {
	every source, want in {"/var/data": "/var/data:/x:rw,rbind,rprivate", "/etc/ssl": "/etc/ssl:/x:rbind,ro", "/dev/shm": "/dev/shm:/x:rbind,ro"} {
		text := sprintf("%s:/x:rw,rbind,rshared", [source])
		system := t.put(t.nginx_mount({"destination": "/x", "type": "bind", "source": source, "options": ["rw", "rbind", "rshared"]}), "/components/4/entry", {"binds": [text]})
		{e.value | some f in fail; some e in f.edits} == {want} with input as system
	}
}

# A volume stays writable: it holds data of the component.
test_edit_volume if {
	bind := {"destination": "/data", "type": "bind", "source": "/containers/volumes/v/merged", "options": ["rw", "rbind", "rshared"]}
	edits := {e.value | some f in fail; some e in f.edits} with input as t.put(t.put(t.good, "/components/4/entry", {"binds": ["v:/data"]}), "/components/4/spec/mounts/-", bind)
	edits == {"v:/data:rw,rbind,rprivate"}
}
