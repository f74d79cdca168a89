package seaworthy.test.CAP_011

import data.seaworthy.rules.CAP_011 as rule
import data.seaworthy.testing as t

test_fires_chown if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_caps(["CAP_CHOWN"])

test_silent_bind if t.silent(rule.fail) with input as t.nginx_caps(["CAP_NET_BIND_SERVICE"])

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
