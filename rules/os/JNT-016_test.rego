package seaworthy.test.JNT_016

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_016 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

crun := {"name": "crun", "version": "1.8.1-1+deb12u1", "type": "deb", "purl": "pkg:deb/debian/crun@1.8.1-1", "licenses": []}

runc := object.union(crun, {"name": "runc", "version": "1.1.5"})

# with_runtime is the good system with one more package in its init.
with_runtime(runtime, system) := t.put(system, "/components/1/sbom/packages/-", runtime)

no_users := t.kconfig("CONFIG_USER_NS", "n")

test_fires if t.fires(fail, "component:init/000") with input as with_runtime(crun, no_users)

# Two packages with the name crun are one finding.
test_fires_two_versions if {
	some f in fail with input as with_runtime(object.union(crun, {"version": "1.21"}), with_runtime(crun, no_users))
	f.actual == "crun 1.21, 1.8.1-1+deb12u1, and a kernel without user namespaces"
}

test_silent_good if t.silent(fail) with input as t.good

test_silent_runc if t.silent(fail) with input as with_runtime(runc, no_users)

test_silent_users if t.silent(fail) with input as with_runtime(crun, t.kconfig("CONFIG_USER_NS", "y"))

test_unknown_no_config if {
	t.tells(rule.unknown, "component:init/000") with input as with_runtime(crun, t.no_config)
	t.silent(fail) with input as with_runtime(crun, t.no_config)
}

test_unknown_no_sbom if t.tells(rule.unknown, "component:init/000") with input as t.put(no_users, "/components/1/sbom/present", false)

test_checked if rule.checked == {"component:init/000"} with input as t.good

test_allowed if {
	system_now := with_runtime(crun, no_users)
	found := fail with input as system_now
	allowance := [t.allowance("JNT-016", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:init/000") with input as system_now with data.components as allowance
}
