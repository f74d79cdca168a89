# The lines of a kernel's configuration that packs and components ask for.
package seaworthy.test.fragment

import data.seaworthy.fragment
import data.seaworthy.testing as t

kernel(arch, version) := {"arch": arch, "components": [], "formats": [], "kernel": {"present": true, "version": version}, "cmdline": {"params": []}}

row(option, want, more) := object.union({"option": option, "want": want, "rule": "KCF-001", "severity": "low", "pack": "baseline", "why": "x", "sources": ["KSPP"]}, more)

lines(rows, system) := out if {
	out := fragment.lines with input as system with data.kconfig as rows
}

values(rows, system) := {option: line.value | some option, line in lines(rows, system)}

old := kernel("amd64", "5.15")

new := kernel("amd64", "6.12")

test_version if {
	rows := [
		row("CONFIG_NEW", "y", {"since": "6.0"}), row("CONFIG_GONE", "n", {"until": "6.0"}), row("CONFIG_ALWAYS", "y", {"builtin": "6.0"}),
		row("CONFIG_NAME", "y", {"oldNames": ["CONFIG_OLD_NAME"], "renamed": "6.0"}),
	]
	before := object.keys(values(rows, old))
	before & {"CONFIG_NEW", "CONFIG_GONE", "CONFIG_ALWAYS", "CONFIG_NAME", "CONFIG_OLD_NAME"} == {"CONFIG_GONE", "CONFIG_ALWAYS", "CONFIG_OLD_NAME"}
	after := object.keys(values(rows, new))
	after & {"CONFIG_NEW", "CONFIG_GONE", "CONFIG_ALWAYS", "CONFIG_NAME", "CONFIG_OLD_NAME"} == {"CONFIG_NEW", "CONFIG_NAME"}
}

test_backport if {
	rows := [row("CONFIG_LATE", "y", {"since": "6.15", "backports": ["6.1.139", "6.12.29"]})]
	has := {version | some version in ["6.1.140", "6.2.200", "6.12", "6.12.28", "6.12.29", "6.12.117", "6.13.40", "6.15"]; values(rows, kernel("amd64", version)).CONFIG_LATE}
	has == {"6.1.140", "6.12.29", "6.12.117", "6.15"}
}

test_does_not_compile if {
	rows := [row("CONFIG_BROKEN", "y", {"defects": [["6.1.3", "6.1.9"]]})]
	has := {version | some version in ["6.1", "6.1.2", "6.1.3", "6.1.9", "6.1.10", "6.2.5"]; values(rows, kernel("amd64", version)).CONFIG_BROKEN}
	has == {"6.1", "6.1.2", "6.1.10", "6.2.5"}
}

test_renamed_in_series if {
	rows := [row("CONFIG_NAME", "y", {"oldNames": ["CONFIG_OLD_NAME"], "renamed": "6.9", "renamedBackports": ["6.1.90"]})]
	named := {version: {option | some option in ["CONFIG_NAME", "CONFIG_OLD_NAME"]; values(rows, kernel("amd64", version))[option]} |
		some version in ["6.1", "6.1.89", "6.1.90", "6.2.95", "6.9"]
	}
	every version in ["6.1", "6.1.89", "6.2.95"] {
		named[version] == {"CONFIG_OLD_NAME"}
	}
	every version in ["6.1.90", "6.9"] {
		named[version] == {"CONFIG_NAME"}
	}
}

test_values if {
	found := values(
		[
			row("CONFIG_LIST", ["n", "m"], {}), row("CONFIG_LEAST", {"min": 5}, {}), row("CONFIG_RANGE", {"min": 1, "max": 100}, {}),
			row("CONFIG_LSM", {"has": ["yama"]}, {}), row("CONFIG_SECURITY_APPARMOR", "y", {}), row("CONFIG_IMA", "y", {}),
			row("CONFIG_ARCH_MMAP_RND_BITS", {"as": "CONFIG_ARCH_MMAP_RND_BITS_MAX"}, {}), row("CONFIG_UNKNOWN", {"not": "y"}, {}),
		],
		old,
	)
	found.CONFIG_LIST == "n"
	found.CONFIG_LEAST == "5"
	found.CONFIG_RANGE == "100"
	found.CONFIG_LSM == "yama,integrity,apparmor"
	found.CONFIG_ARCH_MMAP_RND_BITS == "32"
	not found.CONFIG_UNKNOWN
}

