package seaworthy.test.CMD_008

import data.seaworthy.rules.CMD_008 as rule
import data.seaworthy.testing as t

test_fires_open if t.fires(rule.fail, "cmdline:module.sig_enforce") with input as t.cmdline_of(t.kconfigs(t.open_kernel), [])

test_fires_off if t.fires(rule.fail, "cmdline:module.sig_enforce") with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["module.sig_enforce", "0"]])

test_fires_no_signatures if t.fires(rule.fail, "cmdline:module.sig_enforce") with input as t.cmdline_of(t.kconfigs({"CONFIG_MODULE_SIG": "n"}), [["module.sig_enforce", "1"]])

test_silent_param if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["module.sig_enforce", "1"]])

test_silent_bare if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["module.sig_enforce", null]])

test_silent_lockdown if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["lockdown", "integrity"]])

test_silent_forced if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs({"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n"}), [])

test_silent_no_modules if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_MODULES": "n"})), [])

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_checked if count(rule.checked) > 0 with input as t.good

# The kernel does not show that signatures are forced: a claim is not enough.
test_fires_claim if {
	claim := object.union(t.cmdline_of(t.kconfigs({"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n"}), []), {"kernel": {"config": {"claim": true}}})
	t.fires(rule.fail, "cmdline:module.sig_enforce") with input as claim
}
