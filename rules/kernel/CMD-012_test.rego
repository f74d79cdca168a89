package seaworthy.test.CMD_012

import data.seaworthy.rules.CMD_012 as rule
import data.seaworthy.testing as t

test_fires_password if t.fires(rule.fail, "cmdline:app.password") with input as t.cmdline_add("app.password", "hunter22")

test_fires_token if t.fires(rule.fail, "cmdline:x") with input as t.cmdline_add("x", "ghp_abcdefghijklmnopqrst0123456789")

test_fires_after_dashes if t.fires(rule.fail, "cmdline:token") with input as t.cmdline([["--", null], ["token", "abcdef123"]])

test_hides_it if not contains(json.marshal(rule.fail), "hunter22") with input as t.cmdline_add("app.password", "hunter22")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

# /proc/cmdline also shows words that are not parameters.
test_fires_line if {
	t.fires(rule.fail, "cmdline:line") with input as t.put(t.good, "/cmdline/early", [{"name": "token", "value": "abcdef123", "index": 0}])
	t.fires(rule.fail, "cmdline:line") with input as t.put(t.good, "/cmdline/raw", "quiet -- ghp_abcdefghijklmnopqrst0123456789")
	t.silent(rule.fail) with input as t.put(t.good, "/cmdline/raw", "quiet -- token=/run/x")
}

# A secret is reported once.
test_names_it_once if {
	system := t.put(t.cmdline_add("token", "abcdef123"), "/cmdline/raw", "token=abcdef123")
	t.fires(rule.fail, "cmdline:token") with input as system
}
