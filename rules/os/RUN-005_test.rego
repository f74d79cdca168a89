package seaworthy.test.RUN_005

import data.seaworthy.outcome
import data.seaworthy.rules.RUN_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

# quiet has no component that sees the host's processes.
quiet := json.patch(t.good, [{"op": "add", "path": sprintf("/components/%d/spec/linux/namespaces", [i]), "value": [{"type": "mount"}, {"type": "pid"}]} |
	some i, c in t.good.components
	c.spec.linux
])

bind(source, options) := {"destination": "/x", "type": "bind", "source": source, "options": options}

binds(source) := t.put(quiet, "/components/4/spec/mounts/-", bind(source, ["bind", "rw"]))

missing := binds("/var/lib/x/y")

test_fires if {
	t.fires(fail, "component:services/nginx") with input as missing
	every source in ["/run/x", "/tmp/x", "/var/x", "/var/run/x", "/var/lib/x"] {
		t.fires(fail, "component:services/nginx") with input as binds(source)
	}
	{[f.key, f.path] | some f in fail} == {["/x", sprintf("/mounts/%d", [count(quiet.components[4].spec.mounts)])]} with input as missing
}

test_silent if {
	t.silent(fail) with input as t.good
	every source in ["/run", "/tmp", "/var", "/var/lib", "/var/log", "/var/run", "/run/resolvconf/resolv.conf", "/run/containerd/x", "/etc/x", "/srv", "/dev/x"] {
		t.silent(fail) with input as binds(source)
	}
	t.silent(fail) with input as t.put(quiet, "/components/4/spec/mounts/-", {"destination": "/x", "type": "ext4", "source": "/var/x", "options": []})
}

runtime(value) := t.put(missing, "/components/4/runtime", value)

test_silent_mkdir if {
	t.silent(fail) with input as runtime({"mkdir": ["/var/lib/x/y"]})
	t.silent(fail) with input as runtime({"mkdir": ["/var/lib/x/y/z"]})
	t.fires(fail, "component:services/nginx") with input as runtime({"mkdir": ["/var/lib/x"]})
}

test_silent_namespace if {
	t.silent(fail) with input as runtime({"bindNS": {"net": "/var/lib/x/y/net"}})
	t.fires(fail, "component:services/nginx") with input as runtime({"bindNS": {"net": "/var/lib/x/z"}})
}

test_silent_disk if {
	every at in ["/var/lib/x", "/var/lib/x/y/z"] {
		t.silent(fail) with input as runtime({"mounts": [{"destination": at, "type": "ext4", "source": "/dev/vda", "options": []}]})
	}
	t.fires(fail, "component:services/nginx") with input as runtime({"mounts": [{"destination": "/var/lib/z", "type": "ext4", "source": "/dev/vda", "options": []}]})
}

# A component that can write to the parent folder may create the path. A component that
# binds only the path itself cannot.
test_silent_other if {
	t.silent(fail) with input as t.put(missing, "/components/5/spec/mounts/-", bind("/var/lib", ["bind", "rw"]))
	t.fires(fail, "component:services/nginx") with input as t.put(missing, "/components/5/spec/mounts/-", bind("/var/lib", ["bind", "ro"]))
	t.fires_also(fail, "component:services/nginx") with input as t.put(missing, "/components/5/spec/mounts/-", bind("/var/lib/x/y", ["bind", "rw"]))
}

test_silent_host_processes if {
	host := t.put(missing, "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	t.silent(fail) with input as t.put(host, "/components/4/spec/process/capabilities/bounding", ["CAP_SYS_PTRACE"])
	t.fires(fail, "component:services/nginx") with input as host
}

test_unknown if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as missing
	allowance := [t.allowance("RUN-005", found)]
	t.silent(fail) with input as missing with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as missing with data.components as allowance
}

test_edit if {
	some f in fail with input as missing
	f.edits == [{"op": "set", "component": "services/nginx", "path": "/runtime/mkdir", "value": ["/var/lib/x/y"]}]
	written := t.put(missing, "/components/4/entry", {"runtime": {"mkdir": ["/var/z"]}})
	some g in fail with input as written
	g.edits == [{"op": "append", "component": "services/nginx", "path": "/runtime/mkdir", "value": "/var/lib/x/y"}]
}
