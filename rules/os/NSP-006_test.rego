package seaworthy.test.NSP_006

import data.seaworthy.rules.NSP_006 as rule
import data.seaworthy.testing as t

test_fires_undeclared if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/namespaces/-", {"type": "network", "path": "/run/netns/x"})

test_silent_declared if {
	system := t.put(
		t.nginx_with("/linux/namespaces/-", {"type": "network", "path": "/run/netns/x"}),
		"/components/3/runtime", {"bindNS": {"net": "/run/netns/x", "pid": ""}},
	)
	t.silent(rule.fail) with input as system
}

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
