package seaworthy.test.CAP_010

import data.seaworthy.given
import data.seaworthy.outcome
import data.seaworthy.rules.CAP_010 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_admin if t.fires(fail, "component:services/nginx") with input as t.nginx_caps(["CAP_NET_ADMIN"])

test_silent_chown if t.silent(fail) with input as t.nginx_caps(["CAP_CHOWN"])

test_allowed_sysctl if t.tells_also(not_applicable, "component:onboot/sysctl") with input as t.good

test_silent_all if t.silent(fail) with input as t.nginx_caps(given.params.known_capabilities)

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good
