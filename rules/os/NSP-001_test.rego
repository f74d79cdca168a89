package seaworthy.test.NSP_001

import data.seaworthy.rules.NSP_001 as rule
import data.seaworthy.testing as t

test_fires_host if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_without_ns("pid")

test_fires_pid1 if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/namespaces", [{"type": "mount"}, {"type": "pid", "path": "/proc/1/ns/pid"}])

test_silent_own if t.silent(rule.fail) with input as t.good

test_silent_onboot if t.silent(rule.fail) with input as t.spec_with("dhcp", "/linux/namespaces", [])

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
