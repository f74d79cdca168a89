package seaworthy.test.USR_005

import data.seaworthy.rules.USR_005 as rule
import data.seaworthy.testing as t

test_fires_gid if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/process/user/gid", 0)

test_fires_additional if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/process/user/additionalGids", [6])

test_silent_other if t.silent(rule.fail) with input as t.nginx_with("/process/user/additionalGids", [1000])

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
