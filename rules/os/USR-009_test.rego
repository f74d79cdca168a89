package seaworthy.test.USR_009

import data.seaworthy.rules.USR_009 as rule
import data.seaworthy.testing as t

test_fires_getty if {
	system := t.put(t.nginx_with("/process/env/-", "INSECURE=true"), "/components/4/name", "getty")
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_fires_by_args if {
	system := t.put(t.nginx_with("/process/env/-", "INSECURE=true"), "/components/4/spec/process/args", ["/sbin/agetty"])
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_silent_secure if {
	system := t.component_with("nginx", "/name", "getty")
	t.silent(rule.fail) with input as system
}

test_silent_not_getty if t.silent(rule.fail) with input as t.nginx_with("/process/env/-", "INSECURE=true")

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_with("/process/env/-", "INSECURE=true"), "/components/4/name", "getty")
	system_now := system
	found := rule.fail with input as system_now
	allowance := [t.allowance("USR-009", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_twice if t.fires(rule.fail, "component:services/nginx") with input as t.put(t.nginx_with("/process/args", ["/usr/bin/rungetty.sh"]), "/components/4/spec/process/env", ["INSECURE=false", "INSECURE=True"])