test_conditions if {
	found := lines(
		[
			row("CONFIG_A", "y", {}), row("CONFIG_OFF", "n", {}),
			row("CONFIG_B", "y", {"when": {"CONFIG_A": "y"}}), row("CONFIG_C", "y", {"when": {"CONFIG_OFF": "y"}}),
			row("CONFIG_D", "y", {"when": {"CONFIG_OPEN": "y"}}), row("CONFIG_E", "y", {"when": [{"CONFIG_OFF": "y"}, {"CONFIG_OPEN": "y"}]}),
			row("CONFIG_F", "y", {"when": [{"CONFIG_A": "y"}, {"CONFIG_OPEN": "y"}]}), row("CONFIG_G", "y", {"when": [{"CONFIG_OFF": "y"}, {"CONFIG_A": "n"}]}),
		],
		new,
	)
	found.CONFIG_B.conditions == []
	not found.CONFIG_C
	found.CONFIG_D.conditions == ["CONFIG_OPEN=y"]
	found.CONFIG_E.conditions == ["CONFIG_OPEN=y"]
	found.CONFIG_F.conditions == []
	not found.CONFIG_G
}

test_choice if {
	found := values([row("CONFIG_INIT_STACK_ALL_ZERO", "y", {}), row("CONFIG_GCC_PLUGIN_STRUCTLEAK_BYREF_ALL", "y", {})], new)
	found.CONFIG_INIT_STACK_ALL_ZERO == "y"
	not found.CONFIG_GCC_PLUGIN_STRUCTLEAK_BYREF_ALL
}

test_required if {
	found := lines([row("CONFIG_CGROUP_BPF", "y", {}), row("CONFIG_AIO", "n", {})], new)
	found.CONFIG_BPF_SYSCALL.requiredBy == ["CONFIG_CGROUP_BPF"]
	found.CONFIG_EXPERT.requiredBy == ["CONFIG_AIO off"]
	found.CONFIG_64BIT.requiredBy == ["amd64"]
	not found.CONFIG_X86_64
}

needs_bpf := row("CONFIG_CGROUP_BPF", "y", {})

no_bpf(more) := row("CONFIG_BPF_SYSCALL", "n", more)

conflicts(rows, system) := out if {
	out := fragment.conflicts with input as system with data.kconfig as rows
}

test_conflict if {
	rows := [needs_bpf, no_bpf({"lockdown": "confidentiality", "param": "bpf=off", "any": [{"option": "CONFIG_CGROUP_SCHED", "want": "n"}]}), row("CONFIG_CFS_BANDWIDTH", "y", {})]
	found := conflicts(rows, new)
	object.keys(found) == {"CONFIG_BPF_SYSCALL"}
	found.CONFIG_BPF_SYSCALL.value == "n"
	found.CONFIG_BPF_SYSCALL.requiredBy == ["CONFIG_CGROUP_BPF"]
	count(found.CONFIG_BPF_SYSCALL.rules) == 1
	values(rows, new).CONFIG_BPF_SYSCALL == "n"
	more := array.concat(rows, [row("CONFIG_LATER", "y", {"when": {"CONFIG_BPF_SYSCALL": "y"}})])
	not values(more, new).CONFIG_LATER
}

test_condition_on_an_evaded_row if {
	rows := [needs_bpf, no_bpf({"any": [{"option": "CONFIG_OTHER", "want": "y"}]}), row("CONFIG_LATER", "y", {"when": {"CONFIG_BPF_SYSCALL": "y"}})]
	lines(rows, new).CONFIG_LATER.conditions == []
}

evaded(rows, system, how) if {
	count(conflicts(rows, system)) == 0
	found := lines(rows, system).CONFIG_BPF_SYSCALL
	found.value == "y"
	found.otherwise[0].how == how
}

early := row("CONFIG_SECURITY_LOCKDOWN_LSM_EARLY", "y", {})

