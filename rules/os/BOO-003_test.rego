package seaworthy.test.BOO_003

import data.seaworthy.rules.BOO_003 as rule
import data.seaworthy.testing as t

metal := object.union(t.params, {"target": "metal"})

without := t.put(t.good, "/kernel/ucode", "")

test_fires_metal if t.fires(rule.fail, "component:kernel") with input as without with data.params as metal

test_silent_ucode if {
	t.silent(rule.fail) with input as t.put(t.good, "/kernel/ucode", "intel-ucode.cpio") with data.params as metal
	count(rule.checked) == 1 with input as t.put(t.good, "/kernel/ucode", "intel-ucode.cpio") with data.params as metal
}

test_silent_guest if {
	t.silent(rule.fail) with input as without
	t.tells(rule.not_applicable, "component:kernel") with input as without
}

test_silent_arm if {
	t.silent(rule.fail) with input as t.put(without, "/arch", "arm64") with data.params as metal
	t.tells(rule.not_applicable, "component:kernel") with input as t.put(without, "/arch", "arm64") with data.params as metal
}

test_silent_no_kernel if {
	t.silent(rule.fail) with input as t.no_kernel with data.params as metal
	t.tells(rule.not_applicable, "component:kernel") with input as t.no_kernel with data.params as metal
}

test_not_applicable_reasons if {
	{n.reason | some n in rule.not_applicable} == {"data.params.target is not \"metal\""} with input as t.good with data.params.target as "server"
	{n.reason | some n in rule.not_applicable} == {"a kernel for arm64 loads no microcode from an initrd"} with input as t.put(t.good, "/arch", "arm64") with data.params.target as "metal"
	{n.reason | some n in rule.not_applicable} == {"os.yml has no kernel section"} with input as t.no_kernel with data.params.target as "metal"
}
