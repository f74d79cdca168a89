package seaworthy.test.CAP_012

import data.seaworthy.rules.CAP_012 as rule
import data.seaworthy.testing as t

test_fires_ambient if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/process/capabilities/ambient", ["CAP_CHOWN"])

test_silent_plain if t.silent(rule.fail) with input as t.nginx_caps(["CAP_CHOWN"])

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
