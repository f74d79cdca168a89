package seaworthy.test.CAP_006

import data.seaworthy.rules.CAP_006 as rule
import data.seaworthy.testing as t

test_fires_both if {
	system := t.put(t.nginx_caps(["CAP_SYS_PTRACE"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_silent_ptrace if t.silent(rule.fail) with input as t.nginx_caps(["CAP_SYS_PTRACE"])

test_silent_pid if t.silent(rule.fail) with input as t.nginx_without_ns("pid")

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
