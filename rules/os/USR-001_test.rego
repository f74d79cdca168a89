package seaworthy.test.USR_001

import data.seaworthy.outcome
import data.seaworthy.rules.USR_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_root if {
	system := t.put(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/process/user/uid", 0)
	t.fires(fail, "component:services/nginx") with input as system
}

test_fires_unset if {
	system := t.drop(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/process/user")
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_no_caps if t.silent(fail) with input as t.nginx_with("/process/user/uid", 0)

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/process/user/uid", 0)
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("USR-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_as_good_as_root if {
	every name in ["CAP_SETUID", "CAP_DAC_OVERRIDE"] {
		found := fail with input as t.nginx_caps([name])
		t.fires(found, "component:services/nginx")
	}
	{f.actual | some f in fail} == {"uid 100 with CAP_SETUID"} with input as t.nginx_caps(["CAP_SETUID", "CAP_CHOWN"])
}

test_silent_other_caps if t.silent(fail) with input as t.nginx_caps(["CAP_NET_BIND_SERVICE", "CAP_CHOWN"])

# Root gets a new uid. A user with a uid above 0 keeps it.
test_edits if {
	root := t.put(t.put(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/process/user/uid", 0), "/components/4/spec/process/args", ["/bin/web"])
	{e.path | some f in fail; some e in f.edits} == {"/uid", "/gid", "/capabilities"} with input as root
	other := t.put(t.put(t.nginx_caps(["CAP_SETUID"]), "/components/4/entry", {"capabilities": ["CAP_SETUID"]}), "/components/4/spec/process/args", ["/bin/web"])
	{e.path | some f in fail; some e in f.edits} == {"/capabilities"} with input as other
}

test_silent_stranger if t.silent(fail) with input as t.put(t.stranger_caps(["CAP_CHOWN"]), "/components/4/spec/process/user/uid", 0)

# A program that is known to need the capabilities keeps them.
test_needed if {
	{f.edits | some f in fail} == {[]} with input as t.nginx_caps(["CAP_SETUID"])
}
