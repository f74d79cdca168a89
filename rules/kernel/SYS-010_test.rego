package seaworthy.test.SYS_010

import data.seaworthy.rules.SYS_010 as rule
import data.seaworthy.testing as t

# No component runs in a user namespace.
without_users(system) := json.patch(system, [{"op": "replace", "path": sprintf("/components/%d/spec/linux/namespaces", [i]), "value": others} |
	some i, c in system.components
	others := [ns | some ns in c.spec.linux.namespaces; ns.type != "user"]
	c.spec.linux
])

forbidden := t.sysctl("user.max_user_namespaces", "0")

test_fires if {
	t.fires(rule.fail, "sysctl:user.max_user_namespaces") with input as without_users(t.good)
	t.fires(rule.fail, "sysctl:user.max_user_namespaces") with input as without_users(t.sysctl("user.max_user_namespaces", "1000"))
}

test_silent_forbidden if {
	t.silent(rule.fail) with input as without_users(forbidden)
	count(rule.checked) == 1 with input as without_users(forbidden)
}

test_na_used if {
	t.tells(rule.not_applicable, "sysctl:user.max_user_namespaces") with input as t.good
	t.silent(rule.fail) with input as t.good
}

test_na_no_user_ns if t.tells(rule.not_applicable, "sysctl:user.max_user_namespaces") with input as without_users(t.kconfigs({"CONFIG_USER_NS": "n"}))

test_unknown_not_inventoried if {
	unread := t.component_with("sysctl", "/files/present", false)
	t.tells(rule.unknown, "sysctl:user.max_user_namespaces") with input as without_users(unread)
}

test_no_reason_without_components if {
	found := rule.not_applicable with input as without_users(t.good)
	every n in found {
		not contains(n.reason, "run in user namespaces")
	}
}
