# What no row of the tables needs today, but a row may.
package seaworthy.test.tables

import data.seaworthy.kernel
import data.seaworthy.tables.kconfig
import data.seaworthy.tables.sysctl
import data.seaworthy.testing as t

row := {"option": "CONFIG_X", "want": "y", "rule": "KCF-001", "severity": "low", "pack": "baseline", "why": "x", "sources": ["KSPP"]}

test_gone_without_version_is_unknown if {
	until := object.union(row, {"until": "5.0"})
	system := t.put(t.good, "/kernel/version", "")
	found := kconfig.unknown with input as system with data.kconfig as [until]
	count(found) == 1
}

test_gone_is_not_applicable if {
	until := object.union(row, {"until": "5.0"})
	found := kconfig.not_applicable with input as t.good with data.kconfig as [until]
	count(found) == 1
}

test_absent_is_a_failure if {
	found := kconfig.fail with input as t.good with data.kconfig as [row]
	some [rule, f] in found
	rule == "KCF-001"
	f.actual == "not set"
	f.fix == "kernel.image: use a kernel that is built with CONFIG_X=y"
}

test_row_of_another_pack_is_left_out if {
	found := kconfig.checked with input as t.good with data.kconfig as [row] with data.seaworthy.active as ["hardened"]
	count(found) == 0
}

setting := {"key": "a.b", "want": "1", "set": "1", "rule": "SYS-001", "severity": "low", "pack": "baseline", "why": "x", "sources": ["KSPP"]}

test_unset_without_default if {
	found := sysctl.fail with input as t.good with data.sysctl as [setting]
	some [_, f] in found
	f.actual == "not set"
}

test_condition_without_config_is_unknown if {
	on := object.union(setting, {"when": {"CONFIG_X": "y"}})
	found := sysctl.unknown with input as t.no_config with data.sysctl as [on]
	count(found) == 1
}

test_numbers if {
	kconfig.satisfied("3", {"min": 3})
	not kconfig.satisfied("2", {"min": 3})
	not kconfig.satisfied("many", {"min": 3})
	not kconfig.satisfied("", {"min": 3})
}

test_parts_of_names if kernel.sysctl_key("net/ipv4/ip_forward") == "net.ipv4.ip_forward"

test_switched_off_on_the_command_line if {
	unless := object.union(setting, {"unlessCmdline": {"param": "b.disable", "value": "1"}})
	off := sysctl.not_applicable with input as t.cmdline([["b.disable", "1"]]) with data.sysctl as [unless]
	count(off) == 1
	on := sysctl.fail with input as t.cmdline([["b.disable", "0"]]) with data.sysctl as [unless]
	count(on) == 1
}
