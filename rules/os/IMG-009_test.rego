package seaworthy.test.IMG_009

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_009 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_env if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/env", ["API_TOKEN=ghp_abcdefghijklmnopqrst0123456789"])

test_fires_password if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/env", ["DB_PASSWORD=correcthorse"])

test_fires_spec_env if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/env/-", "DB_PASSWORD=correcthorse")

test_fires_label if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/labels", {"aws": "AKIAABCDEFGHIJKLMNOP"})

test_fires_history if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/history", ["RUN curl -H token=abcdef0123456789 https://x"])

test_fires_command if {
	t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/args", ["/usr/bin/x", "--token", "abcdef0123456789"])
	t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/cmd", ["/usr/bin/x", "--token=abcdef0123456789"])
}

test_fires_annotation if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/annotations", {"org.example.password": "correcthorse"})

test_silent_file if t.silent(fail) with input as t.component_with("nginx", "/image/env", ["DB_PASSWORD_FILE=/run/secrets/db", "TOKEN=", "PASSWORD=$DB"])

test_silent_good if t.silent(fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/image/env", ["API_TOKEN=ghp_abcdefghijklmnopqrst0123456789"])
	found := fail with input as system_now
	allowance := [t.allowance("IMG-009", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_literal if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/env", ["DB_PASSWORD=$ecret-22"])