test_evasions if {
	evaded([needs_bpf, no_bpf({"lockdown": "integrity"}), row("CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY", "y", {})], new, "lockdown=integrity makes it harmless")
	evaded([needs_bpf, no_bpf({"lockdown": "integrity"}), early], t.put(new, "/cmdline/params", [{"name": "lockdown", "value": "integrity", "index": 0}]), "lockdown=integrity makes it harmless")
	evaded([needs_bpf, no_bpf({"param": "bpf=off"})], t.put(new, "/cmdline/params", [{"name": "bpf", "value": "off", "index": 0}]), "bpf=off is on the command line")
	rows := [needs_bpf, no_bpf({"any": [{"option": "CONFIG_OTHER", "want": "y"}]})]
	evaded(rows, new, "CONFIG_OTHER=y is enough")
	values(rows, new).CONFIG_OTHER == "y"
	evaded([needs_bpf, no_bpf({"any": [{"option": "CONFIG_CGROUP_BPF", "want": "y"}]})], new, "CONFIG_CGROUP_BPF=y is enough")
}

test_late_requirement if {
	rows := [row("CONFIG_KASAN_HW_TAGS", "y", {"when": {"CONFIG_OPEN": "y"}}), row("CONFIG_KASAN", "n", {"any": [{"option": "CONFIG_KASAN_HW_TAGS", "want": "y"}]})]
	values(rows, new).CONFIG_KASAN == "y"
}

test_rules_without_rows if {
	found := lines([], new) with data.seaworthy.active as ["baseline", "hardened"]
	found.CONFIG_IKCONFIG.rules[0].rule == "KCF-026"
	not values([], new).CONFIG_IKCONFIG with data.seaworthy.active as ["baseline"]
}

# Needs of components.
service(spec, more) := object.union({"id": "services/a", "section": "services", "name": "a", "spec": spec, "runtime": {}}, more)

needing(option, component) if {
	found := lines([], t.put(new, "/components", [component]))
	found[option].needs[_].components == [component.id]
}

readonly := {"root": {"readonly": true}}

test_needs if {
	needing("CONFIG_BINFMT_ELF", {"id": "init/0", "section": "init", "spec": null})
	needing("CONFIG_CGROUPS", service(readonly, {}))
	needing("CONFIG_OVERLAY_FS", service({}, {}))
	not needing("CONFIG_OVERLAY_FS", service(readonly, {}))
	needing("CONFIG_USER_NS", service({"linux": {"namespaces": [{"type": "user"}]}}, {}))
	needing("CONFIG_MEMCG", service({"linux": {"resources": {"memory": {"limit": 5}}}}, {}))
	not needing("CONFIG_MEMCG", service({"linux": {"resources": {"memory": {}}}}, {}))
	needing("CONFIG_SECCOMP_FILTER", service({"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ERRNO"}}}, {}))
	not needing("CONFIG_SECCOMP_FILTER", service({"linux": {"seccomp": null}}, {}))
	not needing("CONFIG_SECURITY_APPARMOR", service({"process": {"apparmorProfile": ""}}, {}))
	needing("CONFIG_EXT4_FS", service({"mounts": [{"type": "ext4"}]}, {}))
	needing("CONFIG_MODULES", service({"process": {"args": ["/sbin/modprobe", "x"]}}, {}))
	needing("CONFIG_KVM", service({"linux": {"devices": [{"path": "/dev/kvm"}]}}, {}))
	needing("CONFIG_VETH", service({}, {"runtime": {"interfaces": [{"name": "v", "add": "veth"}]}}))
	needing("CONFIG_MODULES", service({"process": {"capabilities": {"bounding": ["CAP_SYS_MODULE"]}}}, {}))
}

test_all_capabilities_show_no_need if {
	not needing("CONFIG_MODULES", service({"process": {"capabilities": {"bounding": data.seaworthy.lib.known_caps}}}, {}))
}

test_formats if {
	found := lines([], t.put(new, "/formats", [{"name": "uki", "attributes": true}]))
	found.CONFIG_EFI_STUB.needs[0].components == ["format uki"]
}

test_policy_keeps_its_line if {
	system := t.put(new, "/components", [service({"linux": {"namespaces": [{"type": "user"}]}}, {})])
	found := conflicts([row("CONFIG_USER_NS", "n", {})], system)
	found.CONFIG_USER_NS.needs[0].components == ["services/a"]
}
