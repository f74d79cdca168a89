package seaworthy.test.BOO_004

import data.seaworthy.outcome
import data.seaworthy.rules.BOO_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

test_fires_tag if t.fires(fail, "component:kernel") with input as t.component_with("kernel", "/image/tag", "6.12.59-dbg")

test_fires_repository if t.fires(fail, "component:kernel") with input as t.component_with("kernel", "/image/repository", "linuxkit/kernel-debug")

test_fires_version if t.fires(fail, "component:kernel") with input as t.put(t.good, "/kernel/version", "6.8.5-301.fc40.x86_64+debug")

test_fires_option if {
	t.fires(fail, "component:kernel") with input as t.kconfig("CONFIG_PROVE_LOCKING", "y")
	t.says(fail, "CONFIG_PROVE_LOCKING") with input as t.kconfig("CONFIG_PROVE_LOCKING", "y")
}

test_silent_good if t.silent(fail) with input as t.good

test_silent_word if t.silent(fail) with input as t.component_with("kernel", "/image/repository", "seaworthy/debugger")

test_silent_off if t.silent(fail) with input as t.kconfig("CONFIG_PROVE_LOCKING", "n")

test_unknown_no_config if t.tells(rule.unknown, "component:kernel") with input as t.no_config

test_silent_no_kernel if {
	t.silent(fail) with input as t.no_kernel
	t.tells(not_applicable, "component:kernel") with input as t.no_kernel
}

test_checked if rule.checked == {"component:kernel"} with input as t.good

test_allowed if {
	system_now := t.kconfig("CONFIG_PROVE_LOCKING", "y")
	found := fail with input as system_now
	allowance := [t.allowance("BOO-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:kernel") with input as system_now with data.components as allowance
}

test_fires_capitals if t.fires(fail, "component:kernel") with input as t.component_with("kernel", "/image/tag", "6.12.59-DEBUG")
