package seaworthy.test.KCF_002

import data.seaworthy.rules.KCF_002 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "kernel:CONFIG_VMAP_STACK") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_VMAP_STACK": "n"}))

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

test_na_too_old if {
	system := t.put(no_offset, "/kernel/version", "5.10.0-1")
	t.tells_also(rule.not_applicable, "kernel:CONFIG_RANDOMIZE_KSTACK_OFFSET") with input as system
}

test_unknown_version if {
	system := t.put(no_offset, "/kernel/version", "")
	t.tells_also(rule.unknown, "kernel:CONFIG_RANDOMIZE_KSTACK_OFFSET") with input as system
	t.silent(rule.fail) with input as system
}

test_fires_absent if {
	system := no_offset
	t.fires_also(rule.fail, "kernel:CONFIG_RANDOMIZE_KSTACK_OFFSET") with input as system
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-002")]

no_offset := json.patch(t.good, [{"op": "remove", "path": sprintf("/kernel/config/options/%s", [name])} |
	some name in ["CONFIG_RANDOMIZE_KSTACK_OFFSET", "CONFIG_RANDOMIZE_KSTACK_OFFSET_DEFAULT"]
])
