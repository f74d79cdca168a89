package seaworthy.test.TIM_001

import data.seaworthy.rules.TIM_001 as rule
import data.seaworthy.testing as t

# with_program gives a service another program, and capabilities.
with_program(program, names) := t.put(t.nginx_caps(names), "/components/4/program", object.union(t.good.components[4].program, program))

chronyd := {"path": "/usr/sbin/chronyd"}

test_fires_none if t.fires(rule.fail, "image:test") with input as t.good

# The name of a component does not count.
test_fires_names if {
	t.fires(rule.fail, "image:test") with input as t.component_with("report", "/name", "chrony")
	t.fires(rule.fail, "image:test") with input as t.component_with("report", "/image/repository", "any/chrony")
}

test_fires_powerless if t.fires(rule.fail, "image:test") with input as with_program(chronyd, [])

test_fires_section if t.fires(rule.fail, "image:test") with input as t.put(with_program(chronyd, ["CAP_SYS_TIME"]), "/components/4/section", "volumes")

# Only the host's root may set the clock.
test_fires_user_namespace if {
	system := with_program(chronyd, ["CAP_SYS_TIME"])
	t.fires(rule.fail, "image:test") with input as t.put(t.put(system, "/components/4/spec/linux/namespaces/-", {"type": "user"}), "/components/4/spec/linux/uidMappings", [{"containerID": 0, "hostID": 1000, "size": 9}])
}

test_silent_program if t.silent(rule.fail) with input as with_program(chronyd, ["CAP_SYS_TIME"])

test_checked if rule.checked == {"image:test"} with input as t.good
