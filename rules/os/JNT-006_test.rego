package seaworthy.test.JNT_006

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", [])
	t.fires(fail, "component:services/nginx") with input as s3
}

test_fires_integrity if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [["lockdown", "integrity"]])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", [])
	t.fires(fail, "component:services/nginx") with input as s3
}

test_silent_masked if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	t.silent(fail) with input as s2
}

test_silent_confidential if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [["lockdown", "confidentiality"]])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", [])
	t.silent(fail) with input as s3
}

test_silent_no_kcore if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", [])
	t.silent(fail) with input as s3
}

test_unknown_no_config if {
	s0 := t.no_config
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", [])
	t.tells(rule.unknown, "component:services/nginx") with input as s3
	t.silent(fail) with input as s3
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", [])
	system_now := s3
	found := fail with input as system_now
	allowance := [t.allowance("JNT-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_other_mask if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", ["/proc/keys"])
	t.fires(fail, "component:services/nginx") with input as s3
}

test_silent_only_kcore_masked if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/namespaces", [])
	s3 := t.put(s2, "/components/4/spec/linux/maskedPaths", ["/proc/kcore"])
	t.silent(fail) with input as s3
}

test_fires_own_pid if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	s2 := t.put(s1, "/components/4/spec/linux/maskedPaths", [])
	t.fires(fail, "component:services/nginx") with input as s2
}

test_fires_second_proc if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	system := t.put(s1, "/components/4/spec/mounts/-", {"destination": "/proc2", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec"]})
	t.fires(fail, "component:services/nginx") with input as system
}
