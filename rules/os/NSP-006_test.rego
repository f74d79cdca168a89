package seaworthy.test.NSP_006

import data.seaworthy.outcome
import data.seaworthy.rules.NSP_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_undeclared if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/namespaces/-", {"type": "network", "path": "/run/netns/x"})

test_silent_declared if {
	t.silent(fail) with input as declared("network")
}

declared(kind) := json.patch(t.nginx_with("/linux/namespaces/-", {"type": "network", "path": "/run/netns/x"}), [
	{"op": "add", "path": "/components/3/runtime", "value": {"bindNS": {"net": "/run/netns/x", "pid": ""}}},
	{"op": "add", "path": "/components/3/spec/linux/namespaces/-", "value": {"type": kind}},
])

# dhcp declares a namespace that it does not create: it joins one that does not exist,
# or one of another component.
test_fires_declared_by_a_guest if t.fires(fail, "component:services/nginx") with input as declared("pid")

test_fires_declared_by_itself if {
	system := t.put(
		t.nginx_with("/linux/namespaces/-", {"type": "network", "path": "/run/netns/x"}),
		"/components/4/runtime", {"bindNS": {"pid": "/run/netns/x", "net": ""}},
	)
	t.fires(fail, "component:services/nginx") with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/namespaces/-", {"type": "network", "path": "/run/netns/x"})
	found := fail with input as system_now
	allowance := [t.allowance("NSP-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

# nginx joins the pid namespace that dhcp declares.
peers(changes) := json.patch(t.good, array.concat(
	[
		{"op": "add", "path": "/components/4/spec/linux/namespaces", "value": array.concat([{"type": "pid", "path": "/run/pid"}], [ns | some ns in t.good.components[4].spec.linux.namespaces; not ns.type in {"pid", "user"}])},
		{"op": "add", "path": "/components/3/runtime", "value": {"bindNS": {"pid": "/run/pid"}}},
		{"op": "add", "path": "/components/3/spec/linux/namespaces", "value": [{"type": "pid"}, {"type": "mount"}]},
		{"op": "add", "path": "/components/3/spec/process/user", "value": {"uid": 100, "gid": 100}},
		{"op": "add", "path": "/components/3/spec/process/capabilities", "value": {}},
	],
	changes,
))

traced(changes) := {f.key | some f in fs} if fs := fail with input as peers(changes)

test_fires_same_user if count(traced([])) == 1

test_fires_tracer if {
	count(traced([{"op": "add", "path": "/components/3/spec/process/user/uid", "value": 7}, {"op": "add", "path": "/components/4/spec/process/capabilities", "value": t.capabilities(["CAP_SYS_PTRACE"])}])) == 1
}

test_silent_other_user if traced([{"op": "add", "path": "/components/3/spec/process/user/uid", "value": 7}]) == set()

test_silent_stronger if traced([{"op": "add", "path": "/components/3/spec/process/capabilities", "value": t.capabilities(["CAP_CHOWN"])}]) == set()

test_silent_other_users_namespace if {
	traced([{"op": "add", "path": "/components/4/spec/linux/namespaces/-", "value": {"type": "user"}}]) == set()
	traced([{"op": "add", "path": "/components/3/spec/linux/namespaces/-", "value": {"type": "user"}}]) == set()
}
