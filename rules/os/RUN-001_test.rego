package seaworthy.test.RUN_001

import data.seaworthy.outcome
import data.seaworthy.rules.RUN_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

# nginx is the good system with another program in one service.
nginx(change) := t.put(t.good, "/components/4/program", object.union(t.good.components[4].program, change))

test_fires if {
	every name, case in {
		"missing": [{"state": "missing", "name": "web"}, "services/nginx cannot start: web does not exist in its image (searched along PATH)"],
		"missing path": [{"state": "missing", "name": "/bin/web"}, "services/nginx cannot start: /bin/web does not exist in its image"],
		"closed": [{"state": "closed"}, "services/nginx cannot start: /usr/bin/x has no execute permission"],
		"folder": [{"state": "folder"}, "services/nginx cannot start: /usr/bin/x is not a file"],
		"interpreter": [{"lacks": "/bin/sh"}, "services/nginx cannot start: /usr/bin/x needs /bin/sh, which does not exist in its image"],
		"foreign": [{"arch": "arm64"}, "services/nginx cannot start: /usr/bin/x is a program for arm64, and the system is amd64"],
	} {
		found := fail with input as nginx(case[0])
		is(name, {f.message | some f in found}, {case[1]})
	}
}

is(_, got, want) if got == want

test_fix if {
	some f in fail with input as nginx({"lacks": "/bin/sh"})
	contains(f.fix, "use an image that has /bin/sh")
}

test_silent if {
	t.silent(fail) with input as t.good
	t.silent(fail) with input as nginx({"arch": "386"})
	t.silent(fail) with input as nginx({"arch": ""})
	t.silent(fail) with input as t.put(nginx({"arch": "riscv"}), "/arch", "s390x")
}

# A component that registers interpreters for other architectures.
test_silent_emulated if {
	foreign := nginx({"arch": "arm64"})
	t.silent(fail) with input as t.put(foreign, "/components/2/spec/process/args", ["/usr/bin/binfmt"])
	mounted := {"destination": "/binfmt_misc", "type": "binfmt_misc", "source": "binfmt_misc", "options": []}
	t.silent(fail) with input as t.put(foreign, "/components/2/spec/mounts/-", mounted)
}

test_unknown if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.tells(rule.unknown, "component:services/nginx") with input as t.put(t.good, "/components/4/program", {"name": ""})
}

test_not_applicable if {
	t.tells_also(not_applicable, "component:services/nginx") with input as nginx({"state": "unknown", "why": "a mount"})
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := nginx({"state": "missing"})
	found := fail with input as system
	allowance := [t.allowance("RUN-001", found)]
	t.silent(fail) with input as system with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system with data.components as allowance
}
