package seaworthy.test.CAP_009

import data.seaworthy.rules.CAP_009 as rule
import data.seaworthy.testing as t

test_fires_service if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_caps(["CAP_DAC_READ_SEARCH"])

test_silent_other if t.silent(rule.fail) with input as t.nginx_caps(["CAP_DAC_OVERRIDE"])

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
