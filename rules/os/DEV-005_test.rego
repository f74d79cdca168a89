package seaworthy.test.DEV_005

import data.seaworthy.rules.DEV_005 as rule
import data.seaworthy.testing as t

test_fires_kvm if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232})

test_silent_null if t.silent(rule.fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/null", "type": "c", "major": 1, "minor": 3})

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
