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
