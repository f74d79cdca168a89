package seaworthy.test.MNT_015

import data.seaworthy.rules.MNT_015 as rule
import data.seaworthy.testing as t

test_fires_shared if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/rootfsPropagation", "shared")

test_silent_slave if t.silent(rule.fail) with input as t.nginx_with("/linux/rootfsPropagation", "slave")

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
