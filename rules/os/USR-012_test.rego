package seaworthy.test.USR_012

import data.seaworthy.rules.USR_012 as rule
import data.seaworthy.testing as t

test_fires_root if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_files("sshd", {"permitrootlogin": "yes", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"})

test_fires_default if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_files("sshd", {"permitrootlogin": "no"})

test_silent_keys_only if t.silent(rule.fail) with input as t.nginx_files("sshd", {"permitrootlogin": "no", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"})

test_silent_none if t.silent(rule.fail) with input as t.nginx_files("sshd", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(rule.fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("sshd", {"permitrootlogin": "yes", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"})
	found := rule.fail with input as system_now
	allowance := [t.allowance("USR-012", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
