package seaworthy.test.USR_013

import data.seaworthy.rules.USR_013 as rule
import data.seaworthy.testing as t

test_fires_one if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_files("authorizedKeys", ["/root/.ssh/authorized_keys"])

test_silent_null if t.silent(rule.fail) with input as t.nginx_files("authorizedKeys", null)

test_unknown_no_files if t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
