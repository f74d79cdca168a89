package seaworthy.test.CMD_006

import data.seaworthy.rules.CMD_006 as rule
import data.seaworthy.testing as t

test_fires_off if t.fires(rule.fail, "cmdline:intel_iommu") with input as t.cmdline_add("intel_iommu", "off")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-006")]
