package seaworthy.test.DEV_006

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

rules(list) := t.nginx_with("/linux/resources/devices", list)

fires_as(system, severity) if {
	t.fires(fail, "component:services/nginx") with input as system
	some f in fail with input as system
	f.severity == severity
}

test_fires_none if fires_as(rules([]), "low")

test_fires_null if fires_as(rules(null), "low")

test_fires_late if fires_as(rules([{"allow": true, "type": "c", "major": 1, "minor": 3, "access": "r"}, {"allow": false, "access": "rwm"}]), "low")

test_fires_narrow if {
	fires_as(rules([{"allow": false, "access": "rw"}]), "low")
	fires_as(rules([{"allow": false, "type": "b", "access": "rwm"}]), "low")
	fires_as(rules([{"allow": false, "major": 1, "access": "rwm"}]), "low")
	fires_as(rules([{"allow": false, "minor": 1, "access": "rwm"}]), "low")
}

test_fires_mknod if fires_as(t.put(rules([]), "/components/4/spec/process/capabilities", t.capabilities(["CAP_MKNOD"])), "high")

test_fires_node if fires_as(t.put(rules([]), "/components/4/spec/linux/devices", [{"path": "/dev/kvm"}]), "high")

test_fires_all if fires_as(rules([{"allow": true, "type": "a", "access": "rwm"}]), "high")

test_fires_bind if {
	mount := {"destination": "/host", "source": "/dev/disk", "type": "bind", "options": ["rbind"]}
	fires_as(t.put(rules([]), "/components/4/spec/mounts/-", mount), "high")
}

test_fires_other_bind if {
	mount := {"destination": "/host", "source": "/data", "type": "bind", "options": ["rbind"]}
	fires_as(t.put(rules([]), "/components/4/spec/mounts/-", mount), "low")
}

test_silent_good if t.silent(fail) with input as t.good

test_silent_spelt_out if t.silent(fail) with input as rules([{"allow": false, "type": "a"}, {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "r"}])

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := rules([])
	found := fail with input as system_now
	allowance := [t.allowance("DEV-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_wildcards if t.silent(fail) with input as t.nginx_with("/linux/resources/devices", [{"allow": false, "major": -1, "minor": -1, "access": "rwm"}])

test_reaches_usual_devices if {
	system := t.put(t.nginx_with("/linux/resources/devices", []), "/components/4/spec/mounts/-", {"destination": "/x", "type": "bind", "source": "/dev/null", "options": ["rbind"]})
	{f.severity | some f in fail} == {"low"} with input as system
}
