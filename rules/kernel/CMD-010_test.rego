package seaworthy.test.CMD_010

import data.seaworthy.rules.CMD_010 as rule
import data.seaworthy.testing as t

test_fires_memory if t.fires(rule.fail, "cmdline:cgroup_disable") with input as t.cmdline_add("cgroup_disable", "memory")

test_fires_in_list if t.fires(rule.fail, "cmdline:cgroup_disable") with input as t.cmdline_add("cgroup_disable", "rdma,pids")

test_silent_other if t.silent(rule.fail) with input as t.cmdline_add("cgroup_disable", "rdma")

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-010")]
