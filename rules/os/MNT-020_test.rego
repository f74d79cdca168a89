package seaworthy.test.MNT_020

import data.seaworthy.rules.MNT_020 as rule
import data.seaworthy.testing as t

test_fires_twice if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/tmp/", "type": "tmpfs", "source": "tmpfs", "options": []})

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
