package seaworthy.test.SEC_010

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_010 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_no_profiles if t.fires_also(fail, "component:services/nginx") with input as t.profiles([])

test_fires_others if t.fires_also(fail, "component:services/nginx") with input as t.profiles(["a", "docker-default2"])

# Only the files of the host are loaded.
test_fires_in_service if {
	system_now := t.put(t.profiles([]), "/components/4/files/apparmorProfiles", ["docker-default"])
	t.fires_also(fail, "component:services/nginx") with input as system_now
}

test_says_which_exist if {
	some f in fail with input as t.profiles(["web", "api"])
	f.expected == "one of: api, web"
}

test_silent_good if t.silent(fail) with input as t.good

test_silent_files_section if {
	file := {"path": "/usr/lib/seaworthy/apparmor/x", "apparmorProfiles": ["docker-default"]}
	t.silent(fail) with input as t.put(t.profiles([]), "/files", [file])
}

# An onboot component may load profiles.
test_silent_loader if {
	caps := t.capabilities(["CAP_MAC_ADMIN"])
	t.silent(fail) with input as t.put(t.profiles([]), "/components/2/spec/process/capabilities", caps)
}

test_silent_without_profile if {
	none := t.put(t.profiles([]), "/components/4/spec/process/apparmorProfile", "unconfined")
	t.silent(fail) with input as t.put(none, "/components/5/spec/process/apparmorProfile", "")
}

test_unknown_no_files if {
	system_now := t.put(t.profiles([]), "/components/1/files/present", false)
	t.tells_also(rule.unknown, "component:services/nginx") with input as system_now
	t.silent(fail) with input as system_now
}

test_known_no_files_of_service if {
	count(rule.unknown) == 0 with input as t.no_files
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.profiles([])
	found := fail with input as system_now
	allowance := [t.allowance("SEC-010", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells_also(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
