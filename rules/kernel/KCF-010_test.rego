package seaworthy.test.KCF_010

import data.seaworthy.rules.KCF_010 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "kernel:CONFIG_SECURITY_YAMA") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_SECURITY_YAMA": "n"}))

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_fires_list if t.fires(rule.fail, "kernel:CONFIG_LSM") with input as t.kconfig("CONFIG_LSM", "landlock,lockdown")

test_silent_selinux if t.silent(rule.fail) with input as t.kconfigs({"CONFIG_SECURITY_APPARMOR": "n", "CONFIG_SECURITY_SELINUX": "y"})

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-010")]
