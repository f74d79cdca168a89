# Features of the tables that no row uses today.
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
	count(found["KCF-001"]) == 1
}

test_gone_is_not_applicable if {
	until := object.union(row, {"until": "5.0"})
	found := kconfig.not_applicable with input as t.good with data.kconfig as [until]
	count(found) == 1
}

test_absent_is_a_failure if {
	found := kconfig.fail with input as t.good with data.kconfig as [row]
	some f in found["KCF-001"]
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
	some f in found["SYS-001"]
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

verdicts := object.union_n([
	{i: {"state": "pass"} | some i in kconfig.right_at},
	{i: {"state": "fail"} | some i in kconfig.wrong_at},
	plain_verdicts,
	kconfig.judged,
])

# plain_verdicts are what the sets decide.
plain_verdicts := object.union_n([
	{i: {"state": "pass"} | some i in kconfig.plain},
	{i: {"state": "fail"} | some i in kconfig.missed_at},
	{i: {"state": "not_applicable", "reason": kconfig.inapplicable[i]} | some i in (kconfig.plain & object.keys(kconfig.inapplicable))},
])

# The sets decide every plain row of the table as verdict does.
agrees(system) if {
	sets := plain_verdicts with input as system
	every i, decided in sets {
		judged := kconfig.verdict(kconfig.table[i]) with input as system
		judged == decided
	}
}

# all_to are the options of the table and of its conditions, all with one value.
all_to(value) := {name: value | some name in (kconfig.options | {c.option | some c in kconfig.conditions})}

test_sets_agree_with_verdict_on_the_good_kernel if agrees(t.good)

test_sets_agree_with_verdict_on_values if {
	every value in {"y", "m", "n", "7", "a,b"} {
		system := t.kconfigs(all_to(value))
		agrees(system)
		sets := plain_verdicts with input as system
		count(sets) > 0
	}
}

test_sets_agree_with_verdict_without_options if agrees(t.put(t.good, "/kernel/config/options", {}))

test_sets_agree_with_verdict_on_versions if {
	every version in {"", "4.4.1", "5.10.3", "6.1.0", "7.3.0"} {
		system := t.put(t.good, "/kernel/version", version)
		agrees(system)
		agrees(t.put(system, "/kernel/config/options", {"CONFIG_X86_64": "y"}))
		agrees(t.put(system, "/kernel/config/options", {name: ["y", "n"][i % 2] | some i, name in sort(kconfig.options | {c.option | some c in kconfig.conditions})}))
	}
}

# verdict of one row on the good kernel with these options, of version 6.12.
verdict_of(changes, more) := found["0"] if {
	found := verdicts with input as t.kconfigs(changes) with data.kconfig as [object.union(row, more)]
}

state_of(changes, more) := verdict_of(changes, more).state

test_right_value_passes_without_other_checks if state_of({"CONFIG_X": "y", "CONFIG_A": "n"}, {"when": {"CONFIG_A": "y"}}) == "pass"

test_condition_that_does_not_hold if {
	v := verdict_of({"CONFIG_X": "n", "CONFIG_A": "n"}, {"when": {"CONFIG_A": "y"}})
	v == {"state": "not_applicable", "reason": "CONFIG_A is not y on this kernel"}
}

test_one_of_two_conditions if {
	either := {"when": [{"CONFIG_A": "y"}, {"CONFIG_B": {"min": 120000}, "CONFIG_C": "n"}]}
	state_of({"CONFIG_A": "y"}, either) == "fail"
	state_of({"CONFIG_B": "120200"}, either) == "fail"
	v := verdict_of({"CONFIG_B": "90000"}, either)
	v.reason == "CONFIG_A is not y on this kernel, and CONFIG_B is not at least 120000 on this kernel"
	state_of({"CONFIG_B": "120200", "CONFIG_C": "y"}, either) == "not_applicable"
}

test_other_way_on_a_condition if {
	other := {"any": [{"option": "CONFIG_A", "want": "y", "when": {"CONFIG_B": "n"}}]}
	state_of({"CONFIG_A": "y"}, other) == "pass"
	state_of({"CONFIG_A": "y", "CONFIG_B": "y"}, other) == "fail"
}

test_other_way_is_to_be_absent if {
	state_of({}, {"any": [{"option": "CONFIG_A", "want": "n"}]}) == "pass"
	state_of({"CONFIG_A": "y"}, {"any": [{"option": "CONFIG_A", "want": "n"}]}) == "fail"
}

test_always_on_since if {
	state_of({}, {"builtin": "6.12"}) == "pass"
	state_of({}, {"builtin": "6.13"}) == "fail"
	state_of({"CONFIG_X": "n"}, {"builtin": "5.0"}) == "fail"
	no_version := t.put(t.good, "/kernel/version", "")
	found := verdicts with input as no_version with data.kconfig as [object.union(row, {"builtin": "5.0"})]
	found["0"].state == "unknown"
}

test_newest_of_two_old_names if {
	renamed := {"oldNames": ["CONFIG_A", "CONFIG_B"]}
	state_of({"CONFIG_A": "y", "CONFIG_B": "n"}, renamed) == "pass"
	state_of({"CONFIG_B": "y"}, renamed) == "pass"
	state_of({"CONFIG_A": "n", "CONFIG_B": "y"}, renamed) == "fail"
}

test_too_new if {
	v := verdict_of({}, {"since": "6.13"})
	v == {"state": "not_applicable", "reason": "this option exists since Linux 6.13; the kernel is 6.12"}
	state_of({"CONFIG_X": "n"}, {"since": "6.13"}) == "fail"
}

# verdict_at is that of one row on a kernel of another version.
verdict_at(version, changes, more) := found["0"] if {
	found := verdicts with input as t.put(t.kconfigs(changes), "/kernel/version", version) with data.kconfig as [object.union(row, more)]
}

test_does_not_compile if {
	defect := {"defects": [["6.1.3", "6.1.9"], ["6.12.4", "6.12.10"]]}
	every version in ["6.12.4-own", "6.12.9", "6.12.10", "6.1.3"] {
		verdict_at(version, {}, defect).state == "not_applicable"
		verdict_at(version, {"CONFIG_X": "n"}, defect).state == "not_applicable"
		verdict_at(version, {"CONFIG_X": "y"}, defect).state == "pass"
	}
	verdict_at("6.12.9", {}, defect).reason == "Linux 6.12.4 to 6.12.10 do not compile with this option"
	every version in ["6.1.2", "6.1.10", "6.2.5", "6.12.3", "6.12.11", "6.12", "7.0.5"] {
		verdict_at(version, {}, defect).state == "fail"
		verdict_at(version, {"CONFIG_X": "n"}, defect).state == "fail"
	}
}

test_arch_is_the_configurations if {
	only := object.union(row, {"arches": ["arm64"]})
	count(verdicts) == 0 with input as t.good with data.kconfig as [only]
	found := verdicts with input as t.kconfigs({"CONFIG_ARM64": "y"}) with data.kconfig as [only]
	found["0"].state == "fail"
	foreign := t.put(t.put(t.good, "/kernel/config/options", {"CONFIG_S390": "y"}), "/arch", "arm64")
	count(verdicts) == 0 with input as foreign with data.kconfig as [only]
	kernel.arch == "amd64" with input as t.no_config
}

test_ranges if {
	kconfig.satisfied("3", {"max": 3})
	not kconfig.satisfied("4", {"max": 3})
	not kconfig.satisfied("", {"max": 3})
	kconfig.satisfied("100", {"min": 1, "max": 100})
	not kconfig.satisfied("0", {"min": 1, "max": 100})
	not kconfig.satisfied("101", {"min": 1, "max": 100})
	kconfig.satisfied("n", {"not": "y"})
	not kconfig.satisfied("y", {"not": "y"})
	not kconfig.satisfied("y", ["n", "m"])
}

test_texts if {
	kconfig.text({"max": 3}) == "at most 3"
	kconfig.text({"min": 1, "max": 3}) == "from 1 to 3"
	kconfig.text({"not": "y"}) == "anything but y"
}

test_value_of_another_option if {
	most := {"want": {"as": "CONFIG_X_MAX"}}
	state_of({"CONFIG_X": "32", "CONFIG_X_MAX": "32"}, most) == "pass"
	v := state_of({"CONFIG_X": "28", "CONFIG_X_MAX": "32"}, most)
	v == "fail"
	kconfig.text({"as": "CONFIG_X_MAX"}) == "the value of CONFIG_X_MAX"
}

# The behaviour was on before it could be switched off.
test_before_there_was_an_option if {
	off := {"want": "n", "since": "6.13"}
	state_of({}, off) == "pass"
	state_of({}, object.union(off, {"before": "y"})) == "not_applicable"
	state_of({"CONFIG_X": "n"}, object.union(off, {"before": "y"})) == "pass"
}

# An absent option is off or always on; that depends on the version.
test_absent_and_no_version if {
	off := object.union(row, {"want": "n", "since": "6.13", "before": "y"})
	unknown_version := t.put(t.kconfigs({}), "/kernel/version", "")
	found := verdicts with input as unknown_version with data.kconfig as [off]
	found["0"].state == "unknown"
	set := t.put(t.kconfigs({"CONFIG_X": "n"}), "/kernel/version", "")
	good := verdicts with input as set with data.kconfig as [off]
	good["0"].state == "pass"
}

test_sysctl_and_no_version if {
	since := object.union(setting, {"since": "6.2", "defaults": [{"value": setting.want}]})
	unknown_version := t.put(t.good, "/kernel/version", "")
	unknown := sysctl.unknown with input as unknown_version with data.sysctl as [since]
	count(unknown) == 1
	known := sysctl.unknown with input as t.good with data.sysctl as [since]
	count(known) == 0
}

test_too_old_and_right_by_another_way if {
	other := {"since": "6.13", "any": [{"option": "CONFIG_A", "want": "n"}]}
	state_of({}, other) == "pass"
	state_of({"CONFIG_A": "y"}, other) == "not_applicable"
}

test_lockdown_excuses if {
	closable := {"want": "n", "lockdown": "integrity"}
	state_of({"CONFIG_X": "y"}, closable) == "pass"
	state_of({"CONFIG_X": "y", "CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n"}, closable) == "fail"
}

state_with(word, param) := v.state if {
	one := object.union(row, {"want": "n", "param": param})
	found := verdicts with input as t.put(t.kconfig("CONFIG_X", "y"), "/cmdline/params", word) with data.kconfig as [one]
	some v in found
}

test_parameter_excuses if {
	state_with([], "x_off") == "fail"
	state_with([{"name": "x_off", "value": null, "index": 0}], "x_off") == "pass"
	state_with([{"name": "x", "value": "off", "index": 0}], "x=off") == "pass"
	state_with([{"name": "x", "value": "off", "index": 0}, {"name": "x", "value": "on", "index": 1}], "x=off") == "fail"
}

test_parameter_is_the_edit if {
	one := object.union(row, {"want": "n", "param": "x=off"})
	found := kconfig.fail with input as t.kconfig("CONFIG_X", "y") with data.kconfig as [one]
	some f in found["KCF-001"]
	f.expected == "n, or x=off"
	f.fix == "add x=off to kernel.cmdline, or use a kernel that is built with CONFIG_X=n"
	f.edits[count(f.edits) - 1] == {"op": "append", "path": "/kernel/cmdline", "value": "x=off"}
}

test_nothing_is_checked_without_a_configuration if {
	found := kconfig.checked with input as t.no_config
	count(found) == 0
}
